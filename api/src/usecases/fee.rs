//! What the operator takes, told before anybody agrees to anything.

use std::collections::HashMap;

use domain::{
    contract::Contract,
    fee::{Fee, FeeBasis, FeeSchedule},
    ids::MemberId,
    money::{Currency, Money, MoneyError},
};
use persistence::{
    error::StoreError,
    relation::{self, Pair},
    store::Conn,
};

use crate::{problem::Problem, state::App};

/// The schedule that this contract was signed under.
///
/// # Errors
/// When it is not known any more, which would be our mistake.
pub fn signed(contract: &Contract) -> Result<FeeSchedule, Problem> {
    let name = &contract.fee_schedule;
    Ok(FeeSchedule::find(name).ok_or_else(|| StoreError::Missing { table: "fee schedules", id: name.clone() })?)
}

/// What the first release of a contract between strangers costs, signed now.
///
/// # Errors
/// An amount out of range.
pub fn first_quote(app: &App, gross: Money) -> Result<Fee, MoneyError> {
    app.fees.release_fee(0, gross.amount())
}

/// The smallest price that leaves the worker exactly this net.
///
/// # Errors
/// [`Code::NoSuchNet`](crate::problem::Code::NoSuchNet) with the nearest net there is.
pub fn price_of(app: &App, net: Money) -> Result<Money, Problem> {
    let price = app.fees.gross_for_net(net.amount());
    Ok(Money::new(price.map_err(|nearest| Problem::no_such_net(nearest, net.currency()))?, net.currency())?)
}

/// What was released between clients and workers, read at once for all that is shown.
#[derive(Debug)]
pub struct Relations(HashMap<Pair, Money>);

impl Relations {
    /// Reads what quotes of proposals need, for these clients and workers: nothing where fees accumulate by contract.
    ///
    /// # Errors
    /// Only those of the store.
    pub fn of_proposals(conn: &mut Conn, app: &App, pairs: &[(MemberId, MemberId)]) -> Result<Self, Problem> {
        match app.fees.basis {
            FeeBasis::Contract => Ok(Self(HashMap::new())),
            FeeBasis::ClientLifetime => Ok(Self(relation::released(conn, pairs)?)),
        }
    }

    /// Reads what quotes of these contracts need.
    ///
    /// # Errors
    /// Only those of the store.
    pub fn of_contracts<'a>(
        conn: &mut Conn,
        contracts: impl IntoIterator<Item = &'a Contract>,
    ) -> Result<Self, Problem> {
        let mut pairs = Vec::new();
        for contract in contracts {
            if signed(contract)?.basis == FeeBasis::ClientLifetime {
                pairs.push((contract.client, contract.worker));
            }
        }
        Ok(Self(if pairs.is_empty() { HashMap::new() } else { relation::released(conn, &pairs)? }))
    }

    /// What a quote for these two begins with under this schedule, before anything is signed.
    pub fn before(&self, schedule: &FeeSchedule, client: MemberId, worker: MemberId, currency: Currency) -> Money {
        let nothing = Money::zero(currency);
        match schedule.basis {
            FeeBasis::Contract => nothing,
            FeeBasis::ClientLifetime => self.0.get(&Pair { client, worker, currency }).copied().unwrap_or(nothing),
        }
    }

    /// What the quote of a signed contract begins with: what the two have released elsewhere. While other contracts of
    /// theirs run, it changes with them.
    ///
    /// # Errors
    /// Less was released in all than on this contract alone, which would be our mistake.
    pub fn before_contract(&self, schedule: &FeeSchedule, contract: &Contract) -> Result<Money, MoneyError> {
        let currency = contract.released.currency();
        match schedule.basis {
            FeeBasis::Contract => Ok(Money::zero(currency)),
            FeeBasis::ClientLifetime => {
                self.before(schedule, contract.client, contract.worker, currency).minus(contract.released)
            }
        }
    }
}
