"""What the operations on an account of one's own need. Each works on somebody that nobody else depends on."""

import base64
import hashlib
import hmac
import re
import time
import uuid

from market import PASSWORD

# Who calls these is new every time: they end sessions, or change how their caller logs in.
ALONE = ("leave_for_good", "log_out", "log_out_everywhere", "list_sessions", "read_session", "revoke_session", "step_up",
         "change_password", "choose_username", "ask_for_email_change", "read_email_change", "cancel_email_change",
         "add_second_factor", "confirm_second_factor", "read_second_factor", "remove_second_factor",
         "renew_recovery_codes", "begin_to_link", "complete_link", "unlink_identity")


def code(secret, step=0):
    """A code of an authenticator app (RFC 6238), so many half minutes from now."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    mac = hmac.new(key, (int(time.time()) // 30 + step).to_bytes(8, "big"), hashlib.sha1).digest()
    place = mac[-1] & 15
    return f"{(int.from_bytes(mac[place:place + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


def somebody(market):
    """Who calls the operation that is being prepared."""
    return market.people["somebody"]


def mailed(market, email, prefix):
    mails = market.get(f"/v1/test-mailbox?recipient={email}")["items"]
    return next(found[0] for mail in mails if (found := re.search(prefix + r"[\w-]+", mail["body"])))


def enrolled(market, person):
    """With a second factor; answers its secret."""
    secret = market.post("/v1/me/second-factor", person)["secret"]
    market.post("/v1/me/second-factor/confirm", person, {"code": code(secret, -1)})
    return secret


def is_set(market):
    """Whether who calls has a second factor already, from a case that a check has sent again."""
    return market.get("/v1/me/second-factor", somebody(market))["is_set"]


def confirming(market):
    if is_set(market):
        return {}
    return {"body": {"code": code(market.post("/v1/me/second-factor", somebody(market))["secret"])}}


def having(market):
    """Nothing to send, for somebody with a second factor."""
    if not is_set(market):
        enrolled(market, somebody(market))
    return {}


def changing(market):
    """Somebody who has asked for another address; answers it."""
    person, email = market.member(), f"{uuid.uuid4()}@example.com"
    market.post("/v1/me/email-change", person, {"email": email})
    return email


def asked(market):
    market.post("/v1/me/email-change", somebody(market), {"email": f"{uuid.uuid4()}@example.com"})
    return {}


def challenged(market):
    """A log-in whose second step is left."""
    person = market.member()
    secret = enrolled(market, person)
    told = market.refused("/v1/sessions", {"email": person.email, "password": PASSWORD})
    return {"body": {"challenge_token": told["challenge_token"], "code": code(secret)}}


def reset(market):
    person = market.member()
    market.post("/v1/password-resets", None, {"email": person.email})
    return {"body": {"token": mailed(market, person.email, "azp_"), "password": "seven otters juggle lanterns"}}


def other_session(market):
    person = somebody(market)
    market.log_in(person.email)
    items = market.get("/v1/sessions", person)["items"]
    return {"id": next(item["id"] for item in items if not item["current"])}


RECIPES = {
    "resend_confirmation": (None, lambda m, _: {"body": {"email": m.registered()[0]}}),
    "ask_for_reset": (None, lambda m, _: {"body": {"email": m.person("client").email}}),
    "confirm_reset": (None, lambda m, _: reset(m)),
    "confirm_email_change": (None, lambda m, _: {"body": {"token": mailed(m, changing(m), "aze_")}}),
    "second_factor": (None, lambda m, _: challenged(m)),
    "ask_for_email_change": ("member", lambda m, _: {"body": {"email": f"{uuid.uuid4()}@example.com"}}),
    "read_email_change": ("member", lambda m, _: asked(m)),
    "cancel_email_change": ("member", lambda m, _: asked(m)),
    "change_password": ("member", lambda m, _: {"body": {"password": "seven otters juggle lanterns"}}),
    "choose_username": ("member", lambda m, _: {"body": {"username": f"judge{uuid.uuid4().hex[:12]}"}}),
    "add_second_factor": ("member", lambda m, _: {}),
    "confirm_second_factor": ("member", lambda m, _: confirming(m)),
    "renew_recovery_codes": ("member", lambda m, _: having(m)),
    "remove_second_factor": ("member", lambda m, _: having(m)),
    "read_session": ("member", lambda m, _: other_session(m)),
    "revoke_session": ("member", lambda m, _: other_session(m)),
    "step_up": ("member", lambda m, _: {"body": {"password": PASSWORD}}),
}
