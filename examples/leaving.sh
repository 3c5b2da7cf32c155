#!/usr/bin/env bash
# Leaving for good (退会): everything that stands in the way, hit and cleared in turn; going; and coming back.
#
# usage: examples/leaving.sh http://127.0.0.1:8080, with FINANCE and SUPPORT of its staff in the environment
set -euo pipefail
# shellcheck source=examples/lib.sh
source "$(dirname "$0")/lib.sh"
needs_staff FINANCE SUPPORT

log_in_staff FINANCE; FINANCE="$TOKEN"
log_in_staff SUPPORT; SUPPORT="$TOKEN"
FAREWELL='{"consent": true, "reason": "no_longer_needed"}'

# blocked WHO CODES : what stands in the way of somebody, by name. TOKEN is theirs.
blocked() {
    expect "$2" "$(TOKEN="$1" call GET /v1/me/withdrawal | jq -r '[.blockers[].code] | sort | join(" ")')"
}

# blocker WHO CODE FILTER : a part of one blocker.
blocker() {
    TOKEN="$1" call GET /v1/me/withdrawal | jq -r --arg code "$2" ".blockers[] | select(.code == \$code) | $3"
}

say "A worker proposes, a client has a job open: neither can leave, and each is told what clears it."
join client; CLIENT="$TOKEN"; CLIENT_EMAIL="$EMAIL"; JOB="$(post_job "Translate a page")"
join worker; WORKER="$TOKEN"; WORKER_EMAIL="$EMAIL"; PROPOSAL="$(propose "$JOB" "$(terms 10000 20000)")"
blocked "$CLIENT" "open_job open_proposal"
blocked "$WORKER" "open_proposal"
TOKEN="$WORKER" call GET /v1/me/withdrawal | jq '{can_withdraw, blockers, warnings}'
TOKEN="$WORKER"; refused 409 withdrawal_blocked POST /v1/me/withdrawal "$FAREWELL"

say "They sign. The contract blocks both; whose turn it is depends on the side."
TOKEN="$CLIENT"; CONTRACT="$(accept_proposal "$PROPOSAL")"
FIRST="$(milestone 1)"; SECOND="$(milestone 2)"
blocked "$CLIENT" "running_contract_as_client"
blocked "$WORKER" "running_contract_as_worker"
expect counterparty "$(blocker "$WORKER" running_contract_as_worker .owner)"

say "Money is asked for, then held; work is delivered, and waits."
TOKEN="$CLIENT"; PAYMENT="$(call POST "/v1/milestones/$FIRST/start-funding" '{"method": "card"}' | jq -r '.payments[0].id')"
blocked "$CLIENT" "escrow_funding running_contract_as_client"
call POST "/v1/payments/$PAYMENT/pay" '{"card_token": "tok_succeeds"}' >/dev/null
blocked "$WORKER" "escrow_held running_contract_as_worker"
TOKEN="$WORKER"; DELIVERY="$(deliver "$FIRST")"
blocked "$WORKER" "delivery_awaiting_acceptance running_contract_as_worker"
expect counterparty "$(blocker "$WORKER" delivery_awaiting_acceptance .owner)"

say "The client accepts. Earnings (10,000 less 20%) block as long as there is no account to pay them to."
TOKEN="$CLIENT"; accept "$FIRST" "$DELIVERY" >/dev/null
blocked "$WORKER" "earnings_unpaid running_contract_as_worker"
expect "true member 8000" "$(blocker "$WORKER" earnings_unpaid '"\(.hard) \(.owner) \(.amount.amount)"')"

say "The second milestone ends in a dispute, and the dispute in an agreement: nothing for the worker."
TOKEN="$CLIENT"; fund_by_card "$SECOND"
TOKEN="$WORKER"; DISPUTE="$(call POST "/v1/milestones/$SECOND/dispute" '{"reason": "no_response", "claim": "I hear nothing."}' \
    | jq -r .id)"
blocked "$CLIENT" "open_dispute running_contract_as_client"
TOKEN="$CLIENT"; call POST "/v1/disputes/$DISPUTE/answer" '{"answer": "Our plans have changed."}' >/dev/null
call POST "/v1/disputes/$DISPUTE/offer" "{\"worker_share\": $(yen 0)}" >/dev/null
TOKEN="$WORKER"; call POST "/v1/disputes/$DISPUTE/settle" "{\"worker_share\": $(yen 0)}" >/dev/null
expect ended "$(call GET "/v1/contracts/$CONTRACT" | jq -r .status)"
blocked "$WORKER" "earnings_unpaid"

say "With an account, leaving itself pays the earnings out: the blocker is not hard any more."
bank_account 1234567 >/dev/null
expect "false operator" "$(blocker "$WORKER" earnings_unpaid '"\(.hard) \(.owner)"')"

say "A quick payout that finance holds blocks until finance lets it go."
PAYOUT="$(call POST /v1/payouts "{\"kind\": \"quick\", \"amount\": $(yen 2000), \"bank_account_version\": 1}" | jq -r .id)"
TOKEN="$FINANCE" call POST "/v1/admin/payouts/$PAYOUT/hold" '{"reason": "A court has asked us to look at it."}' >/dev/null
blocked "$WORKER" "earnings_unpaid payout_held"
refused 409 withdrawal_blocked POST /v1/me/withdrawal "$FAREWELL"
TOKEN="$FINANCE" call POST "/v1/admin/payouts/$PAYOUT/resume" '{}' >/dev/null
blocked "$WORKER" "earnings_unpaid payout_under_way"

say "The worker leaves. The token ends at once; the account is closing while the last payouts are on their way."
call POST /v1/me/withdrawal "$FAREWELL" | jq -c .
refused 401 invalid_token GET /v1/me
TOKEN=""; refused 403 account_closing POST /v1/sessions "$(credentials "$WORKER_EMAIL" "$PASSWORD")"

say "Finance sends both payouts to the bank, and the bank pays: the account closes by itself."
TOKEN="$FINANCE"
BATCH="$(call POST /v1/admin/payout-batches "{\"pay_on\": \"$(today 7)\"}" | jq -r .id)"
call POST "/v1/admin/payout-batches/$BATCH/send" '{}' >/dev/null
call POST "/v1/admin/payout-batches/$BATCH/settle" "{\"bank_reference\": \"$RUN\", \"value_on\": \"$(today)\"}" >/dev/null
advance 1
TOKEN=""; refused 401 invalid_credentials POST /v1/sessions "$(credentials "$WORKER_EMAIL" "$PASSWORD")"
mail "$WORKER_EMAIL" .subject

say "What the client still has goes back to the card it came from: leaving itself refunds it."
blocked "$CLIENT" "client_funds_left"
expect "false operator 20000" "$(blocker "$CLIENT" client_funds_left '"\(.hard) \(.owner) \(.amount.amount)"')"
log_in "$CLIENT_EMAIL" "$PASSWORD"
expect closing "$(call POST /v1/me/withdrawal "$FAREWELL" | jq -r .status)"
TOKEN=""
advance 1
expect "Your account is closed" "$(mail "$CLIENT_EMAIL" .subject)"

say "Coming back: an address that left lately is told by mail from when on it may."
JOIN="$(registration "$WORKER_EMAIL" worker)"
call POST /v1/accounts "$JOIN" >/dev/null
mail "$WORKER_EMAIL" '.subject, .body'
expect "You can join again later" "$(mail "$WORKER_EMAIL" .subject)"

say "Support can let it in sooner; the account starts from zero."
TOKEN="$SUPPORT" call POST /v1/admin/readmissions "{\"email\": \"$WORKER_EMAIL\"}" >/dev/null
call POST /v1/accounts "$JOIN" >/dev/null
call POST /v1/accounts/confirm-email "{\"token\": \"$(mailed "$WORKER_EMAIL" azc_)\"}" >/dev/null
log_in "$WORKER_EMAIL" "$PASSWORD"
expect 0 "$(call GET /v1/me/contracts | jq '.items | length')"

say "Done."
