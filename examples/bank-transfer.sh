#!/usr/bin/env bash
# Paying by bank transfer: in parts, too late, and without a reference anybody knows. Finance books what arrives.
#
# usage: examples/bank-transfer.sh http://127.0.0.1:8080, with FINANCE of its staff in the environment
set -euo pipefail
# shellcheck source=examples/lib.sh
source "$(dirname "$0")/lib.sh"
needs_staff FINANCE

log_in_staff FINANCE; FINANCE="$TOKEN"
TRANSFERS=0

# transfer AMOUNT [REFERENCE] : a new line of the bank's statement, as JSON in LINE.
transfer() {
    TRANSFERS=$((TRANSFERS + 1))
    LINE="$(jq -n --argjson amount "$(yen "$1")" --arg reference "${2-}" --arg number "$RUN-$TRANSFERS" --arg day "$(today)" \
        '{bank_reference: $number, sender: "ｸﾗｲｱﾝﾄ", amount: $amount, received_on: $day}
            + if $reference == "" then {} else {transfer_reference: $reference} end')"
}

# book : finance records LINE; prints the receipt.
book() {
    TOKEN="$FINANCE" call POST /v1/admin/bank-receipts "$LINE"
}

# start_transfer MILESTONE : funding by bank transfer; sets PAYMENT and REFERENCE. TOKEN is the client.
start_transfer() {
    read -r PAYMENT REFERENCE < <(call POST "/v1/milestones/$1/start-funding" '{"method": "bank_transfer"}' \
        | jq -r '.payments[0] | "\(.id) \(.transfer_reference)"')
}

# payment : the caller's view of PAYMENT, in short.
payment() {
    call GET "/v1/payments/$PAYMENT" | jq -r '"\(.status) \(.received.amount) of \(.amount.amount), missing \(.shortfall.amount)"'
}

# funds : what the caller has as a client: in all, and free.
funds() {
    call GET /v1/me/balance | jq -r '"\(.client_funds.amount) \(.client_funds_available.amount)"'
}

say "A client starts to fund 30,000 yen by bank transfer, and is told the reference to write on it."
agree 30000; MILESTONE="$(milestone 1)"
start_transfer "$MILESTONE"
call GET "/v1/payments/$PAYMENT" | jq -c '{status, amount, transfer_reference, expires_at}'

say "20,000 arrive. Finance books them; 10,000 are still missing."
transfer 20000 "$REFERENCE"
book | jq -c '{bank_reference, amount, payment_id}'
payment
expect "pending 20000 of 30000, missing 10000" "$(payment)"
expect "20000 0" "$(funds)"
expect funding "$(call GET "/v1/milestones/$MILESTONE" | jq -r .status)"

say "The same line of the statement cannot be booked twice."
TOKEN="$FINANCE" refused 409 already_recorded POST /v1/admin/bank-receipts "$LINE"
expect "pending 20000 of 30000, missing 10000" "$(payment)"

say "The rest arrives, and the milestone is funded."
transfer 10000 "$REFERENCE"; book >/dev/null
expect "succeeded 30000 of 30000, missing 0" "$(payment)"
call GET "/v1/milestones/$MILESTONE" | jq -c '{status, escrow_status}'
expect funded "$(call GET "/v1/milestones/$MILESTONE" | jq -r .status)"
expect "0 0" "$(funds)"

say "Another contract. The client transfers late: after seven days nobody waits any more."
agree 15000 15000; MILESTONE="$(milestone 1)"
fund_by_card "$MILESTONE"
TOKEN="$WORKER"; DELIVERY="$(deliver "$MILESTONE")"
TOKEN="$CLIENT"; accept "$MILESTONE" "$DELIVERY" >/dev/null
MILESTONE="$(milestone 2)"
start_transfer "$MILESTONE"
advance 7
expect "expired 0 of 15000, missing 15000" "$(payment)"
expect planned "$(call GET "/v1/milestones/$MILESTONE" | jq -r .status)"

say "Then the money comes. It is the client's, free to be used."
transfer 15000 "$REFERENCE"; book >/dev/null
payment
expect "succeeded 15000 of 15000, missing 0" "$(payment)"
expect "15000 15000" "$(funds)"

say "The next start uses it: funded at once, without another payment."
call POST "/v1/milestones/$MILESTONE/start-funding" '{"method": "bank_transfer"}' | jq -c '{status, escrow_status}'
expect "funded 1" "$(call GET "/v1/milestones/$MILESTONE" | jq -r '"\(.status) \(.payments | length)"')"
expect "0 0" "$(funds)"
call GET /v1/me/ledger-entries | jq -c '.items[] | {kind, change, balance_after: .balance_after.amount}'

say "A transfer without a reference waits in suspense, and nobody's balance changes."
agree 8000; MILESTONE="$(milestone 1)"
start_transfer "$MILESTONE"
transfer 8000
RECEIPT="$(book | jq -r 'select(.payment_id == null) | .id')"
expect "pending 0 of 8000, missing 8000" "$(payment)"
TOKEN="$FINANCE"
expect 1 "$(call GET "/v1/admin/bank-receipts?unmatched=true&limit=100" | jq --arg id "$RECEIPT" '[.items[] | select(.id == $id)] | length')"

say "Finance finds out whose it is, and matches it: the milestone is funded."
call POST "/v1/admin/bank-receipts/$RECEIPT/match" "{\"payment_id\": \"$PAYMENT\"}" | jq -c '{payment_id, allowed_actions}'
expect "$PAYMENT" "$(call GET "/v1/admin/bank-receipts/$RECEIPT" | jq -r .payment_id)"
refused 409 action_refused POST "/v1/admin/bank-receipts/$RECEIPT/match" "{\"payment_id\": \"$PAYMENT\"}"
TOKEN="$CLIENT"
expect "succeeded 8000 of 8000, missing 0" "$(payment)"
expect funded "$(call GET "/v1/milestones/$MILESTONE" | jq -r .status)"

say "A client is no accountant: the books are not theirs to see."
refused 404 not_found GET /v1/admin/ledger/verification

say "Finance checks every entry ever made: the books are sound."
TOKEN="$FINANCE"
call GET /v1/admin/ledger/verification | jq -c .
expect true "$(call GET /v1/admin/ledger/verification | jq -r .sound)"

say "Done."
