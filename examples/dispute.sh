#!/usr/bin/env bash
# Disagreeing: once the two settle by themselves, once two of staff rule.
#
# usage: examples/dispute.sh http://127.0.0.1:8080, with SUPPORT and SUPPORT2 of its staff in the environment
set -euo pipefail
# shellcheck source=examples/lib.sh
source "$(dirname "$0")/lib.sh"
needs_staff SUPPORT SUPPORT2

# share YEN : what the worker is to get.
share() {
    printf '{"worker_share": %s}' "$(yen "$1")"
}

# open_dispute : the client disputes what the worker has delivered for 10,000 yen; sets MILESTONE and DISPUTE.
open_dispute() {
    agree 10000; MILESTONE="$(milestone 1)"
    fund_by_card "$MILESTONE"
    TOKEN="$WORKER"; deliver "$MILESTONE" >/dev/null
    TOKEN="$CLIENT"
    DISPUTE="$(call POST "/v1/milestones/$MILESTONE/dispute" \
        '{"reason": "not_as_agreed", "claim": "Half of the page is missing."}' | jq -r .id)"
}

# dispute : where DISPUTE stands.
dispute() {
    call GET "/v1/disputes/$DISPUTE" | jq -r .status
}

say "The client disagrees with a delivery. Silence no longer accepts it."
open_dispute
call GET "/v1/milestones/$MILESTONE" | jq -c '{status, escrow_status, auto_accept_at}'
expect open "$(dispute)"

say "The worker answers, and offers to take 7,000."
TOKEN="$WORKER"
call POST "/v1/disputes/$DISPUTE/answer" '{"answer": "The rest was out of scope."}' | jq -c '{status, negotiation_ends_at, allowed_actions}'
call POST "/v1/disputes/$DISPUTE/offer" "$(share 7000)" | jq -c .offer

say "The client offers 6,000 instead. Whoever accepts names the share, so that no other offer is accepted unseen."
TOKEN="$CLIENT"; call POST "/v1/disputes/$DISPUTE/offer" "$(share 6000)" | jq -c .offer
TOKEN="$WORKER"; refused 409 stale_offer POST "/v1/disputes/$DISPUTE/settle" "$(share 7000)"

say "The worker accepts 6,000: less the fee of 1,200 it is earned, 4,000 go back to the client."
call POST "/v1/disputes/$DISPUTE/settle?preview=true" "$(share 6000)" | jq -c '.preview.entries[0].lines[]'
call POST "/v1/disputes/$DISPUTE/settle" "$(share 6000)" | jq -c '{status, worker_share}'
call GET "/v1/milestones/$MILESTONE" | jq -c '{status, escrow_status, release}'
expect 4800 "$(earnings)"
TOKEN="$CLIENT"
expect 4000 "$(call GET /v1/me/balance | jq -r .client_funds_available.amount)"

say "Another dispute. The worker is silent for five days, the two do not agree in seven more: staff mediate."
open_dispute
advance 5
expect negotiating "$(dispute)"
advance 7
expect mediation "$(dispute)"

say "One of support finds it on the worklist, and writes a ruling. The parties do not see it yet."
log_in_staff SUPPORT
call GET "/v1/admin/worklist?limit=100" | jq -c --arg id "$DISPUTE" '.items[] | select(.id == $id)'
call POST "/v1/admin/disputes/$DISPUTE/propose-ruling" "$(jq '. + {reasoning: "Half was delivered."}' <<<"$(share 5000)")" | jq -c .ruling
refused 409 four_eyes POST "/v1/admin/disputes/$DISPUTE/rule" "$(share 5000)"
TOKEN="$WORKER"
expect null "$(call GET "/v1/disputes/$DISPUTE" | jq -r .ruling)"

say "Another of support confirms it: 5,000 less the fee of 1,000 is earned, 5,000 go back."
log_in_staff SUPPORT2
call POST "/v1/admin/disputes/$DISPUTE/rule" "$(share 5000)" | jq -c '{status, worker_share}'
TOKEN="$WORKER"
call GET "/v1/disputes/$DISPUTE" | jq -c '{status, ruling: .ruling.reasoning}'
expect 4000 "$(earnings)"
TOKEN="$CLIENT"
expect 5000 "$(call GET /v1/me/balance | jq -r .client_funds_available.amount)"
expect ended "$(call GET "/v1/contracts/$CONTRACT" | jq -r .status)"

say "Done."
