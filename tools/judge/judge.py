#!/usr/bin/env python3
"""Lets every outside judge look, two at a time, and prints one table. What they said in full is in .tools/judged/."""

import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[1]
OUT = ROOT / ".tools" / "judged"
PYTHON, SERVED = sys.executable, (sys.executable, HERE / "program.py")
LINT = ("spectral", "lint", "--quiet", "--fail-severity", "warn", "openapi.yaml", "--ruleset")

# Who, what it looks at, and how; the longest first. The last line that a judge writes is what it found.
JUDGES = [
    ("schemathesis", "every operation, five callers, SQLite", (PYTHON, HERE / "fuzz.py", "sqlite", OUT / "sqlite")),
    ("schemathesis", "every operation, five callers, PostgreSQL", (PYTHON, HERE / "fuzz.py", "postgres", OUT / "postgres")),
    ("wapiti", "all operations but three, as member and finance", (PYTHON, HERE / "scan.py", OUT / "wapiti")),
    ("openapi-generator", "the Java client compiles", (HERE / "java", OUT / "java")),
    ("openapi-python-client", "the Python client plays the main job", (*SERVED, HERE / "python", OUT / "python")),
    ("openapi-typescript", "the TypeScript client plays the main job", (*SERVED, HERE / "typescript", OUT / "typescript")),
    ("forged tokens", "GET /v1/me", (PYTHON, HERE / "forgeries.py")),
    ("redocly", "openapi.yaml", ("redocly", "lint", "--config", "tools/redocly.yaml", "openapi.yaml")),
    ("spectral, OpenAPI", "openapi.yaml", (*LINT, "tools/spectral.yaml")),
    ("spectral, OWASP", "openapi.yaml", (*LINT, "tools/spectral-owasp.yaml")),
]


def ask(number, command):
    """Runs one judge; answers how it ended, its last line, and the seconds it took."""
    began, log = time.monotonic(), OUT / f"{number}.log"
    environment = os.environ | {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
    tools = (ROOT / "tools/node_modules/.bin", ROOT / ".tools/python/bin", ROOT / ".tools/judge/bin")
    environment["PATH"] = os.pathsep.join([*map(str, tools), os.environ["PATH"]])
    with open(log, "w") as told:
        ended = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=told, text=True)
        told.write(ended.stdout)
    lines = [line.strip() for line in ended.stdout.splitlines() if line.strip()]
    lines = lines or ["no findings" if ended.returncode == 0 else "came to no end"]
    return ended.returncode, lines[-1], time.monotonic() - began


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    for folder in ("java", "python", "typescript"):
        (OUT / folder).mkdir(parents=True)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        verdicts = [pool.submit(ask, number, command) for number, (_, _, command) in enumerate(JUDGES)]
    rows = [("judge", "looked at", "findings", "seconds", "verdict")]
    for number, ((judge, sight, _), verdict) in enumerate(zip(JUDGES, verdicts)):
        code, found, seconds = verdict.result()
        rows.append((judge, sight, found, f"{seconds:.0f}", "passed" if code == 0 else f"FAILED: .tools/judged/{number}.log"))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for place, row in enumerate(rows):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |")
        if place == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return 0 if all(verdict.result()[0] == 0 for verdict in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
