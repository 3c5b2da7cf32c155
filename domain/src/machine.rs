//! What every state machine has in common. The tables themselves stand with their nouns.

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

    /// The table: where `action` leads from here, if it may happen here at all.
    fn next(self, action: Self::Action) -> Option<Self>;

    /// Who may take this action, from the policy table.
    fn actors(action: Self::Action) -> &'static [Standing];

    /// Takes one step, or says what was refused and what this caller could do instead.
    ///
    /// # Errors
    /// [`Refused`] when the table has no such step.
    fn advance(self, action: Self::Action, standing: Standing) -> Result<Self, Refused> {
        self.next(action).ok_or_else(|| self.refuse(action, standing))
    }

    /// The refusal of an action that this state does not allow.
    fn refuse(self, action: Self::Action, standing: Standing) -> Refused {
        Refused {
            machine: Self::MACHINE,
            state: self.to_string(),
            action: action.to_string(),
            allowed: self.allowed(standing).iter().map(ToString::to_string).collect(),
        }
    }

    /// What this caller may do in this state, before guards that need more than the state.
    fn allowed(self, standing: Standing) -> Vec<Self::Action> {
        let may = |action: &Self::Action| self.next(*action).is_some() && Self::actors(*action).contains(&standing);
        Self::ACTIONS.iter().copied().filter(may).collect()
    }

    /// The whole table, for the published state machines.
    fn transitions() -> Vec<Transition> {
        let step = |from: Self, action: Self::Action| {
            from.next(action).map(|to| Transition {
                from: from.to_string(),
                action: action.to_string(),
                by: Self::actors(action),
                to: to.to_string(),
            })
        };
        Self::STATES.iter().flat_map(|from| Self::ACTIONS.iter().filter_map(move |action| step(*from, *action))).collect()
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
#[error("a {machine} that is {state} does not allow {action}")]
pub struct Refused {
    /// Which machine.
    pub machine: &'static str,
    /// The state it is in.
    pub state: String,
    /// What was asked.
    pub action: String,
    /// What this caller could do instead.
    pub allowed: Vec<String>,
}
