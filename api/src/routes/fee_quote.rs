//! What a price leaves the worker, and which price leaves a given amount: open to anyone.

use actix_web::get;
use domain::{fee, money};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Routes;
use crate::{
    call::{Answer, Call},
    extract::Filter,
    money::Money,
    problem::{Code, Problem},
    reply::Reply,
    state::App,
    usecases,
    words::{Currency, FeeBasis, TaxMode, Word},
};

pub(super) fn configure(config: &mut impl Routes) {
    config.service(quote_fee);
}

/// What to work out: name either a price or a net.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct QuoteQuery {
    /// The price, in minor units.
    #[param(minimum = 1, maximum = 9007199254740991_i64, example = 150000)]
    amount: Option<i64>,
    /// What the worker is to get, in minor units; answered with the smallest price that leaves exactly this.
    #[param(minimum = 1, maximum = 9007199254740991_i64)]
    net: Option<i64>,
    /// JPY if you don't say.
    #[param(inline)]
    currency: Option<Currency>,
}

impl QuoteQuery {
    fn price(&self, app: &App) -> Result<money::Money, Problem> {
        let currency = self.currency.map_or(money::Currency::Jpy, |word| word.0);
        match (self.amount, self.net) {
            (Some(amount), None) => sum(amount, currency),
            (None, Some(net)) => usecases::fee::price_of(app, sum(net, currency)?),
            (Some(_), Some(_)) | (None, None) => Err(Problem::new(Code::InvalidParameter)
                .detail("Name either amount or net.", "amountかnetのどちらか一方を指定してください。")),
        }
    }
}

pub(super) fn sum(amount: i64, currency: money::Currency) -> Result<money::Money, Problem> {
    let sum = money::Money::new(amount, currency).ok().filter(|sum| sum.is_positive());
    sum.ok_or_else(|| {
        Problem::new(Code::InvalidParameter)
            .detail("An amount is from 1 to 2^53 - 1.", "金額は1～2^53-1で指定してください。")
    })
}

/// The part of a price that falls into one bracket.
#[derive(Debug, Serialize, ToSchema)]
struct QuotePart {
    /// Where it begins.
    from: Money,
    /// Where it ends.
    to: Money,
    /// The rate of the bracket, as a decimal number.
    #[schema(pattern = "^0\\.[0-9]+$")]
    rate: String,
    /// How much of the price it is.
    amount: Money,
    /// The fee of this part.
    fee: Money,
}

/// What becomes of a price.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "gross": {"amount": 150_000, "currency": "JPY"}, "fee": {"amount": 25_000, "currency": "JPY"},
    "tax": {"amount": 2_272, "currency": "JPY"}, "tax_mode": "included", "net": {"amount": 125_000, "currency": "JPY"},
    "client_total": {"amount": 150_000, "currency": "JPY"},
    "parts": [
        {
            "from": {"amount": 0, "currency": "JPY"}, "to": {"amount": 100_000, "currency": "JPY"}, "rate": "0.20",
            "amount": {"amount": 100_000, "currency": "JPY"}, "fee": {"amount": 20_000, "currency": "JPY"},
        },
        {
            "from": {"amount": 100_000, "currency": "JPY"}, "to": {"amount": 150_000, "currency": "JPY"}, "rate": "0.10",
            "amount": {"amount": 50_000, "currency": "JPY"}, "fee": {"amount": 5_000, "currency": "JPY"},
        },
    ],
    "basis": "contract", "schedule": "standard-1",
}))]
struct FeeQuote {
    /// The price.
    gross: Money,
    /// What the operator takes.
    fee: Money,
    /// The consumption tax on the fee.
    tax: Money,
    /// Whether the fee contains its tax.
    tax_mode: TaxMode,
    /// What the worker gets.
    net: Money,
    /// What the client pays in all: nothing comes on top of the price.
    client_total: Money,
    /// The fee by bracket; the parts add up to it.
    parts: Vec<QuotePart>,
    /// Over which releases the brackets accumulate: those of one contract, or all between a worker and a client.
    basis: FeeBasis,
    /// The name of the fee schedule, which a contract keeps.
    schedule: String,
}

impl FeeQuote {
    fn new(app: &App, gross: money::Money) -> Result<Self, Problem> {
        let fee::Fee { fee, tax, net, client_total, mode, parts, .. } = usecases::fee::first_quote(app, gross)?;
        let schedule = &app.fees;
        let money = |amount| money::Money::new(amount, gross.currency()).map(Money::from);
        let part = |part: &fee::Part| {
            Ok(QuotePart {
                from: money(part.from)?,
                to: money(part.to)?,
                rate: part.rate.to_string(),
                amount: money(part.amount)?,
                fee: money(part.fee)?,
            })
        };
        Ok(Self {
            gross: gross.into(),
            fee: money(fee)?,
            tax: money(tax)?,
            tax_mode: Word(mode),
            net: money(net)?,
            client_total: money(client_total)?,
            parts: parts.iter().map(part).collect::<Result<_, Problem>>()?,
            basis: Word(schedule.basis),
            schedule: schedule.version.clone(),
        })
    }
}

/// What a price leaves the worker
///
/// Name a price, or the net you want; the fee is that of the first release of the first contract between two members.
#[utoipa::path(tag = "money", params(QuoteQuery), responses((status = 200, description = "The quote", body = FeeQuote)), security(()),
    extensions(("x-errors" = json!(["no_such_net"]))))]
#[get("/v1/fee-quotes")]
async fn quote_fee(call: Call, query: Filter<QuoteQuery>) -> Answer {
    Ok(Reply::ok(&FeeQuote::new(call.app(), query.0.price(call.app())?)?)?.send(call.request(), false))
}
