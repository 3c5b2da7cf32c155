#!/usr/bin/env python3
"""Wapiti against the served program, over every operation of the specification, as a member and as finance.

usage: tools/judge/scan.py OUTPUT-FOLDER

It speaks to 127.0.0.1 alone: modules that need a collaborator or a database from elsewhere are left out.
"""

import json
import pathlib
import subprocess
import sys

from market import Market
from program import ROOT, served

WAPITI = ROOT / ".tools" / "scanner" / "bin" / "wapiti"
MODULES = "backup,cookieflags,crlf,csp,csrf,exec,file,htaccess,http_headers,ldap,methods,permanentxss,redirect,shellshock,sql,timesql,upload,xss"
# For modules that want one, a place that answers nothing.
NOWHERE = "http://127.0.0.1:9/"

# Not forged: a request that an app signs with its own secret, or a page of consent without the cookie of a log-in.
UNFORGED = ("Cross Site Request Forgery", "/oauth/")

# On a slow disk the scanner sometimes locks itself out of its own session file.
TRIES = 3


def scan(program, role, person, output):
    report = output / f"{role}.json"
    command = [
        WAPITI, "--url", f"{program.url}/", "--swagger", f"{program.url}/openapi.json", "--scope", "folder",
        "--module", MODULES, "--header", f"Authorization: Bearer {person.access}", "--endpoint", NOWHERE,
        "--max-scan-time", "120", "--max-attack-time", "10", "--tasks", "1", "--timeout", "5", "--flush-session",
        "--no-bugreport", "--store-session", output / f"{role}.session", "--format", "json", "--output", report,
    ]
    for _ in range(TRIES):
        with open(output / f"{role}.log", "w") as log:
            ended = subprocess.run(command, stdout=log, stderr=subprocess.STDOUT, timeout=600).returncode
        if ended == 0:
            return json.loads(report.read_text())
    raise SystemExit(f"the scanner does not run to its end, see {output / role}.log")


def main(folder):
    output = pathlib.Path(folder)
    output.mkdir(parents=True, exist_ok=True)
    pages = findings = 0
    with served("sqlite") as program:
        market = Market(program.url, program.staff)
        market.funded()
        for role in ("client", "finance"):
            told = scan(program, role, market.person(role), output)
            pages += told["infos"]["crawled_pages_nbr"]
            for kind in ("vulnerabilities", "anomalies"):
                for name, places in told[kind].items():
                    for place in places:
                        if name == UNFORGED[0] and place["path"].startswith(UNFORGED[1]):
                            continue
                        findings += 1
                        print(f"{role}: {name}: {place['method']} {place['path']} {place['info']}", file=sys.stderr)
    if not pages:
        raise SystemExit("the scanner has seen nothing")
    print(f"{pages} requests found in the specification, attacked by {MODULES.count(',') + 1} modules, {findings} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
