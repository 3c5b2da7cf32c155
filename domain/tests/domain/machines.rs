//! Every state and every action of every machine, against a table written by hand.

use std::collections::{BTreeMap, BTreeSet};

use domain::states::{MachineTable, machines};

/// `state: action (by) -> target`; what is not here must be refused.
const EXPECTED: &str = "
member
  pending: confirm (outsider) -> active
  active: withdraw (oneself) -> closing
  active: withdraw (oneself) -> closed
  closing: complete (system) -> closed
job
  draft: publish (client) -> open
  draft: cancel (client) -> canceled
  open: fill (system) -> filled
  open: expire (system) -> expired
  open: cancel (client) -> canceled
  filled: reopen (system) -> open
proposal
  submitted: counter (client, worker) -> countered
  submitted: accept (client, worker) -> accepted
  submitted: decline (client) -> declined
  submitted: retract (worker) -> retracted
  submitted: expire (system) -> expired
  submitted: set_aside (system) -> set_aside
  countered: counter (client, worker) -> countered
  countered: accept (client, worker) -> accepted
  countered: decline (client) -> declined
  countered: retract (worker) -> retracted
  countered: expire (system) -> expired
  countered: set_aside (system) -> set_aside
  set_aside: retract (worker) -> retracted
  set_aside: restore (system) -> submitted
  set_aside: restore (system) -> countered
  accepted: lapse (system) -> expired
contract
  agreed: activate (system) -> active
  agreed: lapse (system) -> lapsed
  agreed: end (system) -> ended
  active: pause (system) -> paused
  active: end (system) -> ended
  paused: resume (system) -> active
  paused: end (system) -> ended
  paused: leave (worker) -> ended
milestone
  planned: start_funding (client) -> funding
  planned: cancel (system) -> canceled
  funding: fund (system) -> funded
  funding: expire_funding (system) -> planned
  funding: cancel (system) -> canceled
  funded: deliver (worker) -> delivered
  funded: dispute (client, worker, system) -> disputed
  funded: cancel (system) -> accepted
  funded: cancel (system) -> canceled
  delivered: request_changes (client) -> changes_requested
  delivered: accept (client) -> accepted
  delivered: auto_accept (system) -> accepted
  delivered: dispute (client, worker, system) -> disputed
  delivered: cancel (system) -> accepted
  delivered: cancel (system) -> canceled
  changes_requested: deliver (worker) -> delivered
  changes_requested: dispute (client, worker, system) -> disputed
  changes_requested: cancel (system) -> accepted
  changes_requested: cancel (system) -> canceled
  disputed: settle (system) -> accepted
  disputed: settle (system) -> canceled
  disputed: rule (system) -> accepted
  disputed: rule (system) -> canceled
escrow
  unfunded: fund (system) -> funded
  unfunded: void (system) -> void
  funded: release (system) -> released
  funded: refund (system) -> refunded
  funded: split (system) -> split
payment
  pending: succeed (system) -> succeeded
  pending: fail (system) -> failed
  pending: expire (system) -> expired
  expired: succeed (system) -> succeeded
cancellation
  requested: consent (client, worker) -> consented
  requested: refuse (client, worker) -> refused
  requested: retract (client, worker) -> retracted
  requested: lapse (system) -> lapsed
dispute
  open: answer (client, worker) -> negotiating
  open: silence (system) -> negotiating
  negotiating: offer (client, worker) -> negotiating
  negotiating: settle (client, worker) -> settled
  negotiating: mediate (system) -> mediation
  mediation: offer (client, worker) -> mediation
  mediation: settle (client, worker) -> settled
  mediation: propose_ruling (support, admin) -> mediation
  mediation: rule (support, admin) -> ruled
  mediation: escalate (system) -> mediation
payout
  requested: hold (finance, admin) -> held
  requested: cancel (worker, finance, admin) -> canceled
  requested: process (system) -> processing
  held: resume (finance, admin) -> requested
  processing: pay (finance, admin) -> paid
  processing: fail (finance, admin) -> failed
  paid: return (finance, admin) -> returned
payout_batch
  prepared: send (finance, admin) -> sent
  sent: settle (finance, admin) -> settled
refund
  requested: settle (finance, admin, system) -> settled
  requested: fail (finance, admin, system) -> failed
manual_entry
  drafted: approve (finance, admin) -> posted
  drafted: reject (finance, admin) -> rejected
";

const FINAL: &[(&str, &[&str])] = &[
    ("manual_entry", &["posted", "rejected"]),
    ("member", &["closed"]),
    ("job", &["expired", "canceled"]),
    ("proposal", &["declined", "retracted", "expired"]),
    ("contract", &["ended", "lapsed"]),
    ("milestone", &["accepted", "canceled"]),
    ("escrow", &["released", "refunded", "split", "void"]),
    ("payment", &["succeeded", "failed"]),
    ("cancellation", &["consented", "refused", "retracted", "lapsed"]),
    ("dispute", &["settled", "ruled"]),
    ("payout", &["failed", "returned", "canceled"]),
    ("payout_batch", &["settled"]),
    ("refund", &["settled", "failed"]),
];

fn expected() -> BTreeMap<&'static str, Vec<String>> {
    let mut tables = BTreeMap::new();
    let mut machine = "";
    for line in EXPECTED.lines().filter(|line| !line.is_empty()) {
        match line.strip_prefix("  ") {
            Some(arrow) => tables.entry(machine).or_insert_with(Vec::new).push(arrow.to_owned()),
            None => machine = line,
        }
    }
    tables
}

fn arrows(machine: &MachineTable, from: &str, action: &str) -> Vec<String> {
    let arrows = machine.transitions.iter().filter(|arrow| arrow.from == from && arrow.action == action);
    let text = |arrow: &domain::machine::Transition| {
        let by: Vec<_> = arrow.by.iter().map(ToString::to_string).collect();
        format!("{from}: {action} ({}) -> {}", by.join(", "), arrow.to)
    };
    arrows.map(text).collect()
}

#[test]
fn every_state_answers_every_action_as_the_table_says() {
    let expected = expected();
    for machine in machines() {
        let table = &expected[machine.name];
        for state in &machine.states {
            for action in &machine.actions {
                let prefix = format!("{}: {} (", state.name, action.name);
                let wanted: Vec<_> = table.iter().filter(|arrow| arrow.starts_with(&prefix)).cloned().collect();
                assert_eq!(arrows(&machine, &state.name, &action.name), wanted, "{} {prefix}", machine.name);
            }
        }
        assert_eq!(machine.transitions.len(), table.len(), "{}", machine.name);
    }
    assert_eq!(expected.len(), machines().len());
}

#[test]
fn the_ends_are_the_ends() {
    for machine in machines() {
        let (_, wanted) = FINAL.iter().find(|(name, _)| *name == machine.name).unwrap();
        let ends: Vec<_> =
            machine.states.iter().filter(|state| state.is_final).map(|state| state.name.as_str()).collect();
        assert_eq!(ends, *wanted, "{}", machine.name);
    }
}

#[test]
fn no_arrow_leaves_an_end() {
    for machine in machines() {
        for end in machine.states.iter().filter(|state| state.is_final) {
            assert!(machine.transitions.iter().all(|arrow| arrow.from != end.name), "{} {}", machine.name, end.name);
        }
    }
}

#[test]
fn every_state_can_be_reached_and_every_action_taken() {
    for machine in machines() {
        let mut reached = BTreeSet::from([machine.initial.clone()]);
        for _ in &machine.states {
            let further: Vec<_> = machine.transitions.iter().filter(|arrow| reached.contains(&arrow.from)).collect();
            reached.extend(further.into_iter().map(|arrow| arrow.to.clone()));
        }
        assert!(machine.states.iter().all(|state| reached.contains(&state.name)), "{}: {reached:?}", machine.name);
        for action in &machine.actions {
            assert!(
                machine.transitions.iter().any(|arrow| arrow.action == action.name),
                "{} {}",
                machine.name,
                action.name
            );
            assert!(!action.by.is_empty(), "{} {}", machine.name, action.name);
        }
    }
}

#[test]
fn the_diagram_shows_start_arrows_and_ends() {
    let escrow = machines().into_iter().find(|machine| machine.name == "escrow").unwrap();
    let expected = "\
stateDiagram-v2
    [*] --> unfunded
    unfunded --> funded: fund (system)
    unfunded --> void: void (system)
    funded --> released: release (system)
    funded --> refunded: refund (system)
    funded --> split: split (system)
    released --> [*]
    refunded --> [*]
    split --> [*]
    void --> [*]
";
    assert_eq!(escrow.mermaid(), expected);
}
