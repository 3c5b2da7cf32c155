#!/usr/bin/env python3
"""Wapiti against the served program, over every operation of the specification: as finance what is for staff, as a member
the rest.

usage: tools/judge/scan.py OUTPUT-FOLDER [ROLE...]

It speaks to 127.0.0.1 alone: modules that need a collaborator or a database from elsewhere are left out. It fails also when
a module was left out or cut short, when an operation was not attacked, or when the scanner's session ended on the way.
"""

import concurrent.futures
import json
import pathlib
import re
import subprocess
import sys

from market import Market
from program import ROOT, served
from target import furnish, operations, target

PYTHON = ROOT / ".tools" / "scanner" / "bin" / "python"
WAPITI = pathlib.Path(__file__).with_name("wapiti.py")
MODULES = "backup,cookieflags,crlf,csp,csrf,exec,file,htaccess,http_headers,permanentxss,redirect,shellshock,sql,timesql,upload,xss"
# Those that take up every request.
WHOLE = ("crlf", "exec", "file", "sql", "timesql", "xss")
# For modules that want one, a place that answers nothing.
NOWHERE = "http://127.0.0.1:9/"
ROLES = ("client", "finance")

# Not forged: a request that an app signs with its own secret, or a page of consent without the cookie of a log-in.
UNFORGED = ("Cross Site Request Forgery", "/oauth/")

# It would still end with 0, and report nothing.
INCOMPLETE = re.compile(r"Max (?:scan|attack) time was reached|seems broken|Missing dependencies|were skipped|Traceback")
# Beyond this the judge fails; no module has a limit of its own. Tokens live 15 minutes.
LONGEST = 850

# On a slow disk the scanner sometimes locks itself out of its own session file.
TRIES = 3


def attacked(log):
    """By module, how many requests it has attacked."""
    parts = re.split(r"Launching module (\w+)", log)
    return {name: part.count("[+] ") for name, part in zip(parts[1::2], parts[2::2])}


def scan(program, role, person, document, output):
    """Answers what the scanner reports and what it attacked, once it has run to its end."""
    specification, report, log = output / f"{role}.specification.json", output / f"{role}.json", output / f"{role}.log"
    specification.write_text(json.dumps(document))
    command = [
        PYTHON, WAPITI, "--url", f"{program.url}/", "--swagger", specification, "--scope", "folder",
        "--module", MODULES, "--header", f"Authorization: Bearer {person.access}", "--endpoint", NOWHERE,
        "--dns-endpoint", "localhost", "--tasks", "1", "--timeout", "5", "--flush-session", "--verbose", "1",
        "--no-bugreport", "--store-session", output / f"{role}.session", "--format", "json", "--output", report,
    ]
    for _ in range(TRIES):
        report.unlink(missing_ok=True)
        with open(log, "w") as told:
            ended = subprocess.run(command, stdout=told, stderr=subprocess.STDOUT, timeout=LONGEST).returncode
        if ended == 0:
            break
    told = log.read_text(errors="replace")
    reached = attacked(told)
    if ended or INCOMPLETE.search(told) or set(reached) != set(MODULES.split(",")):
        raise SystemExit(f"the scanner did not run to its end, see {log}")
    return json.loads(report.read_text()), reached


def judge(role, output):
    """As one role; answers how many operations it attacked, with how many attacks, and what was found."""
    with served("sqlite") as program:
        market = Market(program.url, program.staff)
        furnish(market)
        who = market.person(role)
        # The last session that is known is one to end, and not that of the scanner.
        person, _ = (market.log_in(who.email, who.password) for _ in range(2))
        document = target(market.get("/openapi.json"), market.known, role == "finance")
        report, reached = scan(program, role, person, document, output)
        # Fails if the scanner has become a stranger on its way.
        market.get("/v1/me", person)
    expected = len(operations(document))
    for module in WHOLE:
        # The root is attacked as well.
        if reached[module] <= expected:
            raise SystemExit(f"as {role}, {module} attacked {reached[module]} requests of {expected + 1}")
    found = [f"{role}: {name}: {place['method']} {place['path']} {place['info']}"
             for kind in ("vulnerabilities", "anomalies") for name, places in report[kind].items() for place in places
             if not (name == UNFORGED[0] and place["path"].startswith(UNFORGED[1]))]
    return expected, sum(reached.values()), found


def main(folder, *roles):
    output = pathlib.Path(folder)
    output.mkdir(parents=True, exist_ok=True)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        told = list(pool.map(lambda role: judge(role, output), roles or ROLES))
    findings = [what for _, _, found in told for what in found]
    for what in findings:
        print(what, file=sys.stderr)
    print(f"{sum(expected for expected, _, _ in told)} operations, attacked {sum(attacks for _, attacks, _ in told)} times by "
          f"{MODULES.count(',') + 1} modules, none cut short, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
