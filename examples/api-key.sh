#!/usr/bin/env bash
# An API key: for a member's own script, within its scopes, until it is revoked.
#
# usage: examples/api-key.sh http://127.0.0.1:8080
set -euo pipefail
# shellcheck source=examples/lib.sh
source "$(dirname "$0")/lib.sh"

join hanako; OWN="$TOKEN"

say "Make a key. It is shown this once."
MADE="$(call POST /v1/api-keys '{"name": "Bookkeeping", "scopes": ["profile:read", "money:read"], "expires_in_days": 30}')"
jq -c '{id, name, hint, scopes, expires_at}' <<<"$MADE"
KEY="$(jq -r .key <<<"$MADE")"
expect az_test_ "${KEY:0:8}"

say "It acts as its owner, within its scopes."
TOKEN="$KEY"
expect "$EMAIL" "$(call GET /v1/me | jq -r .email)"
call GET /v1/me/balance | jq -c .
refused 403 insufficient_scope POST /v1/jobs "$(jq -n '{title: "Translate a page", description: "About 3,000 characters.",
    category: "translation", length: "one_off"}')"
refused 403 not_for_apps GET /v1/me/bank-account
refused 403 not_for_apps POST /v1/api-keys '{"name": "Another", "scopes": ["profile:read"]}'

say "A key of production is not one of a sandbox."
TOKEN="az_live_${KEY#az_test_}" refused 401 invalid_token GET /v1/me

say "Its owner sees it, and ends it."
TOKEN="$OWN"
call GET /v1/api-keys | jq -c '.items[] | {name, hint, last_used_at}'
call DELETE "/v1/api-keys/$(jq -r .id <<<"$MADE")"
TOKEN="$KEY" refused 401 invalid_token GET /v1/me

say "Done."
