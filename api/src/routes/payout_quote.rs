//! What a quick payout costs: open to anyone.

use actix_web::get;
use domain::{money, payout::Quick};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Routes;
use crate::{
    call::{Answer, Call},
    extract::Filter,
    money::Money,
    problem::{Code, Problem},
    reply::Reply,
    words::Currency,
};

pub(super) fn configure(config: &mut impl Routes) {
    config.service(quote_payout);
}

/// What to work out: name either an amount or a balance.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PayoutQuoteQuery {
    /// What is to reach the bank, in minor units.
    #[param(minimum = 1, maximum = 9007199254740991_i64, example = 9470)]
    amount: Option<i64>,
    /// Earnings, in minor units; answered with the most that can be paid out of them.
    #[param(minimum = 1, maximum = 9007199254740991_i64)]
    balance: Option<i64>,
    /// JPY if you don't say; nothing else is paid out.
    #[param(inline)]
    currency: Option<Currency>,
}

/// What a quick payout takes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "amount": {"amount": 9_470, "currency": "JPY"}, "fee": {"amount": 530, "currency": "JPY"},
    "fee_tax": {"amount": 48, "currency": "JPY"}, "total": {"amount": 10_000, "currency": "JPY"},
}))]
struct PayoutQuote {
    /// What reaches the bank.
    amount: Money,
    /// What it costs besides, with its consumption tax; the bank's fee is in it.
    fee: Money,
    /// That tax.
    fee_tax: Money,
    /// What leaves the earnings.
    total: Money,
}

/// What a quick payout costs
#[utoipa::path(tag = "money", params(PayoutQuoteQuery), responses((status = 200, description = "The quote", body = PayoutQuote)), security(()),
    extensions(("x-errors" = json!(["payout_too_small", "no_bank_for_currency"]))))]
#[get("/v1/payout-quotes")]
async fn quote_payout(call: Call, query: Filter<PayoutQuoteQuery>) -> Answer {
    let PayoutQuoteQuery { amount, balance, currency } = query.0;
    let currency = currency.map_or(money::Currency::Jpy, |word| word.0);
    if currency != money::Currency::Jpy {
        return Err(Problem::new(Code::NoBankForCurrency));
    }
    let rules = &call.app().rules.payout;
    let quick = match (amount, balance) {
        (Some(amount), None) => Quick::of(super::fee_quote::sum(amount, currency)?, rules)?,
        (None, Some(balance)) => Quick::most(super::fee_quote::sum(balance, currency)?, rules)?,
        (Some(_), Some(_)) | (None, None) => {
            return Err(Problem::new(Code::InvalidParameter)
                .detail("Name either amount or balance.", "amountかbalanceのどちらか一方を指定してください。"));
        }
    };
    let total = quick.total()?.into();
    let quote =
        PayoutQuote { amount: quick.amount.into(), fee: quick.fee.into(), fee_tax: quick.fee_tax.into(), total };
    Ok(Reply::ok(&quote)?.send(call.request(), false))
}
