/* Stands between a program and its files, as a disk with a volatile cache would: what was written and not synced can be
 * taken back after the program was killed. For each file below UNSYNCED_FOLDER it keeps, in "<file>.undo", what every
 * write since the last sync has overwritten. The folder's switches are files:
 *   full.switch   nothing may make a file longer, as on a full disk
 *   fail.switch   syncing fails, and what was to be synced is lost
 *   lie.switch    syncing does nothing and says that all is well
 * Loaded by LD_PRELOAD; see disk.rs. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* What a write has overwritten: where, how much of it there was, and how long the file was before. */
struct undo {
    long long offset, length, size;
};

#define REAL(name, ...) ((__typeof__(&name))real(#name))(__VA_ARGS__)

static void *real(const char *name) {
    return dlsym(RTLD_NEXT, name);
}

/* Whether the file is one of those that are watched: the database or its log. Its path is then known. */
static int watched(int fd, char *path) {
    const char *folder = getenv("UNSYNCED_FOLDER");
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = folder ? readlink(link, path, 4000) : -1;
    if (length < 0) return 0;
    path[length] = 0;
    const char *end = strrchr(path, '.');
    return !strncmp(path, folder, strlen(folder)) && end && (!strcmp(end, ".db") || !strcmp(end, ".db-wal"));
}

static int switched(const char *name) {
    char path[4200];
    snprintf(path, sizeof path, "%s/%s.switch", getenv("UNSYNCED_FOLDER"), name);
    return !access(path, F_OK);
}

static int open_undo(const char *path, int flags) {
    char name[4200];
    snprintf(name, sizeof name, "%s.undo", path);
    return open(name, flags, 0600);
}

static void remember(int fd, const char *path, off_t offset, size_t length) {
    struct stat now;
    fstat(fd, &now);
    struct undo undo = {offset, 0, now.st_size};
    char *before = malloc(length ? length : 1);
    if (offset < now.st_size) {
        ssize_t there = pread(fd, before, length, offset);
        undo.length = there < 0 ? 0 : there;
    }
    int log = open_undo(path, O_WRONLY | O_CREAT | O_APPEND);
    REAL(write, log, &undo, sizeof undo);
    REAL(write, log, before, undo.length);
    close(log);
    free(before);
}

/* Takes back what was not synced, newest first; says how many writes that were. A kill may have torn the last record:
 * then what it was to remember was not written yet, and there is nothing to take back. */
static int take_back(int fd, const char *path) {
    int log = open_undo(path, O_RDWR), taken = 0;
    if (log < 0) return 0;
    off_t end = lseek(log, 0, SEEK_END), *records = NULL;
    struct undo undo;
    for (off_t at = 0; pread(log, &undo, sizeof undo, at) == sizeof undo; at += sizeof undo + undo.length) {
        if (at + (off_t)sizeof undo + undo.length > end) break;
        records = realloc(records, (taken + 1) * sizeof *records);
        records[taken++] = at;
    }
    for (int newest = taken; newest--;) {
        pread(log, &undo, sizeof undo, records[newest]);
        char *before = malloc(undo.length ? undo.length : 1);
        pread(log, before, undo.length, records[newest] + sizeof undo);
        REAL(pwrite, fd, before, undo.length, undo.offset);
        REAL(ftruncate, fd, undo.size);
        free(before);
    }
    REAL(ftruncate, log, 0);
    close(log);
    free(records);
    return taken;
}

static int synced(int fd, int how(int)) {
    char path[4100];
    if (!watched(fd, path)) return how(fd);
    pthread_mutex_lock(&lock);
    int done = 0;
    if (switched("fail")) {
        take_back(fd, path);
        errno = EIO;
        done = -1;
    } else if (!switched("lie")) {
        /* As long as a disk takes; whoever is killed meanwhile has not synced. */
        usleep(5000);
        int log = open_undo(path, O_WRONLY | O_TRUNC);
        if (log >= 0) close(log);
    }
    pthread_mutex_unlock(&lock);
    return done;
}

int fsync(int fd) {
    return synced(fd, real("fsync"));
}

int fdatasync(int fd) {
    return synced(fd, real("fdatasync"));
}

static ssize_t written(int fd, const void *bytes, size_t length, off_t offset) {
    char path[4100];
    ssize_t (*how)(int, const void *, size_t, off_t) = real("pwrite");
    if (!watched(fd, path)) return how(fd, bytes, length, offset);
    struct stat now;
    ssize_t done = -1;
    pthread_mutex_lock(&lock);
    fstat(fd, &now);
    if (switched("full") && offset + (off_t)length > now.st_size) {
        errno = ENOSPC;
    } else {
        remember(fd, path, offset, length);
        done = how(fd, bytes, length, offset);
    }
    pthread_mutex_unlock(&lock);
    return done;
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
    return written(fd, bytes, length, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t offset) {
    return written(fd, bytes, length, offset);
}

ssize_t write(int fd, const void *bytes, size_t length) {
    char path[4100];
    ssize_t (*how)(int, const void *, size_t) = real("write");
    if (!watched(fd, path)) return how(fd, bytes, length);
    off_t offset = lseek(fd, 0, SEEK_CUR);
    ssize_t done = written(fd, bytes, length, offset);
    if (done > 0) lseek(fd, offset + done, SEEK_SET);
    return done;
}

static int cut(int fd, off_t size) {
    char path[4100];
    int (*how)(int, off_t) = real("ftruncate");
    if (!watched(fd, path)) return how(fd, size);
    struct stat now;
    pthread_mutex_lock(&lock);
    fstat(fd, &now);
    remember(fd, path, size, now.st_size > size ? now.st_size - size : 0);
    int done = how(fd, size);
    pthread_mutex_unlock(&lock);
    return done;
}

int ftruncate(int fd, off_t size) {
    return cut(fd, size);
}

int ftruncate64(int fd, off_t size) {
    return cut(fd, size);
}

/* The same as a program, for after the kill: takes back what was not synced of each file that is named, and says how many
 * writes those were. */
#ifdef RESTORER
int main(int count, char **paths) {
    int taken = 0;
    for (int place = 1; place < count; place++) {
        int fd = open(paths[place], O_RDWR);
        if (fd >= 0) taken += take_back(fd, paths[place]);
    }
    printf("%d\n", taken);
}
#endif
