#!/usr/bin/env bash
# Joining: rules for passwords and usernames, the confirmation, a forgotten password, another e-mail address.
#
# usage: examples/join.sh http://127.0.0.1:8080
set -euo pipefail
# shellcheck source=examples/lib.sh
source "$(dirname "$0")/lib.sh"

EMAIL="hanako-$RUN@example.com"; NEXT="hanako-next-$RUN@example.com"
NAME="hanako.$(tr -d - <<<"$RUN" | tail -c 12)"

# form PASSWORD USERNAME : a registration.
form() {
    registration "$EMAIL" Hanako | jq --arg password "$1" --arg username "$2" '. + {password: $password, username: $username}'
}

say "A password needs 15 characters of any kind, and none that is easy to guess; some names are reserved."
for password in "too short" "passwordpassword" "$EMAIL"; do
    refused 422 invalid_body POST /v1/accounts "$(form "$password" "$NAME")"
done
refused 422 invalid_body POST /v1/accounts "$(form "$PASSWORD" "admin")"

say "Register, ask for the mail once more, and register again: by then it may be somebody else who does, so the password is asked for."
call POST /v1/accounts "$(form "$PASSWORD" "$NAME")"
call POST /v1/accounts/resend-confirmation "{\"email\": \"$EMAIL\"}"
call POST /v1/accounts "$(form "$PASSWORD" "$NAME")"
CONFIRMATION="$(mailed "$EMAIL" azc_)"
refused 403 password_needed POST /v1/accounts/confirm-email "{\"token\": \"$CONFIRMATION\"}"
expect "$NAME" "$(call POST /v1/accounts/confirm-email "{\"token\": \"$CONFIRMATION\", \"password\": \"$PASSWORD\"}" | jq -r .username)"

say "The username is nobody else's, however it is written."
refused 409 username_taken POST /v1/accounts "$(form "$PASSWORD" "${NAME^^}")"

say "The password is forgotten. The answer is the same for an address that nobody has."
expect "$(call POST /v1/password-resets "{\"email\": \"$EMAIL\"}")" \
    "$(call POST /v1/password-resets "{\"email\": \"nobody-$RUN@example.com\"}")"
NEW="seven otters juggle lanterns"
RESET="$(mailed "$EMAIL" azp_)"
DEVICE="$(call POST /v1/password-resets/confirm "{\"token\": \"$RESET\", \"password\": \"$NEW\"}" | jq -r .device_token)"
refused 401 invalid_token POST /v1/password-resets/confirm "{\"token\": \"$RESET\", \"password\": \"$NEW\"}"

say "Log in with the new one, as the device that the reset made known."
TOKEN="$(call POST /v1/sessions "{\"email\": \"$EMAIL\", \"password\": \"$NEW\", \"device_token\": \"$DEVICE\"}" | jq -r .access_token)"
expect "$NAME" "$(call GET /v1/me | jq -r .username)"

say "Another e-mail address: both ends confirm."
call POST /v1/me/email-change "{\"email\": \"$NEXT\"}"
TOKEN="" call POST /v1/me/email-change/confirm "{\"token\": \"$(mailed "$NEXT" aze_)\"}" >/dev/null
expect "$EMAIL" "$(call GET /v1/me | jq -r .email)"
TOKEN="" call POST /v1/me/email-change/confirm "{\"token\": \"$(mailed "$EMAIL" aze_)\"}" >/dev/null
expect "$NEXT" "$(call GET /v1/me | jq -r .email)"
expect "Your address was changed" "$(mail "$EMAIL" .subject)"

say "Done."
