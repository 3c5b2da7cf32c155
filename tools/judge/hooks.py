"""What Schemathesis cannot know: who calls, fresh keys, ids that exist, and resources in the state an operation needs."""

import collections
import json
import os
import re
import time
import uuid

import schemathesis
from hypothesis.errors import Flaky
from schemathesis.core import NOT_SET
from schemathesis.core.parameters import ParameterLocation as Location
from schemathesis.engine.errors import is_inconsistent_replay
from schemathesis.engine.run.stateful import _executor as stateful

from accounts import ALONE
from dependent import DEPENDENT, UNSEEN
from market import Market
from recipes import RECIPES, SIDES, Pools

ROLE = os.environ["JUDGE_ROLE"]
SEEN = open(os.environ["JUDGE_SEEN"], "a", buffering=1)
MARKET = Market(os.environ["JUDGE_URL"], json.loads(os.environ["JUDGE_STAFF"]))
POOLS = Pools(MARKET, ROLE)
# How often an operation gets a resource of its own, and each how many valid cases.
TIMES, EACH = 8, 3
# Refusals that say a request could not be read at all. A valid one never gets them.
UNREAD = {"malformed_json", "invalid_body", "invalid_parameter", "invalid_id", "invalid_header", "invalid_cursor",
          "unsupported_media_type", "body_too_large", "idempotency_key_missing"}

tried, made = collections.Counter(), collections.Counter()


def name(case):
    return case.operation.definition.raw["operationId"]


def valid(case, location):
    part = case.meta.components.get(location) if case.meta else None
    return part is None or part.mode.is_positive


def caller(operation):
    """Who calls an operation in this run."""
    if operation in ALONE:
        MARKET.people["somebody"] = MARKET.member()
        return MARKET.people["somebody"]
    return MARKET.person(SIDES.get(operation, "client") if ROLE == "member" else ROLE)


if ROLE != "stranger":

    @schemathesis.auth(refresh_interval=None)
    class Token:
        """The token of whoever calls; renewed before it expires."""

        since = time.monotonic()

        def get(self, case, ctx):
            if time.monotonic() - Token.since > 600:
                Token.since = time.monotonic()
                MARKET.people.pop("somebody", None)
                MARKET.people = {who: MARKET.log_in(old.email, old.password) for who, old in MARKET.people.items()}
            return caller(name(case)).access

        def set(self, case, data, ctx):
            case.headers["Authorization"] = f"Bearer {data}"


def recipe(operation):
    """A resource that this operation succeeds with, every few times."""
    who, how = RECIPES.get(operation, ("nobody", None))
    if who not in (None, ROLE) or made[operation] >= TIMES or tried[operation] % EACH:
        return None
    made[operation] += 1
    try:
        return how(MARKET, POOLS)
    except IndexError:  # Its pool is empty.
        return None


def classify(error, *, ctx, settings, judged=stateful._classify_suite_error, **more):
    """Begins again when a step, done once more, is answered otherwise, as it is by a program that remembers.

    Schemathesis would end the phase there, without a word, after a few scenarios.
    """
    status, again, told = judged(error, ctx=ctx, settings=settings, **more)
    differs = (isinstance(error, Flaky) or is_inconsistent_replay(error)) and not told
    return status, again or differs and ctx.completed_scenarios < settings.max_examples, told


stateful._classify_suite_error = classify


def follow(case):
    """A link may name nobody, as by a draft that nobody has decided on yet, or what this operation is not about."""
    told = next(part for part in case.operation.definition.raw["parameters"] if part["name"] == "id")
    if not re.fullmatch(told["schema"]["pattern"], str(case.path_parameters["id"])):
        case.path_parameters["id"] = told["example"]


@schemathesis.hook
def before_call(ctx, case, **kwargs):
    operation = name(case)
    if valid(case, Location.PATH) and "id" in (case.path_parameters or {}):
        follow(case)
    if valid(case, Location.HEADER):
        if "Idempotency-Key" in case.headers:
            case.headers["Idempotency-Key"] = str(uuid.uuid4())
        case.headers.pop("If-Match", None)
    if valid(case, Location.QUERY) and case.query is not None:
        case.query.pop("cursor", None)
        if not valid(case, Location.HEADER):
            # A preview needs no key.
            case.query.pop("preview", None)
        if operation in ("quote_fee", "quote_payout"):
            # One of the two, which a schema of parameters cannot say.
            case.query.pop("net" if operation == "quote_fee" else "balance", None)
            case.query.setdefault("amount", 10_000)
    if operation == "advance_test_clock" and valid(case, Location.BODY) and isinstance(case.body, dict):
        # Far ahead everything would be over.
        case.body = {"to_at": MARKET.soon(seconds=1)}
    if not all(valid(case, location) for location in (Location.PATH, Location.BODY, Location.QUERY, Location.HEADER)):
        return
    found = recipe(operation)
    tried[operation] += 1
    if found is not None:
        serve(case, found)
    elif operation != "end_sessions" and "id" in (case.path_parameters or {}) and tried[operation] % 2:
        # Whoever is known may be somebody on whose session everything else depends.
        known = MARKET.known.get(str(case.path_parameters["id"]).split("_")[0])
        if known:
            case.path_parameters["id"] = known[tried[operation] * 7 % len(known)]


def serve(case, found):
    if found.get("id"):
        case.path_parameters["id"] = found["id"]
    if "date" in found:
        case.path_parameters["date"] = found["date"]
    if found.get("body") is not None and case.operation.body:
        case.body = found["body"]
    if "query" in found:
        case.query = dict(found["query"])
    if "cookies" in found:
        case.cookies = found["cookies"]
    if case.method == "POST" and not case.path.startswith("/oauth/"):
        case.headers["Idempotency-Key"] = str(uuid.uuid4())


@schemathesis.hook
def after_call(ctx, case, response):
    if response.request.method != case.operation.method.upper():
        return
    print(json.dumps([name(case), ROLE, response.status_code]), file=SEEN)
    json_came = response.headers.get("content-type", [""])[0].startswith("application/json")
    if response.status_code in (200, 201) and case.body is not NOT_SET and json_came:
        told = response.json()
        if isinstance(told, dict):
            MARKET.remember(told.get("id"))


@schemathesis.check
def what_is_valid_is_read(ctx, response, case):
    """Stricter than `positive_data_acceptance`, which allows any 422: a valid body is never called invalid."""
    if response.status_code not in (400, 413, 415, 422) or not case.meta or not case.meta.generation.mode.is_positive:
        return
    if not response.headers.get("content-type", [""])[0].startswith("application/problem+json"):
        # OAuth refuses in words of its own.
        return
    told = response.json()
    errors = [error for error in told.get("errors", []) if error["detail"] != UNSEEN]
    places = [error["pointer"] for error in errors] or ([] if told.get("errors") else [told["detail"]])
    if told["code"] in UNREAD and not set(places) <= set(DEPENDENT.get(name(case), ())):
        raise AssertionError(f"valid, but {told['code']}: {told['detail']} {told.get('errors', '')}")
