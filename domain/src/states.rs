//! Every machine as data and as a diagram: the published tables come from the tables that decide.

use std::fmt::Write;

use crate::{
    cancellation::CancellationState,
    contract::ContractState,
    dispute::DisputeState,
    escrow::EscrowState,
    job::JobState,
    machine::{State, Transition},
    manual_entry::ManualEntryState,
    member::MemberState,
    milestone::MilestoneState,
    payment::PaymentState,
    payout::PayoutState,
    payout_batch::PayoutBatchState,
    policy::Standing,
    proposal::ProposalState,
    refund::RefundState,
};

/// One machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineTable {
    /// The noun it belongs to.
    pub name: &'static str,
    /// Where every life starts.
    pub initial: String,
    /// Every state.
    pub states: Vec<StateInfo>,
    /// Every action.
    pub actions: Vec<ActionInfo>,
    /// Every arrow.
    pub transitions: Vec<Transition>,
}

/// One state of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateInfo {
    /// Its name.
    pub name: String,
    /// Whether nothing can happen any more.
    pub is_final: bool,
}

/// One action of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionInfo {
    /// Its name.
    pub name: String,
    /// Who may take it.
    pub by: &'static [Standing],
}

/// Every machine there is.
pub fn machines() -> Vec<MachineTable> {
    vec![
        MachineTable::of::<MemberState>(),
        MachineTable::of::<JobState>(),
        MachineTable::of::<ProposalState>(),
        MachineTable::of::<ContractState>(),
        MachineTable::of::<MilestoneState>(),
        MachineTable::of::<EscrowState>(),
        MachineTable::of::<PaymentState>(),
        MachineTable::of::<CancellationState>(),
        MachineTable::of::<DisputeState>(),
        MachineTable::of::<PayoutState>(),
        MachineTable::of::<PayoutBatchState>(),
        MachineTable::of::<RefundState>(),
        MachineTable::of::<ManualEntryState>(),
    ]
}

impl MachineTable {
    /// The table of one machine.
    pub fn of<S: State>() -> Self {
        let state = |state: &S| StateInfo { name: state.to_string(), is_final: state.is_final() };
        let action = |action: &S::Action| ActionInfo { name: action.to_string(), by: S::actors(*action) };
        Self {
            name: S::MACHINE,
            initial: S::INITIAL.to_string(),
            states: S::STATES.iter().map(state).collect(),
            actions: S::ACTIONS.iter().map(action).collect(),
            transitions: S::transitions(),
        }
    }

    /// The machine as a [Mermaid](https://mermaid.js.org/syntax/stateDiagram.html) state diagram.
    pub fn mermaid(&self) -> String {
        let mut diagram = format!("stateDiagram-v2\n    [*] --> {}\n", self.initial);
        for Transition { from, action, by, to } in &self.transitions {
            let by: Vec<&str> = by.iter().map(|standing| standing.as_str()).collect();
            // Writing to a string cannot fail.
            let _ = writeln!(diagram, "    {from} --> {to}: {action} ({})", by.join(", "));
        }
        for state in self.states.iter().filter(|state| state.is_final) {
            let _ = writeln!(diagram, "    {} --> [*]", state.name);
        }
        diagram
    }
}
