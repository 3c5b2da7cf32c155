"""An OpenID provider for the judges, and what the operations need whose people come from one."""

import contextlib
import re
import subprocess
import urllib.parse
import uuid

import requests

from accounts import somebody
from program import ROOT

NODE = ROOT / ".tools" / "python" / "bin" / "node"
CLIENT_ID, CLIENT_SECRET, BACK = "azukari", "the secret of this client", "https://app.example/back"
# Where a visit to the provider leads, at most: its pages, and those between them.
STEPS = 12


@contextlib.contextmanager
def provider():
    """Serves a provider until the block ends; answers the settings by which the program knows it."""
    command = [NODE, ROOT / "tools" / "openid-provider.mjs", CLIENT_ID, CLIENT_SECRET, BACK]
    # It ends with its input, which leaving the block closes.
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        issuer = process.stdout.readline().strip()
        if not issuer:
            raise SystemExit("the OpenID provider did not start")
        names = {"NAME": "The provider", "ISSUER": issuer, "CLIENT_ID": CLIENT_ID, "CLIENT_SECRET": CLIENT_SECRET,
                 "REDIRECT_URIS": BACK}
        yield {f"AZUKARI_SOCIAL__IDP__{name}": value for name, value in names.items()}


def visit(url, name):
    """Logs in at the provider as whoever has this name, and agrees; answers what the app is sent back with."""
    browser, form = requests.Session(), None
    for _ in range(STEPS):
        if url.startswith(BACK):
            return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
        page = browser.request("POST" if form else "GET", url, data=form, allow_redirects=False, timeout=20)
        if "location" in page.headers:
            url, form = urllib.parse.urljoin(url, page.headers["location"]), None
        else:
            prompt = re.search(r'name="prompt" value="(login|consent)"', page.text)[1]
            form = {"prompt": prompt, "login": name, "password": "x"}
    raise RuntimeError(f"the provider sends people round in circles, last to {url}")


def brought(market, path, name, person=None):
    """The way to the provider and back, begun at a path; answers the body that completes it."""
    begun = market.post(path, person, {"provider": "idp", "redirect_uri": BACK})
    back = visit(begun["authorization_url"], name)
    return {"flow_token": begun["flow_token"], **{key: back[key] for key in ("state", "code", "iss")}}


def registration(market, name):
    """What somebody joins with whom the provider knows and we do not."""
    told = market.refused("/v1/sessions/social/complete", brought(market, "/v1/sessions/social", name))
    return {"join_token": told["join_token"], "display_name": "Hanako", "kind": "individual",
            "terms_version": market.get("/version")["terms_version"]}


def returning(market):
    """Somebody who has joined by the provider comes again."""
    name = stranger()
    market.post("/v1/accounts/social", None, registration(market, name))
    return brought(market, "/v1/sessions/social", name)


def linking(market):
    return brought(market, "/v1/me/identities", stranger(), somebody(market))


def linked(market):
    return market.post("/v1/me/identities/complete", somebody(market), linking(market))["id"]


def stranger():
    return f"judge-{uuid.uuid4()}"


RECIPES = {
    "begin_social_log_in": (None, lambda m, _: {"body": {"provider": "idp", "redirect_uri": BACK}}),
    "complete_social_log_in": (None, lambda m, _: {"body": returning(m)}),
    "join_by_provider": (None, lambda m, _: {"body": registration(m, stranger())}),
    "begin_to_link": ("member", lambda m, _: {"body": {"provider": "idp", "redirect_uri": BACK}}),
    "complete_link": ("member", lambda m, _: {"body": linking(m)}),
    "unlink_identity": ("member", lambda m, _: {"id": linked(m)}),
}
