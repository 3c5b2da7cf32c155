#!/usr/bin/env bash
# A partner app: a member allows it (authorization code with PKCE), it acts for them, and they cut it. curl plays the
# member's browser; the app listens on the member's own machine.
#
# usage: examples/partner-app.sh http://127.0.0.1:8080
set -euo pipefail
# shellcheck source=examples/lib.sh
source "$(dirname "$0")/lib.sh"

BROWSER="$(mktemp)"
trap 'rm -f "$BROWSER"' EXIT

base64url() { base64 -w 0 | tr '+/' '-_' | tr -d '='; }
secret() { head -c 32 /dev/urandom | base64url; }
query() { jq -rn '[$ARGS.positional[] | capture("(?<name>[^=]*)=(?<value>.*)") | "\(.name)=\(.value | @uri)"] | join("&")' --args "$@"; }
# token NAME=VALUE... : asks for tokens as the app, which has no secret.
token() { curl -sS "$BASE/oauth/token" -d "$(query "client_id=$ID" "$@")"; }
# page [NAME=VALUE...] : opens the page, or posts its form; prints headers and body.
page() {
    local send=()
    [ $# = 0 ] || send=(-d "$(query "csrf_token=$FORM" "$@")")
    curl -sS -i -b "$BROWSER" -c "$BROWSER" "${send[@]}" "$BASE/oauth/authorize?$ASK"
}
form_of() { sed -n 's/.*name="csrf_token" value="\([^"]*\)".*/\1/p' | head -n 1; }
told() { tr -d '\r' | sed -n 's/^[Ll]ocation: //p' | tr '?&' '\n\n' | sed -n "s/^$1=//p"; }

say "Taro registers an app that runs on its user's machine, and so keeps no secret."
join taro
APP="$(call POST /v1/apps '{"name": "Tea Calendar", "redirect_uris": ["http://127.0.0.1/callback"], "confidential": false}')"
ID="$(jq -r .id <<<"$APP")"

say "The app makes a verifier, and opens Hanako's browser with its hash. It listens on a port of this moment."
join hanako; OWN="$TOKEN"
VERIFIER="$(secret)"
CHALLENGE="$(bytes "$(printf %s "$VERIFIER" | sha256sum | cut -d " " -f 1)" | base64url)"
STATE="$(secret)"
REDIRECT="http://127.0.0.1:51004/callback"
ASK="$(query response_type=code "client_id=$ID" "redirect_uri=$REDIRECT" "scope=profile:read contracts:read" \
    "state=$STATE" "code_challenge=$CHALLENGE" code_challenge_method=S256 ui_locales=en)"

say "Hanako logs in on the page, reads what the app wants, and allows it."
FORM="$(page | form_of)"
page "email=$EMAIL" "password=$PASSWORD" >/dev/null
QUESTION="$(page)"
sed -n 's/.*<li>\(.*\)<\/li>.*/- \1/p' <<<"$QUESTION"
FORM="$(form_of <<<"$QUESTION")"
BACK="$(page decision=allow)"
expect "$STATE" "$(told state <<<"$BACK")"
CODE="$(told code <<<"$BACK")"

say "The app trades the code, and proves by the verifier that it asked."
expect invalid_grant "$(token grant_type=authorization_code "code=$CODE" "redirect_uri=$REDIRECT" \
    "code_verifier=$(secret)" | jq -r .error)"
TOKENS="$(token grant_type=authorization_code "code=$CODE" "redirect_uri=$REDIRECT" "code_verifier=$VERIFIER")"
jq -c '{token_type, expires_in, scope}' <<<"$TOKENS"

say "It acts for Hanako, within what she allowed."
TOKEN="$(jq -r .access_token <<<"$TOKENS")"
expect "$EMAIL" "$(call GET /v1/me | jq -r .email)"
call GET /v1/me/contracts | jq -c '{contracts: (.items | length)}'
refused 403 insufficient_scope GET /v1/me/balance
refused 403 not_for_apps PUT /v1/me/password '{"password": "seven otters juggle lanterns"}'

say "Each refresh token works once; with it the app can ask for less, never for more."
OLD="$(jq -r .refresh_token <<<"$TOKENS")"
expect invalid_scope "$(token grant_type=refresh_token "refresh_token=$OLD" "scope=profile:read money:read" | jq -r .error)"
TOKENS="$(token grant_type=refresh_token "refresh_token=$OLD")"
TOKEN="$(jq -r .access_token <<<"$TOKENS")"
call GET /v1/me | jq -c '{display_name}'

say "Hanako was told by mail, sees the app, and cuts it: everything it has dies at once."
TOKEN="$OWN"
mail "$EMAIL" .subject
call GET /v1/me/connected-apps | jq -c '.items[] | {name, scopes, connected_at}'
call DELETE "/v1/me/connected-apps/$ID"
TOKEN="$(jq -r .access_token <<<"$TOKENS")" refused 401 invalid_token GET /v1/me
expect invalid_grant "$(token grant_type=refresh_token "refresh_token=$(jq -r .refresh_token <<<"$TOKENS")" | jq -r .error)"

say "Done."
