//! What every state machine has in common. The tables themselves stand with their nouns
//! (domain rules, section 4).

use crate::policy::Standing;

/// A state of one machine.
pub trait State: Copy + Eq + std::fmt::Display + 'static {
    /// What can be done to it.
    type Action: Copy + Eq + std::fmt::Display + 'static;
    /// The machine's name: the noun it belongs to.
    const MACHINE: &'static str;
    /// Where every life starts.
    const INITIAL: Self;
    /// Every state.
    const STATES: &'static [Self];
    /// Every action.
    const ACTIONS: &'static [Self::Action];

    /// The table: where `action` leads from here. Empty when it may not happen here at all; more than
    /// one state where the noun's own function chooses, as a settlement does by the worker's share.
    fn targets(self, action: Self::Action) -> &'static [Self];

    /// Who may take this action, from the policy table.
    fn actors(action: Self::Action) -> &'static [Standing];

    /// Takes one step to the only (or first) target.
    ///
    /// # Errors
    /// [`Refused`] when the table has no such step.
    fn advance(self, action: Self::Action) -> Result<Self, Refused> {
        self.targets(action).first().copied().ok_or_else(|| self.refuse(action))
    }

    /// Takes one step to the target that was chosen.
    ///
    /// # Errors
    /// [`Refused`] when the table has no such step, or it does not lead there.
    fn advance_to(self, chosen: Self, action: Self::Action) -> Result<Self, Refused> {
        let mut targets = self.targets(action).iter().copied();
        targets.find(|target| *target == chosen).ok_or_else(|| self.refuse(action))
    }

    /// Whether nothing can happen any more.
    fn is_final(self) -> bool {
        Self::ACTIONS.iter().all(|action| self.targets(*action).is_empty())
    }

    /// The refusal of an action that this state does not allow.
    fn refuse(self, action: Self::Action) -> Refused {
        let allowed = Self::ACTIONS.iter().filter(|action| !self.targets(**action).is_empty());
        Refused {
            machine: Self::MACHINE,
            state: self.to_string(),
            action: action.to_string(),
            allowed: allowed.map(ToString::to_string).collect(),
        }
    }

    /// What this caller may do in this state, before guards that need more than the state.
    fn allowed(self, standing: Standing) -> Vec<Self::Action> {
        let may =
            |action: &Self::Action| !self.targets(*action).is_empty() && Self::actors(*action).contains(&standing);
        Self::ACTIONS.iter().copied().filter(may).collect()
    }

    /// The whole table, for the published state machines.
    fn transitions() -> Vec<Transition> {
        let arrows = |from: Self, action: Self::Action| {
            from.targets(action).iter().map(move |to| Transition {
                from: from.to_string(),
                action: action.to_string(),
                by: Self::actors(action),
                to: to.to_string(),
            })
        };
        let from = |from: Self| Self::ACTIONS.iter().flat_map(move |action| arrows(from, *action));
        Self::STATES.iter().copied().flat_map(from).collect()
    }
}

/// One arrow of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// The state before.
    pub from: String,
    /// What happens.
    pub action: String,
    /// Who may make it happen.
    pub by: &'static [Standing],
    /// The state after.
    pub to: String,
}

/// A step the table does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a {machine} that is {state} does not allow {action}, {}", instead(.allowed))]
pub struct Refused {
    /// Which machine.
    pub machine: &'static str,
    /// The state it is in.
    pub state: String,
    /// What was asked.
    pub action: String,
    /// What this state allows, to one or another.
    pub allowed: Vec<String>,
}

fn instead(allowed: &[String]) -> String {
    if allowed.is_empty() { "nor anything else".to_owned() } else { format!("only {}", allowed.join(", ")) }
}
