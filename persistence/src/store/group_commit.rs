//! SQLite's single writer. Work queues up while a commit is on its way to the disk; what has queued up then shares
//! the next commit. Each piece can be undone by itself, and nobody is answered before the commit that holds it.

use std::{
    sync::mpsc::{Receiver, SendError, Sender, channel},
    thread,
};

use diesel::{
    Connection,
    connection::{SimpleConnection, TransactionManager},
    r2d2::R2D2Connection,
};

use super::{
    Conn, Intent, OpenError, Tx, begin,
    pool::{Access, Target},
    run,
};
use crate::error::{Abort, StoreError};

/// How many pieces of work may share a commit; bounds how long the first of them waits.
const MOST_PER_COMMIT: usize = 64;

/// For how many commits each piece has a savepoint, after one was undone among others.
const CAREFUL_COMMITS: u32 = 16;

/// What nobody writes any more is told.
pub(super) const STOPPED: &str = "the writer has stopped";

/// A piece of work on its way through the writer.
trait Job: Send {
    /// Does the work, perhaps not for the first time; true if its changes are to be kept.
    fn run(&mut self, conn: &mut Conn) -> bool;
    /// Answers whoever waits, once it is known whether the commit held.
    fn answer(self: Box<Self>, committed: Result<(), String>);
}

struct Work<F, T, E, A> {
    intent: Intent,
    work: F,
    outcome: Option<Result<T, E>>,
    answer: A,
}

impl<F, T, E, A> Job for Work<F, T, E, A>
where
    F: Fn(&mut Tx<'_>) -> Result<T, E> + Send,
    T: Send,
    E: Abort,
    A: FnOnce(Result<T, E>) + Send,
{
    fn run(&mut self, conn: &mut Conn) -> bool {
        let outcome = run(conn, &self.work);
        let keep = outcome.is_ok() && self.intent == Intent::Keep;
        self.outcome = Some(outcome);
        keep
    }

    fn answer(self: Box<Self>, committed: Result<(), String>) {
        let outcome = match (committed, self.outcome) {
            (Ok(()), Some(outcome)) => outcome,
            // What would have been refused anyway is refused for its own reason.
            (Err(_), Some(Err(refused))) => Err(refused),
            (Err(why), Some(Ok(_)) | None) => Err(StoreError::Unavailable(why).into()),
            (Ok(()), None) => Err(StoreError::Unavailable("the work was not run".into()).into()),
        };
        (self.answer)(outcome);
    }
}

/// The way into the writer thread; the thread ends when this is dropped.
#[derive(Debug)]
pub(super) struct Writer(Sender<Box<dyn Job>>);

impl Writer {
    pub(super) fn start(conn: Conn, target: Target) -> Result<Self, OpenError> {
        let (sender, queue) = channel();
        thread::Builder::new()
            .name("sqlite-writer".into())
            .spawn(move || serve(conn, &target, &queue))
            .map_err(|error| OpenError::Connect(error.to_string()))?;
        Ok(Self(sender))
    }

    /// Queues work and answers when it is committed.
    pub(super) fn submit<T, E>(
        &self,
        intent: Intent,
        work: impl Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        answer: impl FnOnce(Result<T, E>) + Send + 'static,
    ) where
        T: Send + 'static,
        E: Abort,
    {
        if let Err(SendError(job)) = self.0.send(Box::new(Work { intent, work, outcome: None, answer })) {
            job.answer(Err(STOPPED.into()));
        }
    }
}

fn serve(mut conn: Conn, target: &Target, queue: &Receiver<Box<dyn Job>>) {
    let mut careful = 0;
    while let Ok(first) = queue.recv() {
        let mut jobs = vec![first];
        let committed = commit_together(&mut conn, &mut jobs, queue, &mut careful).map_err(|error| {
            tracing::error!(%error, "a group commit failed");
            error.to_string()
        });
        for job in jobs {
            job.answer(committed.clone());
        }
        replace_if_broken(&mut conn, target);
    }
}

/// A connection that is still in a transaction, because it could not roll back, begins no other. The pool throws such a
/// one away; the writer opens another. If that fails, the next to write hear of it, and it is tried again after them.
fn replace_if_broken(conn: &mut Conn, target: &Target) {
    if !conn.is_broken() {
        return;
    }
    match target.connect(Access::Write) {
        Ok(another) => *conn = another,
        Err(error) => tracing::error!(%error, "the writer's connection is broken, and there is no other"),
    }
}

fn commit_together(
    conn: &mut Conn,
    jobs: &mut Vec<Box<dyn Job>>,
    queue: &Receiver<Box<dyn Job>>,
    careful: &mut u32,
) -> diesel::QueryResult<()> {
    if let Err(error) = begin(conn) {
        // Whoever has queued up meanwhile has waited with us, and is not to wait once more for each of the others.
        jobs.extend(queue.try_iter());
        return Err(error);
    }
    let done = run_all(conn, jobs, queue, careful)
        .and_then(|()| <Conn as Connection>::TransactionManager::commit_transaction(conn));
    if done.is_err() {
        // Diesel may have rolled back already; a second rollback then has nothing to do and says so.
        if let Err(error) = <Conn as Connection>::TransactionManager::rollback_transaction(conn) {
            tracing::warn!(%error, "rollback after a failed commit");
        }
    }
    done
}

/// Runs what is there, and what arrives while it runs.
///
/// A savepoint costs a copy of each page that is changed after it, and is needed only where a piece is undone among others
/// that are kept. So there are none until that happens: then all is undone, and what was to be kept runs again. For some
/// commits after that each piece has one.
fn run_all(
    conn: &mut Conn,
    jobs: &mut Vec<Box<dyn Job>>,
    queue: &Receiver<Box<dyn Job>>,
    careful: &mut u32,
) -> diesel::QueryResult<()> {
    *careful = careful.saturating_sub(1);
    let (mut next, mut undone) = (0, 0);
    while let Some(job) = jobs.get_mut(next) {
        if *careful > 0 {
            run_apart(conn, job)?;
        } else if !job.run(conn) {
            <Conn as Connection>::TransactionManager::rollback_transaction(conn)?;
            begin(conn)?;
            if next > undone {
                *careful = CAREFUL_COMMITS;
                jobs.iter_mut().take(next).skip(undone).try_for_each(|job| run_apart(conn, job))?;
            }
            undone = next + 1;
        }
        next += 1;
        if jobs.len() < MOST_PER_COMMIT {
            jobs.extend(queue.try_recv().ok());
        }
    }
    Ok(())
}

/// Runs a piece so that it can be undone by itself.
fn run_apart(conn: &mut Conn, job: &mut Box<dyn Job>) -> diesel::QueryResult<()> {
    conn.batch_execute("SAVEPOINT piece")?;
    let end = if job.run(conn) { "RELEASE piece" } else { "ROLLBACK TO piece; RELEASE piece" };
    conn.batch_execute(end)
}
