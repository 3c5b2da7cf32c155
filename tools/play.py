#!/usr/bin/env python3
"""Plays the main job with the client that openapi-python-client makes of openapi.yaml.

usage: tools/play.py CLIENT-FOLDER http://127.0.0.1:8080

A client and a worker join, agree, and the worker is paid: 10,000 yen leave 8,000. Nothing here reads JSON by itself;
whatever the specification says wrongly fails.
"""

import datetime
import re
import sys
import uuid

sys.path.insert(0, sys.argv[1])

from azukari_client import AuthenticatedClient, Client
from azukari_client.api.access import confirm_email, log_in, me, register
from azukari_client.api.market import list_jobs, post_job, submit_proposal
from azukari_client.api.money import balance, pay, quote_fee
from azukari_client.api.platform import events, version
from azukari_client.api.sandbox import test_mailbox
from azukari_client.api.work import accept, deliver, read_contract, read_milestone, sign, start_funding
from azukari_client.models import (
    Acceptance,
    CardPost,
    CardPostCardToken,
    Category,
    ContractState,
    Currency,
    DeliveryPost,
    EmailConfirmation,
    EscrowState,
    FundingStart,
    JobLength,
    JobPost,
    LogIn,
    MemberKind,
    MilestoneState,
    MilestoneTerms,
    Money,
    Offer,
    PaymentMethod,
    PaymentState,
    Problem,
    Registration,
    Signature,
    TermsOffer,
)

BASE = sys.argv[2]
PASSWORD = "correct horse battery staple"


def done(answer):
    """An answer that is neither a problem nor anything undocumented."""
    assert answer is not None and not isinstance(answer, Problem), answer
    return answer


def key():
    return str(uuid.uuid4())


def join(anyone, name):
    """Registers, confirms with the mailed token, and logs in."""
    email = f"{name}-{uuid.uuid4()}@example.com"
    terms = done(version.sync(client=anyone)).terms_version
    account = Registration(
        email=email, password=PASSWORD, display_name=name, kind=MemberKind.INDIVIDUAL, terms_version=terms
    )
    done(register.sync(client=anyone, body=account))
    mails = done(test_mailbox.sync(client=anyone, recipient=email)).items
    token = re.search(r"azc_[\w-]+", mails[0].body).group()
    done(confirm_email.sync(client=anyone, body=EmailConfirmation(token=token)))
    tokens = done(log_in.sync(client=anyone, body=LogIn(email=email, password=PASSWORD)))
    return AuthenticatedClient(base_url=BASE, token=tokens.access_token)


def agree(client, worker):
    """A job, a proposal and its acceptance: the signed contract."""
    job = done(
        post_job.sync(
            client=client,
            body=JobPost(
                title="Translate a page",
                description="About 3,000 characters.",
                category=Category.TRANSLATION,
                length=JobLength.ONE_OFF,
            ),
        )
    )
    assert job.id in [found.id for found in done(list_jobs.sync(client=worker)).items]
    due_on = datetime.date.today() + datetime.timedelta(days=3650)
    part = MilestoneTerms(title="All of it", amount=Money(amount=10_000, currency=Currency.JPY), due_on=due_on)
    offer = Offer(terms=TermsOffer(milestones=[part]), message="Gladly.")
    proposal = done(submit_proposal.sync(job.id, client=worker, body=offer))
    return done(sign.sync(proposal.id, client=client, body=Signature(round_=proposal.round_), idempotency_key=key()))


def fund(client, milestone):
    """Pays by card, so that the money is held."""
    by_card = FundingStart(method=PaymentMethod.CARD)
    started = done(start_funding.sync(milestone, client=client, body=by_card, idempotency_key=key()))
    assert started.status == MilestoneState.FUNDING
    payment = done(read_milestone.sync(milestone, client=client)).payments[0]
    card = CardPost(card_token=CardPostCardToken.TOK_SUCCEEDS)
    paid = done(pay.sync(payment.id, client=client, body=card, idempotency_key=key()))
    assert paid.status == PaymentState.SUCCEEDED
    assert done(read_milestone.sync(milestone, client=client)).escrow_status == EscrowState.FUNDED


def work(client, worker, milestone):
    """Hands over and accepts, after a look at what accepting would do."""
    handover = DeliveryPost(message="Here it is.")
    delivery = done(deliver.sync(milestone, client=worker, body=handover, idempotency_key=key())).delivery_id
    acceptance = Acceptance(delivery_id=delivery)
    preview = done(accept.sync(milestone, client=client, body=acceptance, preview=True, idempotency_key=key()))
    assert sum(line.amount for line in preview.preview.entries[0].lines) == 0
    accepted = done(accept.sync(milestone, client=client, body=acceptance, idempotency_key=key()))
    assert accepted.status == MilestoneState.ACCEPTED
    again = accept.sync(milestone, client=client, body=acceptance, idempotency_key=key())
    assert isinstance(again, Problem) and again.code == "action_refused", again
    return accepted.release


def main():
    anyone = Client(base_url=BASE)
    client, worker = join(anyone, "client"), join(anyone, "worker")
    assert done(me.sync(client=worker)).display_name == "worker"
    contract = agree(client, worker)
    milestone = contract.milestones[0].id
    fund(client, milestone)
    release = work(client, worker, milestone)
    assert release.net == done(quote_fee.sync(client=anyone, amount=10_000, currency=Currency.JPY)).net
    assert done(read_contract.sync(contract.id, client=worker)).status == ContractState.ENDED
    earned = done(balance.sync(client=worker)).earnings
    assert (earned.amount, earned.currency) == (8_000, Currency.JPY), earned
    assert "escrow.released" in [event.kind for event in done(events.sync(client=worker, limit=100)).items]
    print("The generated client has played the main job: 8,000 yen earned.")


main()
