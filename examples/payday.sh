#!/usr/bin/env bash
# Three months of paydays: a little carries over, a payday moves because the banks are closed, a transfer fails, and is
# made again once the bank account is corrected.
#
# usage: examples/payday.sh http://127.0.0.1:8080, with FINANCE of its staff in the environment
set -euo pipefail
# shellcheck source=examples/lib.sh
source "$(dirname "$0")/lib.sh"
needs_staff FINANCE

# close_month : lets the running month end; sets CLOSED_ON and PAY_ON.
close_month() {
    local first
    first="$(next_month)"
    CLOSED_ON="$(day "$first" -1)"
    advance_to "$first"
    PAY_ON="$(call GET "/v1/payout-calendar?closed_on=$CLOSED_ON" | jq -r .pay_on)"
}

# send_batch : finance gathers what is due by PAY_ON, and sends it to the bank; sets BATCH.
send_batch() {
    BATCH="$(TOKEN="$FINANCE" call POST /v1/admin/payout-batches "{\"pay_on\": \"$PAY_ON\"}" | jq -r .id)"
    TOKEN="$FINANCE" call POST "/v1/admin/payout-batches/$BATCH/send" | jq -c '{pay_on, status, payouts, total: .total.amount}'
}

# payout : the worker's newest payout.
payout() {
    TOKEN="$WORKER" call GET "/v1/payouts?limit=1" | jq '.items[0]'
}

say "A worker earns 720 yen (900 less 20%) late in a month."
log_in_staff FINANCE; FINANCE="$TOKEN"
join client; CLIENT="$TOKEN"
join worker; WORKER="$TOKEN"; WORKER_EMAIL="$EMAIL"
[[ "$(today)" < "$(day "$(next_month)" -5)" ]] || advance_to "$(next_month)"
advance_to "$(day "$(next_month)" -4)"
earn 900
expect 720 "$(earnings)"

say "The account that payouts go to is kept as banks write it."
bank_account 1234567 | jq -c '{bank_code, branch_code, number, holder, status}'
expect "ﾔﾏﾀﾞ ﾊﾅｺ" "$(call GET /v1/me/bank-account | jq -r .holder)"

say "The month ends. Less than 1,000 yen carries over; nothing is lost."
close_month
expect "0 720" "$(call GET /v1/payouts | jq -r '.items | length') $(earnings)"

say "In the next month 16,000 (20,000 less 20%) are added. On the day that would be payday, the banks will be closed."
earn 20000
USUAL="$(call GET "/v1/payout-calendar?closed_on=$(day "$(next_month)" -1)" | jq -r .pay_on)"
TOKEN="$FINANCE" call PUT "/v1/admin/calendar-overrides/$USUAL" \
    '{"is_business_day": false, "note": "The clearing system is under maintenance"}' | jq -c '{day_on, is_business_day, note}'
close_month
[[ "$PAY_ON" > "$USUAL" ]] || fail "the payday did not move"

say "So it moves to the next day on which they are open. Of the 16,720, the bank keeps 500."
payout | jq -c '{kind, status, closed_on, pay_on, amount: .amount.amount, bank_fee: .bank_fee.amount, transferred: .transferred.amount}'
expect "monthly requested $CLOSED_ON $PAY_ON 16720 500" \
    "$(payout | jq -r '"\(.kind) \(.status) \(.closed_on) \(.pay_on) \(.amount.amount) \(.bank_fee.amount)"')"
expect 0 "$(earnings)"
TOKEN="$FINANCE" call DELETE "/v1/admin/calendar-overrides/$USUAL"

say "Payday: finance gathers what is due, and sends it to the bank."
advance_to "$PAY_ON"
send_batch
expect processing "$(payout | jq -r .status)"

say "The bank refuses it. The money is with the earnings again, and the worker is told."
PAYOUT="$(payout | jq -r .id)"
TOKEN="$FINANCE" call POST "/v1/admin/payouts/$PAYOUT/fail" '{"reason": "No such account"}' | jq -c '{status, reason}'
TOKEN="$FINANCE" refused 409 action_refused POST "/v1/admin/payouts/$PAYOUT/fail" '{"reason": "No such account"}'
expect 16720 "$(earnings)"
mail "$WORKER_EMAIL" .subject
expect failing "$(call GET /v1/me/bank-account | jq -r .status)"

say "The account is corrected, and the next month pays all of it."
bank_account 7654321 | jq -c '{number, status, version}'
close_month
expect "requested 16720" "$(payout | jq -r '"\(.status) \(.amount.amount)"')"
advance_to "$PAY_ON"
send_batch
TOKEN="$FINANCE" call POST "/v1/admin/payout-batches/$BATCH/settle" \
    "{\"bank_reference\": \"$RUN\", \"value_on\": \"$(today)\"}" | jq -c '{status, settled_at}'
payout | jq -c '{status, bank_reference, value_on, number: .bank_account.number}'
expect "paid $RUN 7654321" "$(payout | jq -r '"\(.status) \(.bank_reference) \(.bank_account.number)"')"
PAYOUT="$(payout | jq -r .id)"
expect "payout.requested payout.processing payout.paid" "$(happened "$PAYOUT")"

say "Each yen left the earnings as often as it came, and the books are sound."
call GET /v1/me/ledger-entries | jq -c '.items[] | {kind, change, balance_after: .balance_after.amount}'
expect 0 "$(earnings)"
expect true "$(TOKEN="$FINANCE" call GET /v1/admin/ledger/verification | jq -r .sound)"

say "Done."
