"""The served program, as the judges meet it: a process of its own on a fresh database.

usage: tools/judge/program.py COMMAND... , which is run with its URL as the last argument
"""

import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]
AZUKARI = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug" / "azukari"
# A judge is one caller who asks as fast as it can.
SETTINGS = {
    "AZUKARI_LOG": "error",
    "AZUKARI_READS_PER_MINUTE": "10000000",
    "AZUKARI_WRITES_PER_MINUTE": "10000000",
    "AZUKARI_LOG_INS_PER_MINUTE": "10000000",
    "AZUKARI_MAILS_PER_MINUTE": "10000000",
}


class Program:
    """Where it listens, and what it said about its staff (`SUPPORT_EMAIL` and so on)."""

    def __init__(self, process):
        self.process, self.url, self.staff = process, None, {}
        for line in process.stdout:
            if line.startswith("export "):
                pairs = (pair.split("=", 1) for pair in line.split()[1:])
                self.staff |= {name.removeprefix("AZUKARI_"): value for name, value in pairs}
            if line.startswith("Azukari listens on "):
                self.url = line.split()[3].rstrip(";")
                break
        if self.url is None:
            raise SystemExit("the program did not start")
        # Keeps reading, so that the process never waits for somebody to listen.
        threading.Thread(target=lambda: [None for _ in process.stdout], daemon=True).start()


@contextlib.contextmanager
def database(engine):
    """A fresh database: `sqlite`, or `postgres` on the server that AZUKARI_TEST_POSTGRES_URL names."""
    if engine == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:{folder}/azukari.db"
        return
    server, name = os.environ["AZUKARI_TEST_POSTGRES_URL"], f"judge_{uuid.uuid4().hex}"
    psql = ["psql", "--quiet", "--dbname", server, "--command"]
    subprocess.run([*psql, f"CREATE DATABASE {name}"], check=True)
    try:
        yield f"{server.rsplit('/', 1)[0]}/{name}"
    finally:
        subprocess.run([*psql, f"DROP DATABASE {name}"], check=True)


@contextlib.contextmanager
def served(engine="sqlite", settings=None):
    """Serves, with these settings besides, until the block ends; then the books must be sound."""
    with database(engine) as url:
        environment = {"PATH": os.environ["PATH"], **SETTINGS, **(settings or {})}
        command = [AZUKARI, "serve", "--listen", "127.0.0.1:0", "--database-url", url]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        try:
            yield Program(process)
        finally:
            process.terminate()
            ended = process.wait(timeout=60)
        if ended:
            raise SystemExit(f"the program ended with {ended}")
        subprocess.run([AZUKARI, "ledger", "verify", "--database-url", url], env=environment, check=True,
                       stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    with served() as program:
        ended = subprocess.run([*sys.argv[1:], program.url]).returncode
    sys.exit(ended)
