#!/usr/bin/env bash
# The main job, end to end: post a job, propose, sign, fund, deliver, accept, and see every yen.
#
# usage: examples/walkthrough.sh http://127.0.0.1:8080
set -euo pipefail
# shellcheck source=examples/lib.sh
source "$(dirname "$0")/lib.sh"

say "What would 10,000 yen leave a worker? Anyone may ask."
call GET "/v1/fee-quotes?amount=10000&currency=JPY" | jq -c '{gross, fee, tax, net}'

say "A client and a worker join, confirming their e-mail addresses."
join client; CLIENT="$TOKEN"
join worker; WORKER="$TOKEN"

say "The client posts a job; the worker finds it and proposes."
TOKEN="$CLIENT"; JOB="$(post_job "Translate a product page")"
TOKEN="$WORKER"
call GET "/v1/jobs?category=translation&limit=1" | jq -c '.items[0] | {id, title, status}'
PROPOSAL="$(propose "$JOB" "$(terms 10000)")"
call GET "/v1/proposals/$PROPOSAL" | jq -c '{status, round, quote, allowed_actions}'

say "The client accepts round 1: the contract is signed."
TOKEN="$CLIENT"
CONTRACT="$(accept_proposal "$PROPOSAL")"
MILESTONE="$(milestone 1)"

say "The client funds the milestone by card; the money is held in escrow."
fund_by_card "$MILESTONE"
call GET "/v1/contracts/$CONTRACT" | jq -c '{status, escrow: .milestones[0].escrow_status}'

say "The worker delivers; the clock towards automatic acceptance runs."
TOKEN="$WORKER"; DELIVERY="$(deliver "$MILESTONE")"
call GET "/v1/milestones/$MILESTONE" | jq -c '{status, auto_accept_at, delivery_id}'

say "The client previews accepting: the exact entry (a debit is positive, a credit negative), nothing changed."
TOKEN="$CLIENT"
call POST "/v1/milestones/$MILESTONE/accept?preview=true" "{\"delivery_id\": \"$DELIVERY\"}" | jq -c '.preview.entries[0].lines[]'
expect delivered "$(call GET "/v1/milestones/$MILESTONE" | jq -r .status)"

say "The client accepts: 10,000 less the fee of 2,000 (of which 181 is tax) is earned."
accept "$MILESTONE" "$DELIVERY" | jq -c '{status, escrow_status, release}'
expect ended "$(call GET "/v1/contracts/$CONTRACT" | jq -r .status)"

say "Each of the two traces every yen, newest first."
TOKEN="$WORKER"
expect 8000 "$(earnings)"
call GET /v1/me/ledger-entries | jq -c '.items[] | {kind, account, change, balance_after}'
TOKEN="$CLIENT"
call GET /v1/me/ledger-entries | jq -c '.items[] | {kind, account, change, balance_after}'

say "And what happened, in order."
call GET "/v1/events?limit=100" | jq -r '.items[] | "\(.number) \(.kind)"'

say "Done."
