#!/usr/bin/env bash
# A worker who does not want to wait for payday: what it costs, and how the money comes back if they change their mind.
#
# usage: examples/quick-payout.sh http://127.0.0.1:8080, with FINANCE of its staff in the environment
set -euo pipefail
# shellcheck source=examples/lib.sh
source "$(dirname "$0")/lib.sh"
needs_staff FINANCE

# wish AMOUNT [VERSION] : a quick payout to the bank account in that version, as JSON.
wish() {
    jq -n --argjson amount "$(yen "$1")" --argjson version "${2:-1}" \
        '{kind: "quick", amount: $amount, bank_account_version: $version}'
}

say "A quick payout costs 5%, at least 530 yen (of which 48 are tax). Anybody can ask, also how much of 10,000 can be had."
call GET "/v1/payout-quotes?amount=50000" | jq -c 'map_values(.amount)'
call GET "/v1/payout-quotes?balance=10000" | jq -c 'map_values(.amount)'
expect "9470 530 48 10000" "$(call GET "/v1/payout-quotes?balance=10000" \
    | jq -r '[.amount, .fee, .fee_tax, .total] | map(.amount) | join(" ")')"

say "A worker earns 10,000 yen (12,500 less 20%). Without a bank account nothing can be paid out."
join client; CLIENT="$TOKEN"
join worker; WORKER="$TOKEN"
earn 12500
expect 10000 "$(earnings)"
refused 409 bank_account_missing POST /v1/payouts "$(wish 9470)"

say "An account at Japan Post Bank is named by its symbol and number, and kept as other banks reach it."
call PUT /v1/me/bank-account '{"japan_post": {"symbol": "10530", "number": "12345671"}, "holder": "やまだ はなこ"}' \
    | jq -c '{bank_code, branch_code, number, holder, version}'
expect "9900 058 1234567" "$(call GET /v1/me/bank-account | jq -r '"\(.bank_code) \(.branch_code) \(.number)"')"

say "Not more than there is, with the fee; and a preview shows the journal entry to the yen (debits are positive)."
refused 409 insufficient_funds POST /v1/payouts "$(wish 9471)"
refused 422 payout_too_small POST /v1/payouts "$(wish 999)"
call POST "/v1/payouts?preview=true" "$(wish 9470)" | jq -c '.preview.entries[0].lines[]'
expect 10000 "$(earnings)"

say "Asked for, and taken back: the fee comes back as well."
PAYOUT="$(call POST /v1/payouts "$(wish 9470)" | jq -r .id)"
expect 0 "$(earnings)"
call POST "/v1/payouts/$PAYOUT/cancel" | jq -c '{status, amount: .amount.amount, fee: .fee.amount}'
expect 10000 "$(earnings)"

say "The bank account changes meanwhile. Who has not seen the new one is asked to look first."
bank_account 7654321 >/dev/null
refused 409 bank_account_changed POST /v1/payouts "$(wish 9470)"
PAYOUT="$(call POST /v1/payouts "$(wish 9470 2)" | jq -r .id)"

say "Finance sends it to the bank on the next business day, and enters that it was paid."
PAY_ON="$(call GET "/v1/payouts/$PAYOUT" | jq -r .pay_on)"
[ "$PAY_ON" = "$(today)" ] || advance_to "$PAY_ON"
log_in_staff FINANCE; FINANCE="$TOKEN"
BATCH="$(call POST /v1/admin/payout-batches "{\"pay_on\": \"$PAY_ON\"}" | jq -r .id)"
SETTLEMENT="{\"bank_reference\": \"$RUN\", \"value_on\": \"$(today)\"}"
refused 409 action_refused POST "/v1/admin/payouts/$PAYOUT/pay" "$SETTLEMENT"
call POST "/v1/admin/payout-batches/$BATCH/send" | jq -c '{status, payouts}'
call POST "/v1/admin/payouts/$PAYOUT/pay" "$SETTLEMENT" | jq -c '{status, transferred: .transferred.amount, bank_reference}'
refused 409 action_refused POST "/v1/admin/payouts/$PAYOUT/pay" "$SETTLEMENT"

say "The worker sees where every yen went."
TOKEN="$WORKER"
call GET "/v1/payouts/$PAYOUT" | jq -c '{status, amount: .amount.amount, fee: .fee.amount, lines: [.lines[].amount.amount]}'
call GET /v1/me/ledger-entries | jq -c '.items[] | {kind, change, balance_after: .balance_after.amount}'
expect "paid 0" "$(call GET "/v1/payouts/$PAYOUT" | jq -r .status) $(earnings)"

say "Done."
