#!/usr/bin/env bash
# The clock at work: reminders and automatic acceptance, fees that accumulate, a pause for want of funding, leaving,
# and a contract that nobody funds.
#
# usage: examples/automatic-acceptance.sh http://127.0.0.1:8080
set -euo pipefail
# shellcheck source=examples/lib.sh
source "$(dirname "$0")/lib.sh"

# contract FILTER : a part of CONTRACT as the caller sees it.
contract() {
    call GET "/v1/contracts/$CONTRACT" | jq -r "$1"
}

# count KIND : how many such events concern the caller.
count() {
    call GET "/v1/events?limit=100" | jq -r --arg kind "$1" '[.items[] | select(.kind == $kind)] | length'
}

say "Two milestones of 60,000 yen. The first is funded and delivered."
agree 60000 60000
FIRST="$(milestone 1)"; SECOND="$(milestone 2)"; SECOND_DUE="$(contract '.milestones[1].due_on')"
fund_by_card "$FIRST"
TOKEN="$WORKER"; deliver "$FIRST" >/dev/null
call GET "/v1/milestones/$FIRST" | jq -c '{status, delivered_at, auto_accept_at}'

say "Nothing from the client for four days: 72 hours before the end they are reminded, also by mail."
TOKEN="$CLIENT"
advance 3
expect 0 "$(count milestone.acceptance_reminder)"
advance 1
expect 1 "$(count milestone.acceptance_reminder)"
mail "$CLIENT_EMAIL" '.subject, .body'

say "And again 24 hours before."
advance 2
expect 2 "$(count milestone.acceptance_reminder)"
expect 2 "$(call GET "/v1/test-mailbox?recipient=$CLIENT_EMAIL" \
    | jq '[.items[] | select(.subject == "A delivery awaits your decision")] | length')"
expect delivered "$(call GET "/v1/milestones/$FIRST" | jq -r .status)"

say "On the seventh day the clock accepts: 60,000 less 20% (12,000, of which 1,090 are tax) is earned."
advance 1
call GET "/v1/milestones/$FIRST" | jq -c '{status, escrow_status, release}'
expect "60000 12000 1090 48000" "$(contract '.milestones[0].release | "\(.gross.amount) \(.fee.amount) \(.tax.amount) \(.net.amount)"')"
expect 48000 "$(TOKEN="$WORKER" earnings)"

say "The next milestone must be funded within three days. It is not: the contract is paused."
contract '"\(.status), funding due at \(.funding_due_at)"'
expect true "$(contract '.funding_due_at != null')"
advance 3
contract '"\(.status) since \(.paused_at), the worker may leave from \(.leave_from_at)"'
expect paused "$(contract .status)"

say "Two days later the client funds it: work goes on, and the due date has moved by the days begun."
advance 2
fund_by_card "$SECOND"
expect active "$(contract .status)"
expect 3 "$(contract '.milestones[1].due_on' | jq -R --arg before "$SECOND_DUE" \
    '((strptime("%Y-%m-%d") | mktime) - ($before | strptime("%Y-%m-%d") | mktime)) / 86400')"
contract '.milestones[1] | "\(.status), due on \(.due_on)"'

say "So is the second. Fees accumulate, 20% up to 100,000 and 10% above: 40,000 at 20% and 20,000 at 10% make 10,000."
TOKEN="$WORKER"; deliver "$SECOND" >/dev/null
advance 7
contract '"\(.status), released \(.released.amount)"'
expect "ended 120000" "$(contract '"\(.status) \(.released.amount)"')"
expect "60000 10000 909 50000" "$(contract '.milestones[1].release | "\(.gross.amount) \(.fee.amount) \(.tax.amount) \(.net.amount)"')"
expect 98000 "$(earnings)"
happened "$CONTRACT"
expect "contract.signed contract.activated contract.paused contract.resumed contract.ended" "$(happened "$CONTRACT")"

say "Another contract: the first milestone is done, the second is never funded, and the contract is paused."
agree 10000 10000
FIRST="$(milestone 1)"
fund_by_card "$FIRST"
TOKEN="$WORKER"; DELIVERY="$(deliver "$FIRST")"
TOKEN="$CLIENT"; accept "$FIRST" "$DELIVERY" >/dev/null
advance 3
TOKEN="$WORKER"
expect "paused 0" "$(contract '"\(.status) \(.allowed_actions | length)"')"
refused 409 too_early POST "/v1/contracts/$CONTRACT/leave"

say "After seven days the worker may leave it, with the first 10,000 less 20%."
advance 7
expect leave "$(contract '.allowed_actions | join(" ")')"
call POST "/v1/contracts/$CONTRACT/leave" | jq -c '{status, ended_at, milestones: [.milestones[].status]}'
expect "ended accepted canceled" "$(contract '"\(.status) \(.milestones[0].status) \(.milestones[1].status)"')"
expect 8000 "$(earnings)"

say "A third contract is signed, while another worker also waits. Nobody funds it."
join client; CLIENT="$TOKEN"; JOB="$(post_job "Translate a letter")"
join rival; RIVAL="$TOKEN"; RIVALS="$(propose "$JOB" "$(terms 12000)")"
join worker; WORKER="$TOKEN"; PROPOSAL="$(propose "$JOB" "$(terms 10000)")"
TOKEN="$CLIENT"; CONTRACT="$(accept_proposal "$PROPOSAL")"
contract '"\(.status), lapses at \(.lapse_at)"'
expect filled "$(call GET "/v1/jobs/$JOB" | jq -r .status)"
expect set_aside "$(call GET "/v1/proposals/$RIVALS" | jq -r .status)"

say "After seven days it lapses: the job is open again, and the other proposal waits for an answer again."
advance 7
expect "lapsed canceled" "$(contract '"\(.status) \(.milestones[0].status)"')"
expect open "$(call GET "/v1/jobs/$JOB" | jq -r .status)"
expect expired "$(call GET "/v1/proposals/$PROPOSAL" | jq -r .status)"
expect submitted "$(call GET "/v1/proposals/$RIVALS" | jq -r .status)"
TOKEN="$RIVAL"
happened "$RIVALS"

say "Done."
