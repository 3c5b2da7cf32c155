#!/usr/bin/env bash
# A second factor: codes by time (TOTP, RFC 6238), recovery codes, and a log-in in two steps.
#
# usage: examples/second-factor.sh http://127.0.0.1:8080
set -euo pipefail
# shellcheck source=examples/lib.sh
source "$(dirname "$0")/lib.sh"

# sha1 HEX : the hash of these bytes, in hex as well.
sha1() {
    bytes "$1" | sha1sum | cut -d ' ' -f 1
}

# hmac KEY MESSAGE : HMAC-SHA-1 (RFC 2104), all in hex.
hmac() {
    local key inner="" outer="" place
    key="$(printf '%-128s' "$1" | tr ' ' 0)"
    for ((place = 0; place < 128; place += 2)); do
        printf -v inner '%s%02x' "$inner" "$((16#${key:place:2} ^ 0x36))"
        printf -v outer '%s%02x' "$outer" "$((16#${key:place:2} ^ 0x5c))"
    done
    sha1 "$outer$(sha1 "$inner$2")"
}

# code SECRET STEPS : what the app shows so many half minutes from now.
code() {
    local key mac offset
    key="$(base32 -d <<<"$1" | od -An -v -tx1 | tr -d ' \n')"
    mac="$(hmac "$key" "$(printf '%016x' "$(($(date +%s) / 30 + $2))")")"
    offset="$((16#${mac: -1} * 2))"
    printf '%06d' "$(((16#${mac:offset:8} & 0x7fffffff) % 1000000))"
}

# challenge : the first step; prints what the second needs.
challenge() {
    local answer
    answer="$(call POST /v1/sessions "$(credentials "$EMAIL" "$PASSWORD")" 2>/dev/null)" && fail "one step was enough: $answer"
    expect second_factor_required "$(jq -r .code <<<"$answer")"
    jq -r .challenge_token <<<"$answer"
}

# second_step MEMBER VALUE : the body of the second step.
second_step() {
    jq -n --arg challenge "$CHALLENGE" --arg name "$1" --arg value "$2" '{challenge_token: $challenge, ($name): $value}'
}

join hanako

say "Show the secret to the app, and confirm it with the first code."
ENROLMENT="$(call POST /v1/me/second-factor)"
jq -r .otpauth_url <<<"$ENROLMENT"
SECRET="$(jq -r .secret <<<"$ENROLMENT")"
CODES="$(call POST /v1/me/second-factor/confirm "{\"code\": \"$(code "$SECRET" -1)\"}")"
jq -c . <<<"$CODES"
expect "true 10" "$(call GET /v1/me/second-factor | jq -r '"\(.is_set) \(.recovery_codes_left)"')"

say "A log-in has two steps now."
CHALLENGE="$(challenge)"
TOKEN="" refused 401 invalid_code POST /v1/sessions/second-factor "$(second_step code 000000x)"
USED="$(code "$SECRET" 0)"
TOKEN="$(TOKEN="" call POST /v1/sessions/second-factor "$(second_step code "$USED")" | jq -r .access_token)"
expect "$EMAIL" "$(call GET /v1/me | jq -r .email)"

say "No code works twice, and what showed that the password was right neither."
TOKEN="" refused 401 invalid_token POST /v1/sessions/second-factor "$(second_step code "$USED")"
CHALLENGE="$(TOKEN="" challenge)"
TOKEN="" refused 401 invalid_code POST /v1/sessions/second-factor "$(second_step code "$USED")"

say "Who has lost the app uses a recovery code, once."
RECOVERY="$(jq -r '.recovery_codes[0]' <<<"$CODES")"
TOKEN="$(TOKEN="" call POST /v1/sessions/second-factor "$(second_step recovery_code "$RECOVERY")" | jq -r .access_token)"
expect 9 "$(call GET /v1/me/second-factor | jq .recovery_codes_left)"
CHALLENGE="$(TOKEN="" challenge)"
TOKEN="" refused 401 invalid_code POST /v1/sessions/second-factor "$(second_step recovery_code "$RECOVERY")"

say "The password alone proves nothing more within a session; a code does."
refused 403 second_factor_required POST /v1/sessions/step-up "{\"password\": \"$PASSWORD\"}"
call POST /v1/sessions/step-up "{\"recovery_code\": \"$(jq -r '.recovery_codes[1]' <<<"$CODES")\"}"

say "Without the factor the password logs in alone again."
call DELETE /v1/me/second-factor
log_in "$EMAIL" "$PASSWORD"
call GET "/v1/test-mailbox?recipient=$EMAIL" | jq -r '.items[].subject'

say "Done."
