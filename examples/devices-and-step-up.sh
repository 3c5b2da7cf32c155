#!/usr/bin/env bash
# Devices: seeing where one is logged in, ending one session or all; and proving again who one is.
#
# usage: examples/devices-and-step-up.sh http://127.0.0.1:8080
set -euo pipefail
# shellcheck source=examples/lib.sh
source "$(dirname "$0")/lib.sh"

# subjects : those of the mails to EMAIL, newest first, on one line.
subjects() {
    call GET "/v1/test-mailbox?recipient=$EMAIL" | jq -r '[.items[].subject] | join(", ")'
}

join hanako; PHONE="$TOKEN"

say "A second device logs in. Its member is told, since nobody knew it."
TABLET="$(TOKEN="" call POST /v1/sessions "$(credentials "$EMAIL" "$PASSWORD")")"
DEVICE="$(jq -r .device_token <<<"$TABLET")"
expect "A new device logged in, Confirm your e-mail address" "$(subjects)"

say "With its device token it is known from then on."
TOKEN="" call POST /v1/sessions "$(credentials "$EMAIL" "$PASSWORD" \
    | jq --arg device "$DEVICE" '. + {device_token: $device}')" >/dev/null
expect "A new device logged in, Confirm your e-mail address" "$(subjects)"

say "The phone sees all three sessions, and ends that of the tablet."
TOKEN="$PHONE"
call GET /v1/sessions | jq -c '.items[] | {id, device, current, last_refreshed_at}'
expect "3 1" "$(call GET /v1/sessions | jq -r '"\(.items | length) \([.items[] | select(.current)] | length)"')"
call DELETE "/v1/sessions/$(jq -r .session_id <<<"$TABLET")"
TOKEN="$(jq -r .access_token <<<"$TABLET")" refused 401 invalid_token GET /v1/me
TOKEN="" refused 401 invalid_token POST /v1/sessions/refresh "{\"refresh_token\": \"$(jq -r .refresh_token <<<"$TABLET")\"}"

say "Ten minutes after the log-in, what a stolen token must not do needs a proof: recent_login_required names the factors."
refused 401 invalid_credentials POST /v1/sessions/step-up '{"password": "a wrong one, and a long one"}'
call POST /v1/sessions/step-up "{\"password\": \"$PASSWORD\"}" | jq -c .
bank_account 1234567 | jq -c '{number, status}'

say "Another password ends the other sessions; this one stays."
call PUT /v1/me/password '{"password": "seven otters juggle lanterns"}'
expect 1 "$(call GET /v1/sessions | jq '.items | length')"

say "Log out everywhere."
call DELETE /v1/sessions
refused 401 invalid_token GET /v1/me
TOKEN=""; refused 401 invalid_credentials POST /v1/sessions "$(credentials "$EMAIL" "$PASSWORD")"
log_in "$EMAIL" "seven otters juggle lanterns"

say "Done."
