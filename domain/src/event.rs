//! What others are told: one name for each observable change, `noun.what_happened`.

use crate::names;

names! {
    /// What happened. The part before the dot is the noun it happened to.
    pub enum EventKind {
        /// An account was made.
        MemberRegistered = "member.registered",
        /// The e-mail address was confirmed.
        MemberConfirmed = "member.confirmed",
        /// They chose a username.
        MemberUsernameChosen = "member.username_chosen",
        /// Another e-mail address is theirs.
        MemberEmailChanged = "member.email_changed",
        /// They have another password.
        MemberPasswordChanged = "member.password_changed",
        /// A log-in asks for a second factor from now on.
        MemberSecondFactorAdded = "member.second_factor_added",
        /// It no longer does.
        MemberSecondFactorRemoved = "member.second_factor_removed",
        /// A recovery code was used, or all of them replaced.
        MemberRecoveryCodesChanged = "member.recovery_codes_changed",
        /// They have another role.
        MemberRoleChanged = "member.role_changed",
        /// An account at a provider logs in to theirs.
        MemberIdentityLinked = "member.identity_linked",
        /// It no longer does.
        MemberIdentityUnlinked = "member.identity_unlinked",
        /// They left; money may still be on its way to them.
        MemberWithdrawn = "member.withdrawn",
        /// Nothing is on its way any more.
        MemberClosed = "member.closed",
        /// Staff let their address join again.
        MemberReadmitted = "member.readmitted",
        /// Money of somebody who left was set aside, to be claimed.
        MemberMoneyUnclaimed = "member.money_unclaimed",

        /// A draft was written.
        JobDrafted = "job.drafted",
        /// It takes proposals.
        JobPublished = "job.published",
        /// A contract was signed for it.
        JobFilled = "job.filled",
        /// It was open long enough.
        JobExpired = "job.expired",
        /// The client took it back.
        JobCanceled = "job.canceled",
        /// Its contract lapsed, it takes proposals again.
        JobReopened = "job.reopened",

        /// The first round.
        ProposalSubmitted = "proposal.submitted",
        /// Another round.
        ProposalCountered = "proposal.countered",
        /// Both agree.
        ProposalAccepted = "proposal.accepted",
        /// The client said no.
        ProposalDeclined = "proposal.declined",
        /// The worker took it back.
        ProposalRetracted = "proposal.retracted",
        /// Nobody answered, or the contract made of it lapsed.
        ProposalExpired = "proposal.expired",
        /// Another proposal was accepted.
        ProposalSetAside = "proposal.set_aside",
        /// That contract lapsed.
        ProposalRestored = "proposal.restored",

        /// Both sides are bound.
        ContractSigned = "contract.signed",
        /// The first milestone is funded.
        ContractActivated = "contract.activated",
        /// A required funding is missing.
        ContractPaused = "contract.paused",
        /// It came.
        ContractResumed = "contract.resumed",
        /// Nothing was funded in time.
        ContractLapsed = "contract.lapsed",
        /// The worker left a paused contract.
        ContractLeft = "contract.left",
        /// Every milestone is final.
        ContractEnded = "contract.ended",

        /// Money was set aside, or is waited for.
        MilestoneFundingStarted = "milestone.funding_started",
        /// The client's money is held.
        MilestoneFunded = "milestone.funded",
        /// It did not come in time.
        MilestoneFundingExpired = "milestone.funding_expired",
        /// The worker handed over.
        MilestoneDelivered = "milestone.delivered",
        /// The client asked for changes.
        MilestoneChangesRequested = "milestone.changes_requested",
        /// Automatic acceptance comes near.
        MilestoneAcceptanceReminder = "milestone.acceptance_reminder",
        /// The redelivery is long overdue.
        MilestoneRedeliveryOverdue = "milestone.redelivery_overdue",
        /// The due date moved, because the contract was paused.
        MilestoneRescheduled = "milestone.rescheduled",
        /// The client accepted.
        MilestoneAccepted = "milestone.accepted",
        /// The acceptance window passed.
        MilestoneAutoAccepted = "milestone.auto_accepted",
        /// One side opened a dispute.
        MilestoneDisputed = "milestone.disputed",
        /// The parties agreed on shares.
        MilestoneSettled = "milestone.settled",
        /// Staff decided on shares.
        MilestoneRuled = "milestone.ruled",
        /// It ended by consent, or with its contract.
        MilestoneCanceled = "milestone.canceled",

        /// Money is held.
        EscrowFunded = "escrow.funded",
        /// All went to the worker.
        EscrowReleased = "escrow.released",
        /// All went back to the client.
        EscrowRefunded = "escrow.refunded",
        /// Some went each way.
        EscrowSplit = "escrow.split",
        /// It was never funded.
        EscrowVoided = "escrow.voided",

        /// A payment is waited for.
        PaymentRequested = "payment.requested",
        /// Money came in.
        PaymentReceived = "payment.received",
        /// All of it is there.
        PaymentSucceeded = "payment.succeeded",
        /// The gateway said no.
        PaymentFailed = "payment.failed",
        /// It did not come in time.
        PaymentExpired = "payment.expired",

        /// A member named another account at a bank, or corrected it.
        BankAccountChanged = "bank_account.changed",
        /// A member named none any more.
        BankAccountRemoved = "bank_account.removed",
        /// The bank refused a payout to it.
        BankAccountFailed = "bank_account.failed",

        /// A bank transfer was seen that belongs to nobody yet.
        BankReceiptRecorded = "bank_receipt.recorded",
        /// It was found to belong to a payment.
        BankReceiptMatched = "bank_receipt.matched",

        /// A client's money leaves for where it came from.
        RefundRequested = "refund.requested",
        /// It arrived.
        RefundSettled = "refund.settled",
        /// It did not.
        RefundFailed = "refund.failed",

        /// Earnings leave for the worker's bank.
        PayoutRequested = "payout.requested",
        /// The same, at once and for a fee.
        PayoutQuickRequested = "payout.quick_requested",
        /// Staff look at it first.
        PayoutHeld = "payout.held",
        /// They have.
        PayoutResumed = "payout.resumed",
        /// It was taken back.
        PayoutCanceled = "payout.canceled",
        /// It is in a batch for the bank.
        PayoutProcessing = "payout.processing",
        /// The bank paid it.
        PayoutPaid = "payout.paid",
        /// The bank did not.
        PayoutFailed = "payout.failed",
        /// It came back after it was paid.
        PayoutReturned = "payout.returned",

        /// One of staff wrote an entry that another must approve.
        ManualEntryDrafted = "manual_entry.drafted",
        /// Another did.
        ManualEntryPosted = "manual_entry.posted",
        /// Another refused it.
        ManualEntryRejected = "manual_entry.rejected",

        /// Payouts were gathered for the bank.
        PayoutBatchPrepared = "payout_batch.prepared",
        /// The bank has them.
        PayoutBatchSent = "payout_batch.sent",
        /// The bank has answered for each.
        PayoutBatchSettled = "payout_batch.settled",

        /// One side wants to end.
        CancellationRequested = "cancellation.requested",
        /// The other agrees.
        CancellationConsented = "cancellation.consented",
        /// The other does not.
        CancellationRefused = "cancellation.refused",
        /// The one thought better of it.
        CancellationRetracted = "cancellation.retracted",
        /// Nobody answered.
        CancellationLapsed = "cancellation.lapsed",
        /// A milestone was finished otherwise, and is no longer part of the request.
        CancellationNarrowed = "cancellation.narrowed",

        /// One side disagrees.
        DisputeOpened = "dispute.opened",
        /// The other told their side.
        DisputeAnswered = "dispute.answered",
        /// The other kept silent.
        DisputeUnanswered = "dispute.unanswered",
        /// One side offered shares.
        DisputeOffered = "dispute.offered",
        /// Staff mediate.
        DisputeMediated = "dispute.mediated",
        /// It has taken too long and has an owner now.
        DisputeEscalated = "dispute.escalated",
        /// One of staff wrote a ruling that another must confirm.
        DisputeRulingProposed = "dispute.ruling_proposed",
        /// The parties agreed.
        DisputeSettled = "dispute.settled",
        /// Staff decided.
        DisputeRuled = "dispute.ruled",

        /// A member has a key for a program of their own.
        ApiKeyMade = "api_key.made",
        /// It is worth nothing any more.
        ApiKeyRevoked = "api_key.revoked",

        /// A partner app was registered.
        AppRegistered = "app.registered",
        /// It is called otherwise, or members are sent elsewhere.
        AppChanged = "app.changed",
        /// It has another secret.
        AppSecretChanged = "app.secret_changed",
        /// It can do nothing for anybody any more.
        AppDeleted = "app.deleted",
        /// A member lets it act for them; only they are told.
        AppConnected = "app.connected",
        /// They no longer do.
        AppDisconnected = "app.disconnected",

        /// The worker tells how it goes.
        ProgressNoteWritten = "progress_note.written",
    }
}

impl EventKind {
    /// The noun it happened to: `escrow` of `escrow.released`.
    pub fn noun(self) -> &'static str {
        self.as_str().split_once('.').map_or(self.as_str(), |(noun, _)| noun)
    }
}
