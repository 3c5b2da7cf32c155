"""What each operation needs to succeed: who calls it, and with which id and body. What is not here needs nothing."""

import uuid

import accounts
import apps
import social
from market import ACCOUNT, FAREWELL, PASSWORD, yen

# Members who call what the client does not.
SIDES = {
    **dict.fromkeys(("submit_proposal", "retract_proposal", "deliver", "consent", "refuse", "answer_dispute", "offer",
                     "leave", "write_note", "request_payout", "cancel_payout", "read_payout"), "worker"),
    **dict.fromkeys(("put_bank_account", "read_bank_account", "delete_bank_account"), "holder"),
    "request_refund": "payer", "read_refund": "payer",
}


class Pools:
    """What only time makes: made once, and taken one by one."""

    def __init__(self, market, role):
        self.paused, self.mediated = [], []
        if role == "member":
            self.paused = [market.accepted((10_000, 20_000)).contract for _ in range(6)]
            market.advance(3)
            market.advance(7)
        if role == "support":
            self.mediated = [market.dispute() for _ in range(12)]
            market.advance(5)
            market.advance(7)


def of(path_id=None, body=None, **more):
    return {"id": path_id, "body": body, **more}


def delivered(market):
    deal, delivery = market.delivered()
    return of(deal.milestones[0], {"delivery_id": delivery})


def changes(market):
    deal, _ = market.delivered()
    return of(deal.milestones[0], {"reason": "Too formal.", "due_on": market.today(10)})


def disputed(market):
    deal, _ = market.delivered()
    return of(deal.milestones[0], {"reason": "not_as_agreed", "claim": "Half of it is missing."})


def declined(market):
    deal, payment = market.unpaid()
    market.post(f"/v1/payments/{payment['id']}/pay", deal.client, {"card_token": "tok_declined"})
    return of(deal.milestones[0], {"method": "card"})


def asked(market):
    deal = market.funded()
    shares = [{"milestone_id": deal.milestones[0], "worker_share": yen(10_000)}]
    return of(deal.contract, {"reason": "Our plans have changed.", "shares": shares})


def offered(market):
    dispute = market.dispute(answered=True)
    market.post(f"/v1/disputes/{dispute}/offer", market.person("worker"), {"worker_share": yen(10_000)})
    return of(dispute, {"worker_share": yen(10_000)})


def unmatched(market):
    _, payment = market.unpaid("bank_transfer")
    line = market.receipt(payment["amount"]["amount"])
    receipt = market.post("/v1/admin/bank-receipts", market.person("finance"), line)["id"]
    return of(receipt, {"payment_id": payment["id"]})


def override(market):
    date = market.today(100)
    market.call("PUT", f"/v1/admin/calendar-overrides/{date}", market.person("finance"),
                {"is_business_day": False, "note": "Maintenance"})
    return of(date=date)


def held(market):
    payout = market.payout()["id"]
    market.post(f"/v1/admin/payouts/{payout}/hold", market.person("finance"), {"reason": "A court asks."})
    return of(payout, {})


def paid(market):
    _, payout = market.batch(send=True)
    market.post(f"/v1/admin/payouts/{payout}/pay", market.person("finance"), market.settlement())
    return of(payout, {"reason": "The account is closed", **market.settlement()})


def proposed(market, pools):
    dispute = pools.mediated.pop()
    market.post(f"/v1/admin/disputes/{dispute}/propose-ruling", market.person("support2"),
                {"worker_share": yen(5_000), "reasoning": "Half was delivered."})
    return of(dispute, {"worker_share": yen(5_000)})


def bank_account(market):
    market.call("PUT", "/v1/me/bank-account", market.person("holder"), ACCOUNT)
    return of(body=ACCOUNT)


def logged_in(market):
    return of(body={"email": market.person("client").email, "password": PASSWORD})


def joining(market):
    terms = market.get("/version")["terms_version"]
    return of(body={"email": f"{uuid.uuid4()}@example.com", "password": PASSWORD, "display_name": "Hanako",
                    "kind": "individual", "terms_version": terms})


def refunded(market):
    payer = market.person("payer")
    return of(market.post("/v1/refunds", payer, market.refundable(payer))["id"])


def entry():
    lines = [{"account": "bank_fee", "side": "debit", "amount": yen(1_100)},
             {"account": "bank", "side": "credit", "amount": yen(1_100)}]
    return {"reason": "The bank's monthly fee.", "lines": lines}


def drafted(market, body):
    return of(market.post("/v1/admin/manual-entries", market.person("finance2"), entry())["id"], body)


def colleague(market):
    somebody = market.member()
    return of(market.get("/v1/me", somebody)["id"], {"role": "moderator", "reason": "Joins the team."})


def in_wrong_hands(market):
    return of(market.get("/v1/me", market.member())["id"], {"reason": "Her phone was stolen."})


REASON = {"reason": "No such account"}

# By operation: in whose run, and how. `None` is in every run.
RECIPES = {
    # Everybody
    "register": (None, lambda m, _: joining(m)),
    "confirm_email": (None, lambda m, _: of(body={"token": m.registered()[1]})),
    "log_in": (None, lambda m, _: logged_in(m)),
    "refresh": (None, lambda m, _: of(body={"refresh_token": m.log_in(m.person("client").email).refresh})),
    "read_job": (None, lambda m, _: of(m.job())),
    "test_mailbox": (None, lambda m, _: of(query={"recipient": m.person("client").email})),
    "quote_fee": (None, lambda m, _: of(query={"amount": 10_000, "currency": "JPY"})),
    "quote_payout": (None, lambda m, _: of(query={"amount": 10_000})),
    # Members
    "post_job": ("member", lambda m, _: of()),
    "publish_job": ("member", lambda m, _: of(m.job("draft"))),
    "cancel_job": ("member", lambda m, _: of(m.job())),
    "list_job_proposals": ("member", lambda m, _: of(m.job())),
    "submit_proposal": ("member", lambda m, _: of(m.job(), m.offer())),
    "read_proposal": ("member", lambda m, _: of(m.proposal())),
    "sign": ("member", lambda m, _: of(m.proposal(), {"round": 1})),
    "counter_proposal": ("member", lambda m, _: of(m.proposal(), {"round": 1, **m.offer((9_000,))})),
    "decline_proposal": ("member", lambda m, _: of(m.proposal(), {"round": 1})),
    "retract_proposal": ("member", lambda m, _: of(m.proposal(), {"round": 1})),
    "read_contract": ("member", lambda m, _: of(m.deal().contract)),
    "leave": ("member", lambda m, pools: of(pools.paused.pop(), {})),
    "list_notes": ("member", lambda m, _: of(m.deal().contract)),
    "write_note": ("member", lambda m, _: of(m.funded().contract, {"body": "Half of it is done."})),
    "list_cancellation_requests": ("member", lambda m, _: of(m.deal().contract)),
    "list_contract_disputes": ("member", lambda m, _: of(m.deal().contract)),
    "request_cancellation": ("member", lambda m, _: asked(m)),
    "read_cancellation_request": ("member", lambda m, _: of(m.cancellation(m.funded()))),
    "consent": ("member", lambda m, _: of(m.cancellation(m.funded()), {})),
    "refuse": ("member", lambda m, _: of(m.cancellation(m.funded()), {})),
    "retract": ("member", lambda m, _: of(m.cancellation(m.funded()), {})),
    "read_milestone": ("member", lambda m, _: of(m.deal().milestones[0])),
    "start_funding": ("member", lambda m, _: of(m.deal().milestones[0], {"method": "card"})),
    "add_payment": ("member", lambda m, _: declined(m)),
    "read_payment": ("member", lambda m, _: of(m.unpaid()[1]["id"])),
    "pay": ("member", lambda m, _: of(m.unpaid()[1]["id"], {"card_token": "tok_succeeds"})),
    "deliver": ("member", lambda m, _: of(m.funded().milestones[0], {"message": "Here it is."})),
    "accept": ("member", lambda m, _: delivered(m)),
    "request_changes": ("member", lambda m, _: changes(m)),
    "open_dispute": ("member", lambda m, _: disputed(m)),
    "read_dispute": ("member", lambda m, _: of(m.dispute())),
    "answer_dispute": ("member", lambda m, _: of(m.dispute(), {"answer": "It was out of scope."})),
    "offer": ("member", lambda m, _: of(m.dispute(answered=True), {"worker_share": yen(9_000)})),
    "settle": ("member", lambda m, _: offered(m)),
    "put_bank_account": ("member", lambda m, _: of(body=ACCOUNT)),
    "read_bank_account": ("member", lambda m, _: bank_account(m)),
    "delete_bank_account": ("member", lambda m, _: bank_account(m)),
    "request_payout": ("member", lambda m, _: of(body=m.wish())),
    "read_payout": ("member", lambda m, _: of(m.payout()["id"])),
    "cancel_payout": ("member", lambda m, _: of(m.payout()["id"], {})),
    "request_refund": ("member", lambda m, _: of(body=m.refundable(m.person("payer")))),
    "read_refund": ("member", lambda m, _: refunded(m)),
    "leave_for_good": ("member", lambda m, _: of(body=FAREWELL)),
    **accounts.RECIPES,
    **apps.RECIPES,
    **social.RECIPES,
    # Support
    "propose_ruling": ("support", lambda m, pools: of(pools.mediated.pop(),
                                                      {"worker_share": yen(5_000), "reasoning": "Half was delivered."})),
    "rule": ("support", proposed),
    "readmit": ("support", lambda m, _: of(body={"email": m.left()})),
    # Finance
    "record_receipt": ("finance", lambda m, _: of(body=m.receipt(1_000))),
    "read_receipt": ("finance", lambda m, _: of(unmatched(m)["id"])),
    "match_receipt": ("finance", lambda m, _: unmatched(m)),
    "put_override": ("finance", lambda m, _: of(date=m.today(200))),
    "delete_override": ("finance", lambda m, _: override(m)),
    "prepare_batch": ("finance", lambda m, _: of(body={"pay_on": m.payout()["pay_on"]})),
    "read_batch": ("finance", lambda m, _: of(m.batch()[0])),
    "list_batch_payouts": ("finance", lambda m, _: of(m.batch()[0])),
    "send_batch": ("finance", lambda m, _: of(m.batch()[0], {})),
    "settle_batch": ("finance", lambda m, _: of(m.batch(send=True)[0], m.settlement())),
    "hold_payout": ("finance", lambda m, _: of(m.payout()["id"], REASON)),
    "cancel_payout_by_staff": ("finance", lambda m, _: of(m.payout()["id"], REASON)),
    "resume_payout": ("finance", lambda m, _: held(m)),
    "enter_payment": ("finance", lambda m, _: of(m.batch(send=True)[1], m.settlement())),
    "enter_failure": ("finance", lambda m, _: of(m.batch(send=True)[1], REASON)),
    "enter_return": ("finance", lambda m, _: paid(m)),
    "fail_refund": ("finance", lambda m, _: of(m.refund(), REASON)),
    "draft_manual_entry": ("finance", lambda m, _: of(body=entry())),
    "read_manual_entry": ("finance", lambda m, _: drafted(m, None)),
    "approve_manual_entry": ("finance", lambda m, _: drafted(m, {})),
    "reject_manual_entry": ("finance", lambda m, _: drafted(m, REASON)),
    "settle_refund": ("finance", lambda m, _: of(m.refund(), {"reference": uuid.uuid4().hex, "value_on": m.today()})),
    # Admin
    "change_role": ("admin", lambda m, _: colleague(m)),
    "end_sessions": ("support", lambda m, _: in_wrong_hands(m)),
}
