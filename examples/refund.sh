#!/usr/bin/env bash
# What a client does not need any more goes back to where it came from: to the card, after a day, or not at all.
#
# usage: examples/refund.sh http://127.0.0.1:8080
set -euo pipefail
# shellcheck source=examples/lib.sh
source "$(dirname "$0")/lib.sh"

# paid_and_ended CARD : a contract of 10,000, paid with this card, that both end before anything is done; sets PAYMENT.
paid_and_ended() {
    local first shares request
    agree 10000; first="$(milestone 1)"
    PAYMENT="$(call POST "/v1/milestones/$first/start-funding" '{"method": "card"}' | jq -r '.payments[0].id')"
    call POST "/v1/payments/$PAYMENT/pay" "{\"card_token\": \"$1\"}" >/dev/null
    shares="$(jq -n --arg milestone "$first" --argjson share "$(yen 0)" '[{milestone_id: $milestone, worker_share: $share}]')"
    request="$(call POST "/v1/contracts/$CONTRACT/cancellation-requests" \
        "$(jq -n --argjson shares "$shares" '{reason: "Our plans have changed.", shares: $shares}')" | jq -r .id)"
    TOKEN="$WORKER"; call POST "/v1/cancellation-requests/$request/consent" >/dev/null
    TOKEN="$CLIENT"
    expect 10000 "$(call GET "/v1/payments/$PAYMENT" | jq -r .refundable.amount)"
}

# refund YEN : the JSON that asks for it.
refund() {
    jq -n --arg payment "$PAYMENT" --argjson amount "$(yen "$1")" '{payment_id: $payment, amount: $amount}'
}

# funds : what the client has.
funds() {
    call GET /v1/me/balance | jq -r .client_funds.amount
}

say "A contract ends before it began, and 10,000 yen are the client's again."
paid_and_ended tok_succeeds

say "The client wants 6,000 back, and looks at the journal entry first."
call POST "/v1/refunds?preview=true" "$(refund 6000)" | jq -c '.preview.entries[0].lines[]'
expect 10000 "$(funds)"
REFUND="$(call POST /v1/refunds "$(refund 6000)" | jq -r .id)"
expect 4000 "$(funds)"

say "No more goes back to a card than it paid."
refused 409 refund_too_large POST /v1/refunds "$(refund 4001)"

say "A day later the gateway says that it arrived."
advance 1
call GET "/v1/refunds/$REFUND" | jq -c '{status, method, amount, reference, value_on}'
expect settled "$(call GET "/v1/refunds/$REFUND" | jq -r .status)"
expect "refund.requested refund.settled" "$(happened "$REFUND")"

say "Another card takes nothing back: the money stays the client's."
paid_and_ended tok_refund_fails
REFUND="$(call POST /v1/refunds "$(refund 10000)" | jq -r .id)"
expect 0 "$(funds)"
advance 1
call GET "/v1/refunds/$REFUND" | jq -c '{status, reason}'
expect 10000 "$(funds)"
expect "refund.requested refund.failed" "$(happened "$REFUND")"

say "Done."
