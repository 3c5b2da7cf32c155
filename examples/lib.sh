# Shared by the examples: calling the API, failing loudly, and the people who appear in them. Sourced, not run.
#
# BASE is the address of a sandbox, TOKEN whose turn it is. Texts get into JSON by jq; ids, days and tokens, which need no
# escaping, are written into it.

BASE="${1:?usage: $0 BASE_URL}"
RUN="$(date +%s)-$$-$RANDOM"
JOINED=0
# `demo` prints tokens to be exported; nobody acts here with one of those.
TOKEN=""
PASSWORD="correct horse battery staple"

# fail MESSAGE : says in which line of the script, and stops it.
fail() {
    printf '%s, line %s: %s\n' "$0" "${BASH_LINENO[-2]}" "$*" >&2
    exit 1
}

# call METHOD PATH [JSON] : prints the body; stops the script unless the status is 2xx.
call() {
    local method="$1" path="$2" body="${3-}" answer status
    local headers=(-H "Accept: application/json")
    [ -z "$TOKEN" ] || headers+=(-H "Authorization: Bearer $TOKEN")
    [ "$method" = GET ] || headers+=(-H "Idempotency-Key: example-$RUN-$RANDOM-$RANDOM")
    [ -z "$body" ] || headers+=(-H "Content-Type: application/json" --data-binary "$body")
    answer="$(curl -sS -X "$method" "${headers[@]}" -w '\n%{http_code}' "$BASE$path")"
    status="${answer##*$'\n'}"
    printf '%s' "${answer%$'\n'*}"
    [[ "$status" == 2* ]] || fail "$method $path answered $status: ${answer%$'\n'*}"
}

# refused STATUS CODE METHOD PATH [JSON] : the call must fail in exactly this way.
refused() {
    local status="$1" code="$2" answer
    shift 2
    answer="$(call "$@" 2>/dev/null)" && fail "expected $code, but it succeeded: $answer"
    expect "$status $code" "$(jq -r '"\(.status) \(.code)"' <<<"$answer")"
}

# expect WANTED FOUND
expect() {
    [ "$1" = "$2" ] || fail "expected $1, found $2"
}

say() {
    printf '\n== %s\n' "$*"
}

# join NAME : registers, confirms with the mailed token, logs in; sets EMAIL and TOKEN.
join() {
    JOINED=$((JOINED + 1))
    EMAIL="$1-$JOINED-$RUN@example.com"
    call POST /v1/accounts "$(registration "$EMAIL" "$1")" >/dev/null
    call POST /v1/accounts/confirm-email "{\"token\": \"$(mailed "$EMAIL" azc_)\"}" >/dev/null
    log_in "$EMAIL" "$PASSWORD"
}

# registration EMAIL NAME : what one registers with, as JSON.
registration() {
    jq -n --arg email "$1" --arg password "$PASSWORD" --arg name "$2" --arg terms "$(call GET /version | jq -r .terms_version)" \
        '{email: $email, password: $password, display_name: $name, kind: "individual", terms_version: $terms}'
}

# credentials EMAIL PASSWORD : what one logs in with, as JSON.
credentials() {
    jq -n --arg email "$1" --arg password "$2" '{email: $email, password: $password}'
}

# log_in EMAIL PASSWORD : sets TOKEN.
log_in() {
    TOKEN="$(call POST /v1/sessions "$(credentials "$1" "$2")" | jq -r .access_token)"
}

# needs_staff NAME... : stops unless the environment has these of staff, as the sandbox printed them at its first start.
needs_staff() {
    local name variable
    for name in "$@"; do
        for variable in "AZUKARI_${name}_EMAIL" "AZUKARI_${name}_PASSWORD"; do
            [ -n "${!variable-}" ] || fail "$variable is not set; a new sandbox prints it at its first start"
        done
    done
}

# log_in_staff NAME : sets TOKEN.
log_in_staff() {
    local email="AZUKARI_$1_EMAIL" password="AZUKARI_$1_PASSWORD"
    log_in "${!email}" "${!password}"
}

# mail ADDRESS FILTER : a part of the newest mail there. In a sandbox, anybody may read the mail.
mail() {
    call GET "/v1/test-mailbox?recipient=$1" | jq -r ".items[0] | $2"
}

# mailed ADDRESS PREFIX : the token in the newest mail there.
mailed() {
    mail "$1" .body | grep -o "$2[A-Za-z0-9_-]*" || fail "no token $2... in the newest mail to $1"
}

# bytes HEX : the bytes that it spells.
bytes() {
    printf '%b' "$(sed 's/../\\x&/g' <<<"$1")"
}

# today PLUS : the date in Tokyo so many days after the sandbox's now.
today() {
    call GET /v1/test-clock | jq -r --argjson plus "${1:-0}" \
        '.now_at | sub("\\.[0-9]+"; "") | fromdate + 32400 + $plus * 86400 | strftime("%Y-%m-%d")'
}

# advance DAYS : sets the sandbox's clock forward, by less than a second more, and fires what is due on the way.
advance() {
    local to
    to="$(call GET /v1/test-clock | jq -r --argjson plus "$1" \
        '.now_at | sub("\\.[0-9]+"; "") | fromdate + $plus * 86400 + 1 | todate')"
    call POST /v1/test-clock/advance "{\"to_at\": \"$to\"}" >/dev/null
}

# yen AMOUNT : as JSON.
yen() {
    printf '{"amount": %s, "currency": "JPY"}' "$1"
}

# post_job TITLE : prints the id; TOKEN is the client.
post_job() {
    call POST /v1/jobs "$(jq -n --arg title "$1" \
        '{title: $title, description: "About 3,000 characters.", category: "translation", length: "one_off"}')" | jq -r .id
}

# terms AMOUNT... : terms with a milestone for each amount, due a week apart.
terms() {
    local milestones="[]" days=7 amount
    for amount in "$@"; do
        milestones="$(jq --argjson amount "$(yen "$amount")" --arg due "$(today "$days")" \
            '. + [{title: "Part \(length + 1)", amount: $amount, due_on: $due}]' <<<"$milestones")"
        days=$((days + 7))
    done
    jq -n --argjson milestones "$milestones" '{milestones: $milestones}'
}

# propose JOB TERMS : prints the id; TOKEN is the worker.
propose() {
    call POST "/v1/jobs/$1/proposals" "$(jq -n --argjson terms "$2" '{terms: $terms, message: "I would like to do this."}')" \
        | jq -r .id
}

# agree AMOUNT... : a client and a worker sign a contract; sets CLIENT, WORKER (tokens), CLIENT_EMAIL, CONTRACT.
agree() {
    agree_on "$(terms "$@")"
}

# agree_on TERMS : the same on any terms.
agree_on() {
    join client; CLIENT="$TOKEN"; CLIENT_EMAIL="$EMAIL"
    join worker; WORKER="$TOKEN"
    sign "$1"
}

# sign TERMS : CLIENT and WORKER (tokens) sign a contract; sets CONTRACT, and TOKEN to the client.
sign() {
    local job proposal
    TOKEN="$CLIENT"; job="$(post_job "Translate a page")"
    TOKEN="$WORKER"; proposal="$(propose "$job" "$1")"
    TOKEN="$CLIENT"; CONTRACT="$(accept_proposal "$proposal")"
}

# accept_proposal PROPOSAL : as it was first made; prints the contract's id. TOKEN is the client.
accept_proposal() {
    call POST "/v1/proposals/$1/accept" '{"round": 1}' | jq -r .id
}

# milestone POSITION : prints the id of a milestone of CONTRACT.
milestone() {
    call GET "/v1/contracts/$CONTRACT" | jq -r --argjson position "$1" '.milestones[] | select(.position == $position) | .id'
}

# fund_by_card MILESTONE : TOKEN is the client.
fund_by_card() {
    local payment
    payment="$(call POST "/v1/milestones/$1/start-funding" '{"method": "card"}' | jq -r '.payments[0].id')"
    call POST "/v1/payments/$payment/pay" '{"card_token": "tok_succeeds"}' >/dev/null
    expect funded "$(call GET "/v1/milestones/$1" | jq -r .status)"
}

# deliver MILESTONE : prints the delivery's id; TOKEN is the worker.
deliver() {
    call POST "/v1/milestones/$1/deliver" '{"message": "Here it is.", "links": ["https://files.example.com/1.pdf"]}' \
        | jq -r .delivery_id
}

# accept MILESTONE DELIVERY : prints the milestone; TOKEN is the client.
accept() {
    call POST "/v1/milestones/$1/accept" "{\"delivery_id\": \"$2\"}"
}

# happened SUBJECT : the kinds of the events about it that concern the caller, in order, on one line.
happened() {
    call GET "/v1/events?limit=100" \
        | jq -r --arg subject "$1" '[.items[] | select(.subject == $subject) | .kind] | join(" ")'
}

# advance_to DAY : sets the sandbox's clock forward to 00:00 of that day in Tokyo.
advance_to() {
    call POST /v1/test-clock/advance "$(jq -n --arg day "$1" '{to_at: ($day + "T00:00:00Z" | fromdate - 32400 | todate)}')" >/dev/null
}

# day DATE PLUS : the date so many days later.
day() {
    jq -nr --arg day "$1" --argjson plus "$2" '$day + "T00:00:00Z" | fromdate + $plus * 86400 | strftime("%Y-%m-%d")'
}

# next_month : the first day of the month after the sandbox's now.
next_month() {
    local year month
    IFS=- read -r year month _ < <(today)
    if [ "$month" = 12 ]; then printf '%04d-01-01' "$((year + 1))"; else printf '%s-%02d-01' "$year" "$((10#$month + 1))"; fi
}

# earn PRICE : WORKER earns 80% of it from CLIENT (tokens), and becomes TOKEN.
earn() {
    local milestone delivery
    sign "$(terms "$1")"
    milestone="$(milestone 1)"; fund_by_card "$milestone"
    TOKEN="$WORKER"; delivery="$(deliver "$milestone")"
    TOKEN="$CLIENT"; accept "$milestone" "$delivery" >/dev/null
    TOKEN="$WORKER"
}

# bank_account NUMBER : names where the caller's payouts go; prints the account.
bank_account() {
    call PUT /v1/me/bank-account "$(jq -n --arg number "$1" \
        '{bank_code: "0005", branch_code: "101", account_type: "ordinary", number: $number, holder: "ヤマダ ハナコ"}')"
}

# earnings : what the caller has earned and is in no payout.
earnings() {
    call GET /v1/me/balance | jq -r .earnings.amount
}
