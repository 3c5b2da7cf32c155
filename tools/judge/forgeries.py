#!/usr/bin/env python3
"""Every known forgery of a JSON Web Token, each of which must be answered 401 with a stable code.

Independent of the program: it derives the signing key from the secret by itself (HKDF, RFC 5869), so that it can also
sign what the program never would.
"""

import base64
import hashlib
import hmac
import json
import sys
import time

import requests
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from market import Market
from program import served

SECRET = "judges know this secret, nobody else does"
ELSEWHERE = "http://127.0.0.1:9/keys"


def encode(data):
    if not isinstance(data, bytes):
        data = json.dumps(data).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def ours():
    seed = HKDF(hashes.SHA256(), 32, salt=b"azukari", info=b"token signing").derive(SECRET.encode())
    return Ed25519PrivateKey.from_private_bytes(seed)


def signed(header, payload, sign):
    body = f"{encode(header)}.{encode(payload)}"
    return f"{body}.{encode(sign(body.encode()))}"


class Forger:
    """What an attacker has: a good token, the public key, keys of their own. And, for the last few, our own key."""

    def __init__(self, good, public):
        self.head, self.body, self.mark = good.split(".")
        self.header, self.payload = json.loads(decode(self.head)), json.loads(decode(self.body))
        self.good, self.public, self.key, self.foreign = good, public, ours(), Ed25519PrivateKey.generate()

    def by(self, key, header=None, payload=None):
        return signed({**self.header, **(header or {})}, {**self.payload, **(payload or {})}, key.sign)

    def unsigned(self):
        for algorithm in ("none", "None", "NONE", "nOnE", "none ", "", None, 0, [], {}, True, "EDDSA", "eddsa", "Ed25519 "):
            head = encode({**self.header, "alg": algorithm})
            yield f"alg {algorithm!r}, no signature", f"{head}.{self.body}."
            yield f"alg {algorithm!r}, two parts", f"{head}.{self.body}"
            yield f"alg {algorithm!r}, old signature", f"{head}.{self.body}.{self.mark}"
        yield "no alg at all", f"{encode({'kid': self.header['kid']})}.{self.body}.{self.mark}"
        yield "empty signature", f"{self.head}.{self.body}."
        for odd in (b"\0" * 64, b"\xff" * 64, b"\0", b"", decode(self.mark)[:-1], decode(self.mark) + b"\0"):
            yield f"signature of {len(odd)} bytes {odd[:2].hex()}", f"{self.head}.{self.body}.{encode(odd)}"

    def confused(self):
        raw = decode(self.public)
        spki = self.key.public_key().public_bytes(serialization.Encoding.DER,
                                                  serialization.PublicFormat.SubjectPublicKeyInfo)
        pem = self.key.public_key().public_bytes(serialization.Encoding.PEM,
                                                 serialization.PublicFormat.SubjectPublicKeyInfo)
        secrets = {"base64": self.public.encode(), "raw": raw, "DER": spki, "PEM": pem, "PEM stripped": pem.strip(),
                   "empty": b"", "kid": self.header["kid"].encode()}
        for digest in ("256", "384", "512"):
            for name, secret in secrets.items():
                mac = lambda data: hmac.new(secret, data, getattr(hashlib, f"sha{digest}")).digest()
                yield f"HS{digest} with the public key ({name})", signed({**self.header, "alg": f"HS{digest}"}, self.payload, mac)
        other = rsa.generate_private_key(65537, 2048)
        yield "RS256", signed({**self.header, "alg": "RS256"}, self.payload,
                              lambda data: other.sign(data, PKCS1v15(), hashes.SHA256()))
        curve = ec.generate_private_key(ec.SECP256R1())
        yield "ES256", signed({**self.header, "alg": "ES256"}, self.payload,
                              lambda data: curve.sign(data, ec.ECDSA(hashes.SHA256())))
        yield "ES256 with r = s = 0", f"{encode({**self.header, 'alg': 'ES256'})}.{self.body}.{encode(bytes(64))}"

    def foreign_keys(self):
        yield "foreign key", self.by(self.foreign)
        for kid in ("../../../../dev/null", "/dev/null", "file:///dev/null", "' OR 1=1 --", "x' UNION SELECT 'secret",
                    ELSEWHERE, "", "\0", "a" * 3000, "$(id)", "../" * 20 + "etc/passwd", 0, None, ["a"], {"a": 1}):
            yield f"foreign key, kid {str(kid)[:24]!r}", self.by(self.foreign, {"kid": kid})
        raw = serialization.Encoding.Raw, serialization.PublicFormat.Raw
        public = encode(self.foreign.public_key().public_bytes(*raw))
        jwk = {"kty": "OKP", "crv": "Ed25519", "x": public, "kid": self.header["kid"]}
        brought = {"jwk": jwk, "jku": ELSEWHERE, "x5u": ELSEWHERE, "x5c": [encode(b"certificate")], "x5t": "abc"}
        for name, value in brought.items():
            yield f"foreign key brought along as {name}", self.by(self.foreign, {name: value})
        yield "all of them", self.by(self.foreign, brought)

    def changed(self):
        for claim in ("sub", "sid", "iss", "aud", "exp", "iat"):
            payload = encode({**self.payload, claim: "admin" if claim != "exp" else self.payload["exp"] + 9999})
            yield f"{claim} changed", f"{self.head}.{payload}.{self.mark}"
        for cut in (1, 2, 5, 20):
            yield f"truncated by {cut}", self.good[:-cut]
        yield "duplicated segments", f"{self.good}.{self.good}"
        yield "a fourth segment", f"{self.good}.x"
        yield "five segments, as an encrypted token", f"{self.head}....{self.mark}"
        yield "segments swapped", f"{self.body}.{self.head}.{self.mark}"
        yield "duplicated payload", f"{self.head}.{self.body}.{self.body}.{self.mark}"
        yield "huge", f"{self.head}.{self.body}.{'A' * 6000}"
        yield "huge header", f"{encode({**self.header, 'pad': 'a' * 4000})}.{self.body}.{self.mark}"
        yield "no JSON", f"{encode(b'{')}.{self.body}.{self.mark}"
        yield "JSON nested deeply", f"{encode(b'[' * 2000)}.{self.body}.{self.mark}"
        yield "dots alone", ".."
        yield "base64 with padding", f"{self.head}=.{self.body}.{self.mark}"
        yield "the signature malleated", f"{self.head}.{self.body}.{encode(self.malleated())}"
        yield "a session cookie's form", json.dumps({"access_token": self.good})

    def malleated(self):
        """The same signature with S + L, which a lax verifier takes as well (RFC 8032 section 5.1.7)."""
        mark, order = decode(self.mark), 2**252 + 27742317777372353535851937790883648493
        return mark[:32] + ((int.from_bytes(mark[32:], "little") + order) % 2**256).to_bytes(32, "little")

    def by_our_key(self):
        now = int(time.time())
        for name, claims in {
            "expired a second ago": {"exp": now - 1}, "expired long ago": {"exp": 1}, "exp negative": {"exp": -1},
            "exp as text": {"exp": str(now + 900)}, "exp null": {"exp": None}, "nbf in the future": {"nbf": now + 600},
            "other issuer": {"iss": "https://elsewhere.example"}, "issuer null": {"iss": None},
            "other audience": {"aud": "somebody-else"}, "production's audience": {"aud": "azukari-production"},
            "no such session": {"sid": "session_01k30dwqgzfgx9p7jfdwpht7gg"}, "session null": {"sid": None},
            "somebody else's session": {"sub": "member_01k30dwqgzfgx9p7jfdwpht7gg"},
            "a job as subject": {"sub": "job_01k30dwqgzfgx9p7jfdwpht7gg"}, "SQL as subject": {"sub": "' OR 1=1 --"},
        }.items():
            yield f"our key, {name}", self.by(self.key, payload=claims)
        for claim in ("exp", "iss", "aud", "sub", "sid"):
            without = {name: value for name, value in self.payload.items() if name != claim}
            yield f"our key, without {claim}", signed(self.header, without, self.key.sign)
        yield "our key, wrong typ", self.by(self.key, {"typ": "refresh+jwt"})
        yield "our key, without kid", signed({"alg": "EdDSA", "typ": "JWT"}, self.payload, self.key.sign)
        yield "our key, critical extension", self.by(self.key, {"crit": ["x"], "x": 1})
        yield "our key, payload not encoded", self.by(self.key, {"b64": False, "crit": ["b64"]})

    def all(self):
        for kind in (self.unsigned, self.confused, self.foreign_keys, self.changed, self.by_our_key):
            yield from kind()


def ask(url, header):
    answer = requests.get(f"{url}/v1/me", headers={"Authorization": header}, timeout=20)
    told = answer.json() if "json" in answer.headers.get("Content-Type", "") else {}
    return answer.status_code, told.get("code")


def main():
    tried = findings = 0

    def refused(name, header, code="invalid_token"):
        nonlocal tried, findings
        tried += 1
        found = ask(program.url, header)
        if found != (401, code):
            findings += 1
            print(f"{name}: answered {found[0]} {found[1]}", file=sys.stderr)

    with served("sqlite", {"AZUKARI_SECRET": SECRET}) as program:
        market = Market(program.url, program.staff)
        person, other = market.member(), market.member()
        keys = {key["kid"]: key["x"] for key in market.get("/.well-known/jwks.json")["keys"]}
        forger = Forger(person.access, keys[json.loads(decode(person.access.split(".")[0]))["kid"]])
        control = ask(program.url, f"Bearer {forger.by(forger.key)}")
        if control[0] != 200:
            raise SystemExit(f"the judge does not sign as the program does: {control}")
        for name, token in forger.all():
            refused(name, f"Bearer {token}")
        refused("a refresh token", f"Bearer {person.refresh}")
        for scheme in ("Basic", "Token", "Bearer Bearer", "JWT"):
            refused(f"scheme {scheme}", f"{scheme} {person.access}")
        market.call("DELETE", "/v1/sessions/current", other)
        refused("token of a revoked session", f"Bearer {other.access}")
        with served("sqlite") as elsewhere:
            refused("token of another server", f"Bearer {Market(elsewhere.url, None).member().access}")
        if ask(program.url, f"Bearer {person.access}")[0] != 200:
            findings += 1
            print("the good token does not work any more", file=sys.stderr)
    print(f"{tried} forgeries, {tried - findings} answered 401 with their code")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
