#!/usr/bin/env bash
# Negotiating: offers and counter-offers in numbered rounds, the worker's net at each step, and who gets the job.
#
# usage: examples/negotiation.sh http://127.0.0.1:8080
set -euo pipefail
# shellcheck source=examples/lib.sh
source "$(dirname "$0")/lib.sh"

# proposal ID FILTER : a part of a proposal as the caller sees it.
proposal() {
    call GET "/v1/proposals/$1" | jq -r "$2"
}

# offer ROUND TERMS : the answer to a round with other terms.
offer() {
    jq -n --argjson round "$1" --argjson terms "$2" '{round: $round, terms: $terms, message: "How about this?"}'
}

say "Four workers propose. Each price comes with its fee, 20% up to 100,000 yen and 10% above, and what it leaves the worker."
join client; CLIENT="$TOKEN"; JOB="$(post_job "Translate a catalogue")"
join mika; MIKA="$TOKEN"; MIKAS="$(propose "$JOB" "$(terms 30000)")"
join ren; REN="$TOKEN"; RENS="$(propose "$JOB" "$(terms 33333)")"
join sora; SORA="$TOKEN"; SORAS="$(propose "$JOB" "$(terms 150000)")"
join yui; YUI="$TOKEN"; YUIS="$(propose "$JOB" "$(terms 28000)")"
TOKEN="$CLIENT"
call GET "/v1/jobs/$JOB/proposals" | jq -c '.items[] | {status, gross: .quote.gross.amount, fee: .quote.fee.amount, net: .quote.net.amount}'
expect 24000 "$(proposal "$MIKAS" .quote.net.amount)"
expect 26667 "$(proposal "$RENS" .quote.net.amount)"
expect 125000 "$(proposal "$SORAS" .quote.net.amount)"

say "One is too dear: the client declines it. Another worker thinks better of it and retracts."
call POST "/v1/proposals/$SORAS/decline" '{"round": 1}' | jq -c '{status, allowed_actions}'
TOKEN="$YUI"; call POST "/v1/proposals/$YUIS/retract" | jq -c '{status, allowed_actions}'
TOKEN="$SORA"; expect declined "$(proposal "$SORAS" .status)"
refused 409 action_refused POST "/v1/proposals/$SORAS/retract"

say "Round 2: the client would pay Mika 24,000. It is Mika's turn now, for 14 days."
TOKEN="$CLIENT"
call POST "/v1/proposals/$MIKAS/counter" "$(offer 1 "$(terms 24000)")" | jq -c '{status, round, round_by, respond_by, net: .quote.net.amount}'
expect 19200 "$(proposal "$MIKAS" .quote.net.amount)"
expect false "$(proposal "$MIKAS" '.allowed_actions | any(. == "accept" or . == "counter")')"
refused 409 action_refused POST "/v1/proposals/$MIKAS/accept" '{"round": 2}'

say "Round 3: Mika answers with 27,000 in two parts; the net of each is shown."
TOKEN="$MIKA"
call POST "/v1/proposals/$MIKAS/counter" "$(offer 2 "$(terms 12000 15000)")" | jq -c '{round, round_by, net: .quote.net.amount, parts: [.quote.milestone_nets[].amount]}'
expect "21600 9600 12000" "$(proposal "$MIKAS" '.quote | "\(.net.amount) \(.milestone_nets[0].amount) \(.milestone_nets[1].amount)"')"
expect retract "$(proposal "$MIKAS" '.allowed_actions | join(" ")')"

say "The client still looks at round 2, and cannot sign or answer what is no longer on the table."
TOKEN="$CLIENT"
refused 409 stale_terms POST "/v1/proposals/$MIKAS/accept" '{"round": 2}'
refused 409 stale_terms POST "/v1/proposals/$MIKAS/counter" "$(offer 1 "$(terms 25000)")"
refused 409 stale_terms POST "/v1/proposals/$MIKAS/decline" '{"round": 2}'

say "The client reads every round, and accepts round 3: the contract has exactly its terms."
proposal "$MIKAS" '.rounds[] | "round \(.round), \(.author): \(.quote.gross.amount), of which the worker gets \(.quote.net.amount)"'
SIGNED="$(call POST "/v1/proposals/$MIKAS/accept" '{"round": 3}')"
jq -c '{status, total, amounts: [.milestones[].amount.amount]}' <<<"$SIGNED"
expect "27000 12000 15000" "$(jq -r '"\(.total.amount) \(.milestones[0].amount.amount) \(.milestones[1].amount.amount)"' <<<"$SIGNED")"
expect accepted "$(proposal "$MIKAS" .status)"

say "The job is filled, and Ren's proposal is set aside: it comes back should the contract lapse."
expect filled "$(call GET "/v1/jobs/$JOB" | jq -r .status)"
TOKEN="$REN"
expect set_aside "$(proposal "$RENS" .status)"
expect "proposal.submitted proposal.set_aside" "$(happened "$RENS")"
refused 409 action_refused POST "/v1/jobs/$JOB/proposals" "$(jq -n --argjson terms "$(terms 10000)" '{terms: $terms, message: "Me!"}')"

say "What happened to Mika's proposal, in order."
TOKEN="$MIKA"
happened "$MIKAS"
expect "proposal.submitted proposal.countered proposal.countered proposal.accepted" "$(happened "$MIKAS")"

say "Done."
