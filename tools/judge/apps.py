"""What the operations on partner apps and API keys need; the page is walked through as a browser would."""

import re
import urllib.parse

import requests

from accounts import enrolled
from market import PASSWORD, elsewhere

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
REDIRECT = "https://calendar.example/callback"
NEW_APP = {"name": "Tea Calendar", "redirect_uris": [REDIRECT], "confidential": True}
NEW_KEY = {"name": "Bookkeeping", "scopes": ["profile:read"]}


def app(market):
    """One of the client's apps. There can be 20, so the one before is deleted."""
    owner = market.person("client")
    for old in market.get("/v1/apps?limit=100", owner)["items"]:
        market.call("DELETE", f"/v1/apps/{old['id']}", owner)
    return market.post("/v1/apps", owner, NEW_APP)


def key(market):
    owner = market.person("client")
    for old in market.get("/v1/api-keys?limit=100", owner)["items"]:
        market.call("DELETE", f"/v1/api-keys/{old['id']}", owner)
    return market.post("/v1/api-keys", owner, NEW_KEY)


def query(made):
    return {"response_type": "code", "client_id": made["id"], "redirect_uri": REDIRECT, "scope": "profile:read",
            "state": "xyz", "code_challenge": CHALLENGE, "code_challenge_method": "S256"}


class Browser:
    """The browser of the client, on the page about an app."""

    def __init__(self, market, made):
        self.http, self.person = elsewhere(), market.person("client")
        self.url = f"{market.url}/oauth/authorize?{urllib.parse.urlencode(query(made))}"

    def token(self):
        return re.search(r'name="csrf_token" value="([^"]*)"', self.http.get(self.url, timeout=20).text)[1]

    def post(self, **fields):
        return self.http.post(self.url, data={"csrf_token": self.token(), **fields}, allow_redirects=False, timeout=20)

    def code(self):
        self.post(email=self.person.email, password=PASSWORD)
        back = self.post(decision="allow").headers["location"]
        return urllib.parse.parse_qs(urllib.parse.urlparse(back).query)["code"][0]


def own(made, **fields):
    return {"client_id": made["id"], "client_secret": made["client_secret"], **fields}


def tokens(market, made):
    form = own(made, grant_type="authorization_code", code=Browser(market, made).code(), redirect_uri=REDIRECT,
               code_verifier=VERIFIER)
    return requests.post(f"{market.url}/oauth/token", data=form, timeout=20).json()


def with_token(market):
    made = app(market)
    return {"body": own(made, token=tokens(market, made)["access_token"])}


def first_step(market):
    """The form of somebody whose next page asks for the second step; without one, they would be sent on."""
    made, person = app(market), market.member()
    enrolled(market, person)
    browser = Browser(market, made)
    form = {"csrf_token": browser.token(), "email": person.email, "password": PASSWORD}
    return {"query": query(made), "cookies": browser.http.cookies.get_dict(), "body": form}


def connected(market):
    made = app(market)
    tokens(market, made)
    return {"id": made["id"]}


RECIPES = {
    "register_app": ("member", lambda m, _: app(m) and {"body": NEW_APP}),
    "read_app": ("member", lambda m, _: {"id": app(m)["id"]}),
    "change_app": ("member", lambda m, _: {"id": app(m)["id"], "body": {"name": "Tea Diary", "redirect_uris": [REDIRECT]}}),
    "delete_app": ("member", lambda m, _: {"id": app(m)["id"]}),
    "rotate_app_secret": ("member", lambda m, _: {"id": app(m)["id"]}),
    "make_api_key": ("member", lambda m, _: key(m) and {"body": NEW_KEY}),
    "read_api_key": ("member", lambda m, _: {"id": key(m)["id"]}),
    "revoke_api_key": ("member", lambda m, _: {"id": key(m)["id"]}),
    "read_connected_app": ("member", lambda m, _: connected(m)),
    "disconnect_app": ("member", lambda m, _: connected(m)),
    "authorize": (None, lambda m, _: {"query": query(app(m))}),
    "decide": (None, lambda m, _: first_step(m)),
    "give_token": (None, lambda m, _: {"body": own(app(m), grant_type="client_credentials")}),
    "revoke_token": (None, lambda m, _: with_token(m)),
    "introspect_token": (None, lambda m, _: with_token(m)),
}
