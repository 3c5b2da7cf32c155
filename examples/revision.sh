#!/usr/bin/env bash
# Asking for changes: two agreed rounds, each with a reason and a date, and what happens when they are used up.
#
# usage: examples/revision.sh http://127.0.0.1:8080
set -euo pipefail
# shellcheck source=examples/lib.sh
source "$(dirname "$0")/lib.sh"

# see FILTER : a part of the milestone as the caller sees it.
see() {
    call GET "/v1/milestones/$MILESTONE" | jq -r "$1"
}

# changes REASON DAYS : a request for changes, due so many days from now.
changes() {
    jq -n --arg reason "$1" --arg due "$(today "$2")" '{reason: $reason, due_on: $due}'
}

say "A client and a worker agree on 20,000 yen with two rounds of changes. It is funded."
agree_on "$(terms 20000 | jq '. + {revision_limit: 2}')"
MILESTONE="$(milestone 1)"
fund_by_card "$MILESTONE"

say "The worker delivers: from now on, silence accepts in 7 days."
TOKEN="$WORKER"; FIRST="$(deliver "$MILESTONE")"
see '{status, delivery_id, auto_accept_at}'
expect true "$(see '.auto_accept_at != null')"

say "The client asks for changes: a round is used, and the clock towards acceptance is off."
TOKEN="$CLIENT"
DUE="$(today 14)"
call POST "/v1/milestones/$MILESTONE/request-changes" "$(changes "Page 2 is missing." 14)" \
    | jq -c '{status, revision_rounds_used, revision_limit, auto_accept_at, due_on}'
expect "changes_requested 1 null $DUE" "$(see '"\(.status) \(.revision_rounds_used) \(.auto_accept_at) \(.due_on)"')"
refused 409 action_refused POST "/v1/milestones/$MILESTONE/accept" "{\"delivery_id\": \"$FIRST\"}"

say "Ten days later nothing has been accepted by itself: it is the worker's turn."
advance 10
expect "changes_requested funded" "$(see '"\(.status) \(.escrow_status)"')"

say "The worker delivers again: a new delivery, a new window."
TOKEN="$WORKER"; SECOND="$(deliver "$MILESTONE")"
expect "delivered true" "$(see '"\(.status) \(.auto_accept_at != null)"')"

say "Accepting the old delivery is refused: the client must name the one they looked at."
TOKEN="$CLIENT"
refused 409 stale_delivery POST "/v1/milestones/$MILESTONE/accept" "{\"delivery_id\": \"$FIRST\"}"

say "A second round is used the same way."
call POST "/v1/milestones/$MILESTONE/request-changes" "$(changes "The prices are in the wrong column." 7)" | jq -c '{status, revision_rounds_used}'
TOKEN="$WORKER"; THIRD="$(deliver "$MILESTONE")"

say "There is no third: the client accepts, waits, or disputes."
TOKEN="$CLIENT"
refused 409 revisions_exhausted POST "/v1/milestones/$MILESTONE/request-changes" "$(changes "One more thing." 7)"
see '{status, revision_rounds_used, allowed_actions}'
expect "delivered 2" "$(see '"\(.status) \(.revision_rounds_used)"')"
expect false "$(see '.allowed_actions | any(. == "request_changes")')"

say "The client accepts the third delivery: 20,000 less 20% is earned."
accept "$MILESTONE" "$THIRD" | jq -c '{status, delivery_id, release}'
TOKEN="$WORKER"
expect 16000 "$(earnings)"

say "Everything that was handed over and asked for stays readable."
see '.deliveries[] | "\(.created_at) \(.id)"'
see '.change_requests[] | "round \(.round), due \(.due_on): \(.reason)"'
expect "$FIRST $SECOND $THIRD" "$(see '[.deliveries[].id] | join(" ")')"
expect "$FIRST $SECOND" "$(see '[.change_requests[].delivery_id] | join(" ")')"
happened "$MILESTONE"

say "Done."
