"""A marketplace to be judged: people, and one of every resource in whatever state an operation needs."""

import collections
import datetime
import re
import time
import uuid

import requests

PASSWORD = "correct horse battery staple"
ACCOUNT = {"bank_code": "0005", "branch_code": "101", "account_type": "ordinary", "number": "1234567",
           "holder": "ヤマダ ハナコ"}
FAREWELL = {"reason": "other", "consent": True, "acknowledged_warnings": []}
Person = collections.namedtuple("Person", "email password access refresh")
Deal = collections.namedtuple("Deal", "client worker contract milestones")


def yen(amount):
    return {"amount": amount, "currency": "JPY"}


class Elsewhere(requests.adapters.HTTPAdapter):
    """Calls from an address of its own, because whoever guesses passwords makes all at the same address wait."""

    def init_poolmanager(self, *args, **more):
        super().init_poolmanager(*args, source_address=("127.0.0.2", 0), **more)


def elsewhere():
    session = requests.Session()
    session.mount("http://", Elsewhere())
    return session


class Market:
    """Calls the API as its people. Every id that it meets is kept in `known`, by prefix."""

    def __init__(self, url, staff):
        self.url, self.http, self.people = url, elsewhere(), {}
        self.known = collections.defaultdict(list)
        for role in ("support", "support2", "finance", "finance2", "admin") if staff else ():
            self.people[role] = self.log_in(staff[f"{role.upper()}_EMAIL"], staff[f"{role.upper()}_PASSWORD"])

    def call(self, method, path, by=None, body=None):
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        if by:
            headers["Authorization"] = f"Bearer {by.access}"
        answer = self.http.request(method, self.url + path, json=body, headers=headers, timeout=30)
        while answer.status_code == 429:
            # The fuzzer has guessed the password of this account too often.
            time.sleep(int(answer.headers["Retry-After"]))
            answer = self.http.request(method, self.url + path, json=body, headers=headers, timeout=30)
        if not answer.ok:
            raise RuntimeError(f"{method} {path} answered {answer.status_code}: {answer.text}")
        told = answer.json() if answer.content else {}
        for name, value in told.items():
            if name == "id" or name.endswith("_id"):
                self.remember(value)
        return told

    def get(self, path, by=None):
        return self.call("GET", path, by)

    def post(self, path, by=None, body=None):
        return self.call("POST", path, by, body)

    def refused(self, path, body):
        """What is told to whoever asks for what takes one more step."""
        answer = self.http.post(self.url + path, json=body, timeout=30)
        if answer.ok:
            raise RuntimeError(f"POST {path} was not refused: {answer.text}")
        return answer.json()

    def remember(self, value):
        if isinstance(value, str) and (kind := re.fullmatch(r"([a-z]+)_[0-7][0-9a-z]{25}", value)):
            self.known[kind[1]].append(value)

    # People

    def log_in(self, email, password=PASSWORD):
        tokens = self.post("/v1/sessions", None, {"email": email, "password": password})
        return Person(email, password, tokens["access_token"], tokens["refresh_token"])

    def registered(self):
        """An address, and the token that was mailed to it."""
        email = f"judge-{uuid.uuid4()}@example.com"
        terms = self.get("/version")["terms_version"]
        self.post("/v1/accounts", None, {"email": email, "password": PASSWORD, "display_name": "Hanako",
                                         "kind": "individual", "terms_version": terms})
        mails = self.get(f"/v1/test-mailbox?recipient={email}")["items"]
        return email, re.search(r"azc_[\w-]+", mails[0]["body"])[0]

    def member(self):
        email, token = self.registered()
        self.post("/v1/accounts/confirm-email", None, {"token": token})
        return self.log_in(email)

    def person(self, name):
        """Somebody of the market or of staff; the same at every call."""
        if name not in self.people:
            self.people[name] = self.member()
            if name in ("worker", "holder"):
                self.call("PUT", "/v1/me/bank-account", self.people[name], ACCOUNT)
        return self.people[name]

    # Time

    def today(self, plus=0):
        now = datetime.datetime.fromisoformat(self.get("/v1/test-clock")["now_at"])
        return (now + datetime.timedelta(hours=9, days=plus)).date().isoformat()

    def soon(self, **ahead):
        now = datetime.datetime.fromisoformat(self.get("/v1/test-clock")["now_at"])
        return (now + datetime.timedelta(**ahead)).isoformat().replace("+00:00", "Z")

    def advance(self, days):
        self.post("/v1/test-clock/advance", None, {"to_at": self.soon(days=days, seconds=1)})

    # Work

    def job(self, status="open", client=None):
        body = {"title": "Translate a page", "description": "About 3,000 characters.", "category": "translation",
                "length": "one_off", "status": status}
        return self.post("/v1/jobs", client or self.person("client"), body)["id"]

    def offer(self, amounts=(10_000,)):
        parts = [{"title": f"Part {number}", "amount": yen(amount), "due_on": self.today(14 * number)}
                 for number, amount in enumerate(amounts, 1)]
        return {"terms": {"milestones": parts}, "message": "Gladly."}

    def proposal(self, client=None, worker=None, amounts=(10_000,)):
        job = self.job(client=client)
        return self.post(f"/v1/jobs/{job}/proposals", worker or self.person("worker"), self.offer(amounts))["id"]

    def deal(self, amounts=(10_000,), client=None, worker=None):
        client, worker = client or self.person("client"), worker or self.person("worker")
        proposal = self.proposal(client, worker, amounts)
        contract = self.post(f"/v1/proposals/{proposal}/accept", client, {"round": 1})
        milestones = [part["id"] for part in contract["milestones"]]
        self.known["milestone"] += milestones
        return Deal(client, worker, contract["id"], milestones)

    def unpaid(self, method="card", client=None):
        """A deal whose first milestone waits for a payment, whatever its client has already."""
        client = client or self.person("client")
        free = self.get("/v1/me/balance", client)["client_funds_available"]["amount"]
        deal = self.deal((free + 10_000,), client)
        started = self.post(f"/v1/milestones/{deal.milestones[0]}/start-funding", client, {"method": method})
        self.known["payment"].append(started["payments"][0]["id"])
        return deal, started["payments"][0]

    def fund(self, deal, place=0):
        started = self.post(f"/v1/milestones/{deal.milestones[place]}/start-funding", deal.client, {"method": "card"})
        if started["status"] == "funding":
            payment = started["payments"][0]["id"]
            self.known["payment"].append(payment)
            self.post(f"/v1/payments/{payment}/pay", deal.client, {"card_token": "tok_succeeds"})
        return deal

    def funded(self, amounts=(10_000,)):
        return self.fund(self.deal(amounts))

    def delivered(self, amounts=(10_000,)):
        """A deal, and the delivery of its first milestone."""
        deal = self.funded(amounts)
        told = self.post(f"/v1/milestones/{deal.milestones[0]}/deliver", deal.worker, {"message": "Here it is."})
        return deal, told["delivery_id"]

    def accepted(self, amounts=(10_000,)):
        deal, delivery = self.delivered(amounts)
        self.post(f"/v1/milestones/{deal.milestones[0]}/accept", deal.client, {"delivery_id": delivery})
        return deal

    def cancellation(self, deal, share=10_000):
        shares = [{"milestone_id": deal.milestones[0], "worker_share": yen(share)}]
        body = {"reason": "Our plans have changed.", "shares": shares}
        return self.post(f"/v1/contracts/{deal.contract}/cancellation-requests", deal.client, body)["id"]

    def dispute(self, answered=False):
        deal, _ = self.delivered()
        body = {"reason": "not_as_agreed", "claim": "Half of it is missing."}
        dispute = self.post(f"/v1/milestones/{deal.milestones[0]}/dispute", deal.client, body)["id"]
        if answered:
            self.post(f"/v1/disputes/{dispute}/answer", deal.worker, {"answer": "It was out of scope."})
        return dispute

    # Money

    def payout(self):
        """2,000 yen that the worker has asked for."""
        return self.post("/v1/payouts", self.person("worker"), self.wish())

    def wish(self):
        """What the worker, who has earned enough, asks for; a bank that refused them is told better."""
        worker = self.accepted((12_500,)).worker
        account = self.get("/v1/me/bank-account", worker)
        if account["status"] == "failing":
            account = self.call("PUT", "/v1/me/bank-account", self.log_in(worker.email), ACCOUNT)
        return {"kind": "quick", "amount": yen(2_000), "bank_account_version": account["version"]}

    def batch(self, send=False):
        """A batch with a payout in it; answers both ids."""
        payout, finance = self.payout(), self.person("finance")
        batch = self.post("/v1/admin/payout-batches", finance, {"pay_on": payout["pay_on"]})["id"]
        if send:
            self.post(f"/v1/admin/payout-batches/{batch}/send", finance)
        return batch, payout["id"]

    def settlement(self):
        return {"bank_reference": uuid.uuid4().hex, "value_on": self.today()}

    def receipt(self, amount, reference=None):
        body = {"bank_reference": uuid.uuid4().hex, "sender": "ヤマダ", "amount": yen(amount), "received_on": self.today()}
        return body | ({"transfer_reference": reference} if reference else {})

    def refundable(self, client):
        """A payment by bank transfer of which everything may go back."""
        self.call("PUT", "/v1/me/bank-account", client, ACCOUNT)
        deal, payment = self.unpaid("bank_transfer", client)
        line = self.receipt(payment["amount"]["amount"], payment["transfer_reference"])
        self.post("/v1/admin/bank-receipts", self.person("finance"), line)
        request = self.cancellation(deal, 0)
        self.post(f"/v1/cancellation-requests/{request}/consent", deal.worker)
        return {"payment_id": payment["id"], "amount": yen(1_000)}

    def refund(self):
        client = self.member()
        return self.post("/v1/refunds", client, self.refundable(client))["id"]

    def left(self):
        """The address of somebody who has just left."""
        member = self.member()
        self.post("/v1/me/withdrawal", member, FAREWELL)
        return member.email
