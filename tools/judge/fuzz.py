#!/usr/bin/env python3
"""Schemathesis against the served program, as a stranger, as members and as staff.

usage: tools/judge/fuzz.py sqlite|postgres OUTPUT-FOLDER [ROLE...]

Fails when a check does, when a phase did not run, or when an operation has never succeeded.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import urllib.request

from program import served
from social import provider
from target import operations

ROLES = ("stranger", "member", "support", "finance", "admin")
HERE = pathlib.Path(__file__).parent
PHASES = {"examples", "coverage", "fuzzing", "stateful"}
SCHEMATHESIS = pathlib.Path(sys.executable).with_name("schemathesis")


def fuzz(program, role, output):
    """One run; answers its scenarios and the links that they followed, and what is wrong with it."""
    environment = os.environ | {
        "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE), "JUDGE_ROLE": role, "JUDGE_URL": program.url,
        "JUDGE_STAFF": json.dumps(program.staff), "JUDGE_SEEN": str(output / "seen.jsonl"),
    }
    report, log = output / f"{role}.json", output / f"{role}.log"
    report.unlink(missing_ok=True)
    command = [SCHEMATHESIS, "--config-file", HERE / "schemathesis.toml", "--no-color", "run", output / "openapi.json",
               "--url", program.url, "--report-json-path", report]
    with open(log, "w") as told:
        ended = subprocess.run(command, env=environment, stdout=told, stderr=subprocess.STDOUT, cwd=output).returncode
    if not report.exists():
        return 0, 0, [f"ended with {ended}, without a report"]
    return examined(ended, json.loads(report.read_text()), log.read_text())


def examined(ended, report, log):
    """The report tells what ran; of scenarios and links only the log does."""
    wrong = [f"ended with {ended}"] if ended else []
    ran = {phase for phase, told in (report["phases"] or {}).items() if told["status"] in ("success", "failure")}
    wrong += [f"the phase {phase} did not run" for phase in sorted(PHASES - ran)]
    tested = report["operations"]
    if not report["complete"] or not tested or tested["tested"] != tested["total"]:
        wrong.append(f"not every operation was tested: {tested}")
    stateful = re.search(r"Scenarios: +(\d+)\s+API Links: +(\d+) covered", log)
    scenarios, links = map(int, stateful.groups()) if stateful else (0, 0)
    if not scenarios:
        wrong.append("no scenario was played")
    return scenarios, links, wrong


def main(engine, folder, *roles):
    output = pathlib.Path(folder)
    output.mkdir(parents=True, exist_ok=True)
    (output / "seen.jsonl").unlink(missing_ok=True)
    failed = scenarios = links = 0
    with provider() as settings, served(engine, settings) as program:
        with urllib.request.urlopen(f"{program.url}/openapi.json") as answer:
            document = json.load(answer)
        (output / "openapi.json").write_text(json.dumps(document))
        for role in roles or ROLES:
            played, followed, wrong = fuzz(program, role, output)
            scenarios, links, failed = scenarios + played, links + followed, failed + bool(wrong)
            for what in wrong:
                print(f"{engine} as {role}: {what}, see {output / role}.log", file=sys.stderr)
    seen = [json.loads(line) for line in open(output / "seen.jsonl")]
    reached = {operation for operation, _, status in seen if 200 <= status < 300}
    every = {operation["operationId"] for operation in operations(document)}
    missed = sorted(every - reached)
    for operation in missed:
        print(f"never succeeded: {operation}", file=sys.stderr)
    print(f"{len(seen)} requests, {len(every) - len(missed)} of {len(every)} operations succeeded, "
          f"{scenarios} scenarios followed {links} links, {failed} runs with failures")
    return 1 if failed or missed or not every or not links else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
