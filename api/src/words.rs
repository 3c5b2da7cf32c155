//! The domain's closed sets of names, as JSON strings with an `enum` in the specification.

use std::borrow::Cow;

use domain::names::Named;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{ObjectBuilder, Type},
    },
};

/// One name of a closed set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word<T>(pub T);

impl<T: Named> Serialize for Word<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.name())
    }
}

impl<'de, T: Named> Deserialize<'de> for Word<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map(Self).map_err(D::Error::custom)
    }
}

impl<T: Named> PartialSchema for Word<T> {
    fn schema() -> RefOr<Schema> {
        let names = T::MEMBERS.iter().map(|member| member.name());
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).into()
    }
}

impl<T: Named> ToSchema for Word<T> {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed(T::SET)
    }
}

/// `money::Currency` as sent.
pub type Currency = Word<domain::money::Currency>;
/// `member::MemberKind` as sent.
pub type MemberKind = Word<domain::member::MemberKind>;
/// `member::MemberState` as sent.
pub type MemberState = Word<domain::member::MemberState>;
/// `policy::Role` as sent.
pub type Role = Word<domain::policy::Role>;
/// `audit_log::Hand` as sent.
pub type Hand = Word<persistence::audit_log::Hand>;
/// What an app can be allowed.
pub type Scope = Word<domain::scope::Scope>;
/// `contract::ContractState` as sent.
pub type ContractState = Word<domain::contract::ContractState>;
/// `escrow::EscrowState` as sent.
pub type EscrowState = Word<domain::escrow::EscrowState>;
/// `ledger::EntryKind` as sent.
pub type EntryKind = Word<domain::ledger::EntryKind>;
/// `milestone::MilestoneState` as sent.
pub type MilestoneState = Word<domain::milestone::MilestoneState>;
/// `payment::PaymentMethod` as sent.
pub type PaymentMethod = Word<domain::payment::PaymentMethod>;
/// `payment::CardToken` as sent.
pub type CardToken = Word<crate::usecases::payment::CardToken>;
/// `payment::PaymentState` as sent.
pub type PaymentState = Word<domain::payment::PaymentState>;
/// `ledger::AccountKind` as sent.
pub type AccountKind = Word<domain::ledger::AccountKind>;
/// `category::Category` as sent.
pub type Category = Word<domain::category::Category>;
/// `job::JobState` as sent.
pub type JobState = Word<domain::job::JobState>;
/// `job::JobLength` as sent.
pub type JobLength = Word<domain::job::JobLength>;
/// `proposal::ProposalState` as sent.
pub type ProposalState = Word<domain::proposal::ProposalState>;
/// `terms::FundedAhead` as sent.
pub type FundedAhead = Word<domain::terms::FundedAhead>;
/// `actor::Party` as sent.
pub type Party = Word<domain::actor::Party>;
/// `fee::TaxMode` as sent.
pub type TaxMode = Word<domain::fee::TaxMode>;
/// `fee::FeeBasis` as sent.
pub type FeeBasis = Word<domain::fee::FeeBasis>;
/// `cancellation::CancellationState` as sent.
pub type CancellationState = Word<domain::cancellation::CancellationState>;
/// `dispute::DisputeState` as sent.
pub type DisputeState = Word<domain::dispute::DisputeState>;
/// `dispute::DisputeReason` as sent.
pub type DisputeReason = Word<domain::dispute::DisputeReason>;
/// `bank_account::AccountType` as sent.
pub type AccountType = Word<domain::bank_account::AccountType>;
/// `bank_account::BankAccountState` as sent.
pub type BankAccountState = Word<domain::bank_account::BankAccountState>;
/// `payout::PayoutKind` as sent.
pub type PayoutKind = Word<domain::payout::PayoutKind>;
/// `payout::PayoutState` as sent.
pub type PayoutState = Word<domain::payout::PayoutState>;
/// `refund::RefundState` as sent.
pub type RefundState = Word<domain::refund::RefundState>;
/// `manual_entry::ManualEntryState` as sent.
pub type ManualEntryState = Word<domain::manual_entry::ManualEntryState>;
/// `manual_entry::Side` as sent.
pub type Side = Word<domain::manual_entry::Side>;
/// `payout_batch::PayoutBatchState` as sent.
pub type PayoutBatchState = Word<domain::payout_batch::PayoutBatchState>;
/// `worklist::TaskKind` as sent.
pub type TaskKind = Word<crate::usecases::worklist::TaskKind>;
/// `withdrawal::BlockerCode` as sent.
pub type BlockerCode = Word<domain::withdrawal::BlockerCode>;
/// `withdrawal::Warning` as sent.
pub type Warning = Word<domain::withdrawal::Warning>;
/// `withdrawal::Owner` as sent.
pub type Owner = Word<domain::withdrawal::Owner>;
/// `withdrawal::LeavingReason` as sent.
pub type LeavingReason = Word<domain::withdrawal::LeavingReason>;
