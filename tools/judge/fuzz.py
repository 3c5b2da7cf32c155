#!/usr/bin/env python3
"""Schemathesis against the served program, as a stranger, as members and as staff.

usage: tools/judge/fuzz.py sqlite|postgres OUTPUT-FOLDER [ROLE...]

Fails when a check does, or when an operation has never succeeded.
"""

import json
import os
import pathlib
import subprocess
import sys
import urllib.request

from program import served
from social import provider

ROLES = ("stranger", "member", "support", "finance", "admin")
METHODS = ("get", "post", "put", "patch", "delete")
HERE = pathlib.Path(__file__).parent
SCHEMATHESIS = pathlib.Path(sys.executable).with_name("schemathesis")


def fuzz(program, role, output):
    """One run; answers whether every check held."""
    environment = os.environ | {
        "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE), "JUDGE_ROLE": role, "JUDGE_URL": program.url,
        "JUDGE_STAFF": json.dumps(program.staff), "JUDGE_SEEN": str(output / "seen.jsonl"),
    }
    command = [SCHEMATHESIS, "--config-file", HERE / "schemathesis.toml", "--no-color", "run", output / "openapi.json",
               "--url", program.url]
    with open(output / f"{role}.log", "w") as log:
        return subprocess.run(command, env=environment, stdout=log, stderr=subprocess.STDOUT, cwd=output).returncode == 0


def main(engine, folder, *roles):
    output = pathlib.Path(folder)
    output.mkdir(parents=True, exist_ok=True)
    (output / "seen.jsonl").unlink(missing_ok=True)
    failed = 0
    with provider() as settings, served(engine, settings) as program:
        with urllib.request.urlopen(f"{program.url}/openapi.json") as answer:
            document = json.load(answer)
        # Pages for a browser; a real one and hand-made requests try them in `tests/api/oauth/consent.rs`.
        del document["paths"]["/oauth/authorize"]
        (output / "openapi.json").write_text(json.dumps(document))
        for role in roles or ROLES:
            if not fuzz(program, role, output):
                failed += 1
                print(f"{engine} as {role}: see {output / role}.log", file=sys.stderr)
    seen = [json.loads(line) for line in open(output / "seen.jsonl")]
    reached = {operation for operation, _, status in seen if 200 <= status < 400}
    every = {path[method]["operationId"] for path in document["paths"].values() for method in METHODS if method in path}
    missed = sorted(every - reached)
    for operation in missed:
        print(f"never succeeded: {operation}", file=sys.stderr)
    print(f"{len(seen)} requests, {len(every) - len(missed)} of {len(every)} operations succeeded, {failed} runs with failures")
    return 1 if failed or missed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
