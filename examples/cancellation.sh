#!/usr/bin/env bash
# Ending a contract before the work is done: shares that both sides agree on, to the yen, and what silence does instead.
#
# usage: examples/cancellation.sh http://127.0.0.1:8080
set -euo pipefail
# shellcheck source=examples/lib.sh
source "$(dirname "$0")/lib.sh"

# share POSITION YEN : what the worker is to get of a milestone of CONTRACT.
share() {
    jq -n --arg milestone "$(milestone "$1")" --argjson share "$(yen "$2")" '{milestone_id: $milestone, worker_share: $share}'
}

# ask SHARE... : the caller asks to end CONTRACT; prints the request.
ask() {
    call POST "/v1/contracts/$CONTRACT/cancellation-requests" \
        "$(jq -s '{reason: "Our plans have changed.", shares: .}' <<<"$*")"
}

# milestones : where the milestones of CONTRACT and their money are, in short.
milestones() {
    call GET "/v1/contracts/$CONTRACT" | jq -r '[.milestones[] | "\(.status) \(.escrow_status)"] | join(", ")'
}

say "Half of the work is done when the client's plans change: 10,000 are held, 20,000 are not funded yet."
agree 10000 20000; FIRST="$(milestone 1)"
fund_by_card "$FIRST"

say "Every open milestone needs a share, and none more than is held for it."
refused 422 shares_refused POST "/v1/contracts/$CONTRACT/cancellation-requests" \
    "$(jq -s '{reason: "Our plans have changed.", shares: .}' <<<"$(share 1 10001) $(share 2 0)")"

say "The client offers 6,000 for what is done."
REQUEST="$(ask "$(share 1 6000)" "$(share 2 0)" | jq -r .id)"
call GET "/v1/cancellation-requests/$REQUEST" | jq -c '{status, respond_by, allowed_actions}'
refused 403 not_permitted POST "/v1/cancellation-requests/$REQUEST/consent"

say "The worker previews consenting: the exact entry (debits are positive), nothing changed."
TOKEN="$WORKER"
call POST "/v1/cancellation-requests/$REQUEST/consent?preview=true" | jq -c '.preview.entries[0].lines[]'
expect requested "$(call GET "/v1/cancellation-requests/$REQUEST" | jq -r .status)"

say "The worker consents: 6,000 less the fee of 1,200 is earned, 4,000 go back, the contract ends."
call POST "/v1/cancellation-requests/$REQUEST/consent" | jq -c '{status, shares}'
expect "accepted split, canceled void" "$(milestones)"
expect ended "$(call GET "/v1/contracts/$CONTRACT" | jq -r .status)"
expect 4800 "$(earnings)"
TOKEN="$CLIENT"
expect 4000 "$(call GET /v1/me/balance | jq -r .client_funds_available.amount)"

say "Another contract. The worker asks, the client refuses: the work goes on."
agree 10000; FIRST="$(milestone 1)"
fund_by_card "$FIRST"
TOKEN="$WORKER"; REQUEST="$(ask "$(share 1 5000)" | jq -r .id)"
refused 409 already_requested POST "/v1/contracts/$CONTRACT/cancellation-requests" \
    "$(jq -s '{reason: "Again.", shares: .}' <<<"$(share 1 0)")"
TOKEN="$CLIENT"; call POST "/v1/cancellation-requests/$REQUEST/refuse" | jq -c '{status}'
expect "funded funded" "$(milestones)"

say "The client asks in turn, and nobody answers for seven days. The worker has shown nothing: the money goes back."
REQUEST="$(ask "$(share 1 0)" | jq -r .id)"
advance 7
expect lapsed "$(call GET "/v1/cancellation-requests/$REQUEST" | jq -r .status)"
expect "canceled refunded" "$(milestones)"
expect 10000 "$(call GET /v1/me/balance | jq -r .client_funds_available.amount)"

say "The same again, but the worker has written how the work goes: silence is no consent, it becomes a dispute."
agree 10000; FIRST="$(milestone 1)"
fund_by_card "$FIRST"
TOKEN="$WORKER"; call POST "/v1/contracts/$CONTRACT/progress-notes" '{"body": "Half of it is done."}' >/dev/null
TOKEN="$CLIENT"; REQUEST="$(ask "$(share 1 0)" | jq -r .id)"
advance 7
expect "disputed funded" "$(milestones)"
call GET "/v1/contracts/$CONTRACT/disputes" | jq -c '.items[0] | {status, reason, held, respond_by}'
expect cancellation_unanswered "$(call GET "/v1/contracts/$CONTRACT/disputes" | jq -r '.items[0].reason')"

say "Done."
