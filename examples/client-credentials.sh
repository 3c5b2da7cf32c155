#!/usr/bin/env bash
# Client credentials: an app that acts for itself, without a member, reads what anybody may read.
#
# usage: examples/client-credentials.sh http://127.0.0.1:8080
set -euo pipefail
# shellcheck source=examples/lib.sh
source "$(dirname "$0")/lib.sh"

# form PATH NAME=VALUE... : posts a form as the app, by HTTP Basic; prints the body.
form() {
    local path="$1" fields=()
    shift
    for field in "$@"; do fields+=(--data-urlencode "$field"); done
    curl -sS -u "$ID:$SECRET" "${fields[@]}" "$BASE$path"
}

join taro; OWNER="$TOKEN"

say "Register an app that can keep a secret. The secret is shown this once."
APP="$(call POST /v1/apps '{"name": "Job Board", "redirect_uris": [], "confidential": true}')"
jq -c '{id, name, confidential}' <<<"$APP"
ID="$(jq -r .id <<<"$APP")"; SECRET="$(jq -r .client_secret <<<"$APP")"

say "Its own token, for fifteen minutes."
TOKENS="$(form /oauth/token grant_type=client_credentials)"
jq -c '{token_type, expires_in, scope}' <<<"$TOKENS"

say "It reads what anybody may read, and nothing of a member."
TOKEN="$(jq -r .access_token <<<"$TOKENS")"
call GET "/v1/jobs?limit=1" | jq -c '{found: (.items | length)}'
refused 403 not_for_apps GET /v1/me
expect invalid_scope "$(form /oauth/token grant_type=client_credentials scope=money:read | jq -r .error)"

say "It asks about its token, and gives it up."
expect "true $ID" "$(form /oauth/introspect "token=$TOKEN" | jq -r '"\(.active) \(.sub)"')"
form /oauth/revoke "token=$TOKEN"
expect false "$(form /oauth/introspect "token=$TOKEN" | jq -r .active)"
refused 401 invalid_token GET /v1/jobs

say "A secret that may have leaked is replaced; the old one is worth nothing."
TOKEN="$OWNER"
NEXT="$(call POST "/v1/apps/$ID/rotate-secret" | jq -r .client_secret)"
expect invalid_client "$(form /oauth/token grant_type=client_credentials | jq -r .error)"
SECRET="$NEXT"
expect jobs:read "$(form /oauth/token grant_type=client_credentials | jq -r .scope)"

say "Done."
