//! The tables, written once for both engines. The schema test compares them with what the migrations make.

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Date, Integer, Nullable, Text};

    instance (id) {
        id -> Integer,
        mode -> Text,
        secret -> Nullable<Binary>,
        clock_offset -> BigInt,
        created_at -> Instant,
        key_generation -> Integer,
        keys_rotated_at -> Nullable<Instant>,
        first_key_id -> Nullable<Text>,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Bool, Date, Integer, Nullable, Text};

    members (id) {
        id -> Identifier,
        kind -> Text,
        role -> Text,
        email -> Text,
        email_key -> Text,
        display_name -> Text,
        password_hash -> Nullable<Text>,
        locale -> Text,
        terms_version -> Text,
        state -> Text,
        version -> Integer,
        created_at -> Instant,
        updated_at -> Instant,
        username -> Nullable<Text>,
        username_skeleton -> Nullable<Text>,
        password_is_short -> Bool,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Date, Integer, Nullable, Text};

    email_confirmations (token_hash) {
        token_hash -> Binary,
        member_id -> Identifier,
        expires_at -> Instant,
        email -> Nullable<Text>,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Date, Integer, Nullable, Text};

    sessions (id) {
        id -> Identifier,
        member_id -> Identifier,
        created_at -> Instant,
        expires_at -> Instant,
        revoked_at -> Nullable<Instant>,
        device -> Text,
        device_hash -> Nullable<Binary>,
        refreshed_at -> Nullable<Instant>,
        stepped_up_at -> Nullable<Instant>,
        holder -> Nullable<Text>,
        app_id -> Nullable<Identifier>,
        scopes -> Nullable<Text>,
        used_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Date, Integer, Nullable, Text};

    refresh_tokens (token_hash) {
        token_hash -> Binary,
        session_id -> Identifier,
        used_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Date, Integer, Nullable, Text};

    idempotency_keys (caller, idempotency_key) {
        caller -> Text,
        idempotency_key -> Text,
        fingerprint -> Binary,
        answer -> Nullable<Json>,
        created_at -> Instant,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Date, Integer, Nullable, Text};

    events (id) {
        id -> Identifier,
        number -> Nullable<BigInt>,
        kind -> Text,
        subject -> Text,
        client_id -> Nullable<Identifier>,
        worker_id -> Nullable<Identifier>,
        data -> Json,
        occurred_at -> Instant,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Date, Integer, Nullable, Text};

    mails (id) {
        id -> Identifier,
        recipient -> Text,
        subject -> Text,
        body -> Text,
        created_at -> Instant,
        next_attempt_at -> Nullable<Instant>,
        attempts -> Integer,
        sent_at -> Nullable<Instant>,
        last_error -> Nullable<Text>,
        locale -> Text,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Date, Integer, Nullable, Text};

    timers (subject, kind) {
        subject -> Identifier,
        kind -> Text,
        due_at -> Instant,
        attempts -> Integer,
        retry_at -> Instant,
        last_error -> Nullable<Text>,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Date, Integer, Nullable, Text};

    ledger_accounts (id) {
        id -> Identifier,
        kind -> Text,
        owner -> Nullable<Identifier>,
        currency -> Text,
        balance -> Nullable<BigInt>,
        reserved -> BigInt,
        version -> Integer,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Date, Integer, Nullable, Text};

    journal_entries (id) {
        id -> Identifier,
        kind -> Text,
        currency -> Text,
        subject -> Text,
        reverses -> Nullable<Identifier>,
        occurred_at -> Instant,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Date, Integer, Nullable, Text};

    postings (entry_id, line) {
        entry_id -> Identifier,
        line -> Integer,
        account_id -> Identifier,
        amount -> BigInt,
        balance_after -> Nullable<BigInt>,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Date, Integer, Nullable, Text};

    jobs (id) {
        id -> Identifier,
        client_id -> Identifier,
        format -> Text,
        title -> Text,
        description -> Text,
        category -> Text,
        currency -> Text,
        budget_min -> Nullable<BigInt>,
        budget_max -> Nullable<BigInt>,
        length -> Text,
        state -> Text,
        published_at -> Nullable<Instant>,
        expires_at -> Nullable<Instant>,
        applicant_count -> Integer,
        version -> Integer,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Date, Integer, Nullable, Text};

    proposals (id) {
        id -> Identifier,
        job_id -> Identifier,
        client_id -> Identifier,
        worker_id -> Identifier,
        state -> Text,
        round -> Integer,
        round_by -> Text,
        terms -> Json,
        message -> Text,
        respond_by -> Nullable<Instant>,
        version -> Integer,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Date, Integer, Nullable, Text};

    proposal_rounds (proposal_id, round) {
        proposal_id -> Identifier,
        round -> Integer,
        author -> Text,
        terms -> Json,
        message -> Text,
        created_at -> Instant,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Bool, Date, Integer, Nullable, Text};

    contracts (id) {
        id -> Identifier,
        job_id -> Identifier,
        proposal_id -> Identifier,
        client_id -> Identifier,
        worker_id -> Identifier,
        title -> Text,
        scope -> Text,
        currency -> Text,
        terms -> Json,
        terms_version -> Integer,
        fee_schedule -> Text,
        state -> Text,
        released -> BigInt,
        funding_due_at -> Nullable<Instant>,
        lapse_at -> Nullable<Instant>,
        paused_at -> Nullable<Instant>,
        ending -> Text,
        ended_at -> Nullable<Instant>,
        version -> Integer,
        created_at -> Instant,
        updated_at -> Instant,
        cancellation_requested -> Bool,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Date, Integer, Nullable, Text};

    milestones (id) {
        id -> Identifier,
        contract_id -> Identifier,
        client_id -> Identifier,
        worker_id -> Identifier,
        escrow_id -> Identifier,
        position -> Integer,
        title -> Text,
        currency -> Text,
        amount -> BigInt,
        due_on -> Date,
        state -> Text,
        termination_fee_due -> BigInt,
        reserved -> BigInt,
        revision_rounds -> Integer,
        revision_limit -> Integer,
        acceptance_days -> Integer,
        delivery_id -> Nullable<Identifier>,
        worker_share -> Nullable<BigInt>,
        fee -> Nullable<BigInt>,
        fee_tax -> Nullable<BigInt>,
        net -> Nullable<BigInt>,
        auto_accept_at -> Nullable<Instant>,
        funding_expires_at -> Nullable<Instant>,
        funded_at -> Nullable<Instant>,
        delivered_at -> Nullable<Instant>,
        finished_at -> Nullable<Instant>,
        version -> Integer,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Date, Integer, Nullable, Text};

    escrows (id) {
        id -> Identifier,
        milestone_id -> Nullable<Identifier>,
        contract_id -> Nullable<Identifier>,
        client_id -> Identifier,
        worker_id -> Identifier,
        currency -> Text,
        amount -> BigInt,
        state -> Text,
        fee -> Nullable<BigInt>,
        fee_tax -> Nullable<BigInt>,
        net -> Nullable<BigInt>,
        version -> Integer,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Date, Integer, Nullable, Text};

    deliveries (id) {
        id -> Identifier,
        milestone_id -> Identifier,
        message -> Text,
        links -> Json,
        created_at -> Instant,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Date, Integer, Nullable, Text};

    change_requests (milestone_id, round) {
        milestone_id -> Identifier,
        round -> Integer,
        delivery_id -> Identifier,
        reason -> Text,
        due_on -> Date,
        created_at -> Instant,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Date, Integer, Nullable, Text};

    payments (id) {
        id -> Identifier,
        contract_id -> Identifier,
        milestone_id -> Identifier,
        client_id -> Identifier,
        method -> Text,
        currency -> Text,
        amount -> BigInt,
        received -> BigInt,
        state -> Text,
        transfer_reference -> Nullable<Text>,
        failure_code -> Nullable<Text>,
        card_token -> Nullable<Text>,
        expires_at -> Nullable<Instant>,
        version -> Integer,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Date, Integer, Nullable, Text};

    bank_receipts (id) {
        id -> Identifier,
        bank_reference -> Text,
        transfer_reference -> Nullable<Text>,
        sender -> Text,
        currency -> Text,
        amount -> BigInt,
        received_on -> Date,
        payment_id -> Nullable<Identifier>,
        recorded_by -> Identifier,
        version -> Integer,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Date, Integer, Nullable, Text};

    progress_notes (id) {
        id -> Identifier,
        contract_id -> Identifier,
        milestone_id -> Nullable<Identifier>,
        author_id -> Identifier,
        body -> Text,
        created_at -> Instant,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Date, Integer, Nullable, Text};

    cancellation_requests (id) {
        id -> Identifier,
        contract_id -> Identifier,
        requested_by -> Text,
        reason -> Text,
        shares -> Json,
        state -> Text,
        respond_by -> Instant,
        version -> Integer,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Date, Integer, Nullable, Text};

    disputes (id) {
        id -> Identifier,
        contract_id -> Identifier,
        milestone_id -> Identifier,
        client_id -> Identifier,
        worker_id -> Identifier,
        opened_by -> Text,
        reason -> Text,
        claim -> Text,
        currency -> Text,
        held -> BigInt,
        answer -> Nullable<Text>,
        offer_by -> Nullable<Text>,
        offer_share -> Nullable<BigInt>,
        ruling_by -> Nullable<Identifier>,
        ruling_share -> Nullable<BigInt>,
        ruling_reasoning -> Nullable<Text>,
        state -> Text,
        owner_id -> Nullable<Identifier>,
        respond_by -> Nullable<Instant>,
        negotiation_ends_at -> Nullable<Instant>,
        escalate_at -> Nullable<Instant>,
        escalated_at -> Nullable<Instant>,
        version -> Integer,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Date, Integer, Nullable, Text};

    withdrawals (member_id) {
        member_id -> Identifier,
        reason -> Nullable<Text>,
        comment -> Nullable<Text>,
        acknowledged -> Json,
        requested_at -> Instant,
        completed_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Date, Integer, Nullable, Text};

    tombstones (member_id) {
        member_id -> Identifier,
        email_hash -> Binary,
        left_at -> Instant,
        readmitted_at -> Nullable<Instant>,
        username_hash -> Nullable<Binary>,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Bool, Date, Integer, Nullable, Text};

    releases (escrow_id) {
        escrow_id -> Identifier,
        worker_id -> Identifier,
        contract_id -> Identifier,
        currency -> Text,
        net -> BigInt,
        remaining -> BigInt,
        released_at -> Instant,
        payment_due_on -> Date,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Bool, Date, Integer, Nullable, Text};

    bank_accounts (member_id) {
        member_id -> Identifier,
        bank_code -> Text,
        branch_code -> Text,
        account_type -> Text,
        number -> Text,
        holder -> Text,
        state -> Text,
        failure_reason -> Nullable<Text>,
        version -> Integer,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Bool, Date, Integer, Nullable, Text};

    calendar_overrides (day_on) {
        day_on -> Date,
        is_business_day -> Bool,
        note -> Text,
        author_id -> Identifier,
        updated_at -> Instant,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Bool, Date, Integer, Nullable, Text};

    payout_batches (id) {
        id -> Identifier,
        pay_on -> Date,
        state -> Text,
        payouts -> BigInt,
        currency -> Text,
        total -> BigInt,
        preparer_id -> Identifier,
        sent_at -> Nullable<Instant>,
        settled_at -> Nullable<Instant>,
        version -> Integer,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Bool, Date, Integer, Nullable, Text};

    payouts (id) {
        id -> Identifier,
        worker_id -> Identifier,
        kind -> Text,
        currency -> Text,
        amount -> BigInt,
        fee -> BigInt,
        fee_tax -> BigInt,
        bank_fee -> BigInt,
        state -> Text,
        closed_on -> Nullable<Date>,
        pay_on -> Date,
        batch_id -> Nullable<Identifier>,
        bank_account -> Nullable<Json>,
        sent_at -> Nullable<Instant>,
        reason -> Nullable<Text>,
        bank_reference -> Nullable<Text>,
        value_on -> Nullable<Date>,
        return_reference -> Nullable<Text>,
        returned_on -> Nullable<Date>,
        version -> Integer,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Bool, Date, Integer, Nullable, Text};

    payout_lines (payout_id, line) {
        payout_id -> Identifier,
        line -> Integer,
        escrow_id -> Identifier,
        amount -> BigInt,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Bool, Date, Integer, Nullable, Text};

    payout_runs (closed_on) {
        closed_on -> Date,
        pay_on -> Date,
        state -> Text,
        last_worker_id -> Nullable<Identifier>,
        payouts -> BigInt,
        total -> BigInt,
        started_at -> Instant,
        finished_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use crate::types::sql::Identifier;
    use diesel::sql_types::{BigInt, Text};

    relations (client_id, worker_id, currency) {
        client_id -> Identifier,
        worker_id -> Identifier,
        currency -> Text,
        released -> BigInt,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Date, Integer, Nullable, Text};

    refunds (id) {
        id -> Identifier,
        payment_id -> Identifier,
        client_id -> Identifier,
        method -> Text,
        currency -> Text,
        amount -> BigInt,
        state -> Text,
        bank_account -> Nullable<Json>,
        reference -> Nullable<Text>,
        value_on -> Nullable<Date>,
        reason -> Nullable<Text>,
        version -> Integer,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Date, Integer, Nullable, Text};

    identities (id) {
        id -> Identifier,
        member_id -> Identifier,
        issuer -> Text,
        subject -> Text,
        created_at -> Instant,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Date, Integer, Nullable, Text};

    social_flows (token_hash) {
        token_hash -> Binary,
        provider -> Text,
        redirect_uri -> Text,
        member_id -> Nullable<Identifier>,
        expires_at -> Instant,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Date, Integer, Nullable, Text};

    devices (token_hash) {
        token_hash -> Binary,
        member_id -> Identifier,
        seen_at -> Instant,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Date, Integer, Nullable, Text};

    tallies (subject) {
        subject -> Binary,
        times -> Integer,
        last_at -> Instant,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Date, Integer, Nullable, Text};

    address_requests (id) {
        id -> Identifier,
        kind -> Text,
        email -> Text,
        locale -> Text,
        created_at -> Instant,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Date, Integer, Nullable, Text};

    password_resets (token_hash) {
        token_hash -> Binary,
        member_id -> Identifier,
        expires_at -> Instant,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Date, Integer, Nullable, Text};

    email_changes (member_id) {
        member_id -> Identifier,
        email -> Text,
        old_hash -> Binary,
        new_hash -> Nullable<Binary>,
        old_confirmed_at -> Nullable<Instant>,
        new_confirmed_at -> Nullable<Instant>,
        expires_at -> Instant,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Date, Integer, Nullable, Text};

    second_factors (member_id) {
        member_id -> Identifier,
        secret -> Binary,
        confirmed_at -> Nullable<Instant>,
        last_step -> BigInt,
        created_at -> Instant,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Date, Integer, Nullable, Text};

    recovery_codes (member_id, code_hash) {
        member_id -> Identifier,
        code_hash -> Binary,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Date, Integer, Nullable, Text};

    audit_log (id) {
        id -> Identifier,
        actor_id -> Nullable<Identifier>,
        actor_role -> Text,
        operation -> Text,
        resource -> Text,
        client_id -> Nullable<Identifier>,
        worker_id -> Nullable<Identifier>,
        reason -> Nullable<Text>,
        state_before -> Nullable<Json>,
        state_after -> Nullable<Json>,
        request_id -> Nullable<Text>,
        created_at -> Instant,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Date, Integer, Nullable, Text};

    manual_entries (id) {
        id -> Identifier,
        state -> Text,
        currency -> Text,
        lines -> Json,
        reason -> Text,
        drafter_id -> Identifier,
        decider_id -> Nullable<Identifier>,
        refusal -> Nullable<Text>,
        version -> Integer,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Date, Integer, Nullable, Text};

    apps (id) {
        id -> Identifier,
        owner_id -> Identifier,
        name -> Text,
        secret_hash -> Nullable<Binary>,
        redirect_uris -> Json,
        created_at -> Instant,
        deleted_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Date, Integer, Nullable, Text};

    connections (member_id, app_id) {
        member_id -> Identifier,
        app_id -> Identifier,
        scopes -> Text,
        created_at -> Instant,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Date, Integer, Nullable, Text};

    authorization_codes (code_hash) {
        code_hash -> Binary,
        app_id -> Identifier,
        member_id -> Identifier,
        redirect_uri -> Text,
        scopes -> Text,
        challenge -> Text,
        expires_at -> Instant,
        session_id -> Nullable<Identifier>,
    }
}

diesel::table! {
    use crate::types::sql::{Identifier, Instant, Json};
    use diesel::sql_types::{BigInt, Binary, Date, Integer, Nullable, Text};

    api_keys (id) {
        id -> Identifier,
        member_id -> Identifier,
        name -> Text,
        key_hash -> Binary,
        hint -> Text,
        created_at -> Instant,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    instance,
    members,
    email_confirmations,
    sessions,
    refresh_tokens,
    idempotency_keys,
    events,
    mails,
    timers,
    ledger_accounts,
    journal_entries,
    postings,
    jobs,
    proposals,
    proposal_rounds,
    contracts,
    milestones,
    escrows,
    deliveries,
    change_requests,
    payments,
    bank_receipts,
    progress_notes,
    cancellation_requests,
    disputes,
    withdrawals,
    tombstones,
    releases,
    bank_accounts,
    calendar_overrides,
    payout_batches,
    payouts,
    payout_lines,
    payout_runs,
    relations,
    refunds,
    audit_log,
    manual_entries,
    devices,
    identities,
    social_flows,
    tallies,
    address_requests,
    password_resets,
    email_changes,
    second_factors,
    recovery_codes,
    apps,
    connections,
    authorization_codes,
    api_keys,
);

diesel::joinable!(sessions -> members (member_id));
diesel::joinable!(refresh_tokens -> sessions (session_id));
diesel::joinable!(devices -> members (member_id));
diesel::joinable!(connections -> apps (app_id));
diesel::joinable!(apps -> members (owner_id));
diesel::joinable!(api_keys -> sessions (id));
diesel::joinable!(postings -> journal_entries (entry_id));
diesel::joinable!(postings -> ledger_accounts (account_id));
diesel::joinable!(milestones -> escrows (escrow_id));
diesel::joinable!(payout_lines -> payouts (payout_id));
diesel::joinable!(payout_lines -> releases (escrow_id));
