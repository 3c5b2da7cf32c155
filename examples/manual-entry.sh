#!/usr/bin/env bash
# What no operation books: one of finance drafts an entry, another posts it, and the member reads it and why.
#
# usage: examples/manual-entry.sh http://127.0.0.1:8080, with FINANCE, FINANCE2 and ADMIN of its staff in the environment
set -euo pipefail
# shellcheck source=examples/lib.sh
source "$(dirname "$0")/lib.sh"
needs_staff FINANCE FINANCE2 ADMIN

join hanako; MEMBER="$TOKEN"
MEMBER_ID="$(call GET /v1/me | jq -r .id)"
log_in_staff FINANCE; FIRST="$TOKEN"
log_in_staff FINANCE2; SECOND="$TOKEN"
log_in_staff ADMIN; ADMIN="$TOKEN"

say "A payout was a day late. Finance wants to make it good with 500 yen."
TOKEN="$FIRST"
ENTRY="$(call POST /v1/admin/manual-entries "$(jq -n --arg member "$MEMBER_ID" --argjson amount "$(yen 500)" '{
    reason: "Your payout was a day late.",
    lines: [{account: "bad_debt", side: "debit", amount: $amount},
            {account: "client_funds", member_id: $member, side: "credit", amount: $amount}]}')" | jq -r .id)"

say "Who drafted it does not post it."
refused 409 four_eyes POST "/v1/admin/manual-entries/$ENTRY/approve"

say "A colleague looks at the journal entry, and posts it."
TOKEN="$SECOND"
call POST "/v1/admin/manual-entries/$ENTRY/approve?preview=true" | jq -c '.preview.entries[0].lines[]'
expect posted "$(call POST "/v1/admin/manual-entries/$ENTRY/approve" | jq -r .status)"

say "The member finds the money, and who of the operator's people did what, and why; not their names."
TOKEN="$MEMBER"
expect 500 "$(call GET /v1/me/balance | jq -r .client_funds.amount)"
call GET /v1/me/ledger-entries | jq -c '.items[0] | {kind, account, change, subject}'
expect "finance: Your payout was a day late." \
    "$(call GET /v1/me/audit-log | jq -r '.items[0] | "\(.actor_role): \(.reason)"')"

say "An admin reads both steps."
TOKEN="$ADMIN"
call GET "/v1/admin/audit-log?resource=$ENTRY" | jq -c '.items[] | {operation, before: .before.status, after: .after.status}'
expect 2 "$(call GET "/v1/admin/audit-log?resource=$ENTRY" | jq '.items | length')"

say "Done."
