//! Which fees a contract is signed under, and fees that accumulate over all that two members do together.

use serde_json::{Value, json};

use crate::harness::{
    Deal, Person, Request, Server, TestApp,
    market::{dollars, offer, yen},
    on_both_engines, settings,
    work::at_once,
};

on_both_engines!(&[("AZUKARI_FEE__BASIS", "client_lifetime")] =>
    long_relations_get_cheaper_by_the_published_amounts,
    a_proposal_shows_the_fee_that_will_be_taken,
    others_and_other_currencies_begin_at_the_first_yen,
    contracts_accepted_at_once_add_up,
    shares_of_a_canceled_contract_add_up,
    a_termination_fee_counts_like_any_release,
);

on_both_engines!(by_default_each_contract_begins_at_the_first_yen, a_contract_keeps_the_fees_it_was_signed_under,);

on_both_engines!(&[("AZUKARI_FEE__TAX", "added")] => a_tax_on_top_is_quoted_and_taken);

fn again<'a>(app: &'a TestApp, first: &Deal<'_>, amounts: &[i64]) -> Deal<'a> {
    app.deal_between(&first.client, &first.worker, amounts, &json!({}))
}

/// What was taken of a finished milestone.
fn fee(milestone: &Value) -> i64 {
    milestone["release"]["fee"]["amount"].as_i64().unwrap()
}

/// Every row of the published amounts: what is billed one after the other, and the fee of each.
fn published() -> Vec<Vec<(i64, i64)>> {
    let numbers = |text: &str| text.split(' ').map(|number| number.parse().unwrap()).collect::<Vec<i64>>();
    let rows = include_str!("../../domain/tests/vectors/fees_accumulating.csv").lines().skip(1);
    rows.map(|row| row.split_once(',').unwrap())
        .map(|(a, b)| numbers(a).into_iter().zip(numbers(b)).collect())
        .collect()
}

fn long_relations_get_cheaper_by_the_published_amounts(app: &TestApp) {
    for (row, bills) in published().iter().enumerate() {
        let (client, worker) = (app.member(&format!("client{row}")), app.member(&format!("worker{row}")));
        for (bill, expected) in bills {
            let deal = app.deal_between(&client, &worker, &[*bill], &json!({}));
            assert_eq!(fee(&deal.complete(0)), *expected, "{bill}");
        }
    }
}

fn quote_of(app: &TestApp, client: &Person, worker: &Person, amounts: &[i64]) -> Value {
    let proposed = app.act(worker, &format!("{}/proposals", app.job(client)), &offer(amounts)).expect(201);
    assert_eq!(app.read(client, "/v1/me/proposals")["items"][0]["quote"], proposed["quote"]);
    proposed["quote"].clone()
}

fn a_proposal_shows_the_fee_that_will_be_taken(app: &TestApp) {
    let first = app.deal(&[90_000]);
    first.complete(0);
    let quote = quote_of(app, &first.client, &first.worker, &[10_000, 10_000]);
    assert_eq!(quote["released_before"], yen(90_000));
    assert_eq!((&quote["fee"], &quote["net"]), (&yen(3_000), &yen(17_000)));
    assert_eq!(quote["milestone_nets"], json!([yen(8_000), yen(9_000)]));

    let second = again(app, &first, &[10_000, 10_000]);
    assert_eq!([fee(&second.complete(0)), fee(&second.complete(1))], [2_000, 1_000]);
    let contract = second.read();
    assert_eq!(contract["fee_schedule"], "standard-1-client-lifetime");
    assert_eq!(contract["quote"]["net"], quote["net"], "what this contract released itself is not counted twice");
    assert_eq!(app.read(&second.worker, "/v1/me/contracts")["items"][0]["quote"], contract["quote"]);
    let strangers = app.get("/v1/fee-quotes?amount=10000").send().expect(200);
    assert_eq!((&strangers["fee"], &strangers["basis"]), (&yen(2_000), &json!("client_lifetime")));
}

fn others_and_other_currencies_begin_at_the_first_yen(app: &TestApp) {
    let first = app.deal(&[100_000]);
    first.complete(0);
    let (client, worker) = (app.member("another-client"), app.member("another-worker"));
    for (client, worker) in [(&client, &first.worker), (&first.client, &worker), (&first.worker, &first.client)] {
        let quote = quote_of(app, client, worker, &[10_000]);
        assert_eq!((&quote["released_before"], &quote["fee"]), (&yen(0), &yen(2_000)));
    }
    let deal = app.deal_between(&first.worker, &first.client, &[10_000], &json!({}));
    assert_eq!(fee(&deal.complete(0)), 2_000);

    let mut offer = offer(&[10_000]);
    offer["terms"]["milestones"][0]["amount"] = dollars(10_000);
    let path = format!("{}/proposals", app.job_in_dollars(&first.client));
    let quote = &app.act(&first.worker, &path, &offer).expect(201)["quote"];
    assert_eq!(quote["released_before"], dollars(0));
}

fn contracts_accepted_at_once_add_up(app: &TestApp) {
    let first = app.deal(&[60_000]);
    let deals = [again(app, &first, &[60_000]), again(app, &first, &[60_000]), again(app, &first, &[60_000]), first];
    let deliveries: Vec<_> = deals
        .iter()
        .map(|deal| {
            deal.fund(0);
            deal.deliver(0)
        })
        .collect();
    at_once(4, |each| deals[each].accept(0, &deliveries[each])).iter().for_each(|answer| drop(answer.expect(200)));
    let mut fees: Vec<_> = deals.iter().map(|deal| fee(&deal.milestone(0))).collect();
    fees.sort_unstable();
    assert_eq!(fees, [6_000, 6_000, 10_000, 12_000], "34,000 in all, as of one contract of 240,000");
}

fn shares_of_a_canceled_contract_add_up(app: &TestApp) {
    let first = app.deal(&[90_000]);
    first.complete(0);
    let deal =
        app.deal_between(&first.client, &first.worker, &[20_000, 20_000, 20_000], &json!({"funded_ahead": "all"}));
    (0..3).for_each(|place| deal.fund(place));
    deal.end_by_consent(&deal.client, &[0, 10_000, 20_000]);
    assert_eq!([fee(&deal.milestone(1)), fee(&deal.milestone(2))], [2_000, 2_000]);
    assert_eq!(quote_of(app, &first.client, &first.worker, &[1_000])["released_before"], yen(120_000));
}

fn a_termination_fee_counts_like_any_release(app: &TestApp) {
    let first = app.deal(&[90_000]);
    first.complete(0);
    let conditions = json!({"termination_fee": yen(30_000)});
    let deal = app.deal_between(&first.client, &first.worker, &[100_000], &conditions);
    deal.fund(0);
    deal.end_by_consent(&deal.client, &[10_000]);
    let paid = deal.read()["termination"].clone();
    assert_eq!((fee(&deal.milestone(0)), fee(&paid)), (2_000, 3_000));
    assert_eq!(quote_of(app, &first.client, &first.worker, &[1_000])["released_before"], yen(130_000));
}

fn by_default_each_contract_begins_at_the_first_yen(app: &TestApp) {
    let first = app.deal(&[100_000]);
    first.complete(0);
    let quote = quote_of(app, &first.client, &first.worker, &[10_000]);
    assert_eq!((&quote["released_before"], &quote["fee"]), (&yen(0), &yen(2_000)));
    assert_eq!(fee(&again(app, &first, &[10_000]).complete(0)), 2_000);
}

fn a_contract_keeps_the_fees_it_was_signed_under(app: &TestApp) {
    let deal = app.deal(&[100_000, 10_000]);
    deal.complete(0);
    let other = [("AZUKARI_FEE__TAX", "added"), ("AZUKARI_FEE__BASIS", "client_lifetime")];
    let server = Server::start(api::startup::open(settings(&app.database, &other)).unwrap());
    let contract = format!("http://{}/v1/contracts/{}", server.address, deal.contract);
    let contract = Request::new("GET", &contract).by(&deal.client).send().expect(200);
    deal.fund(1);
    let accept = format!("http://{}/v1/milestones/{}/accept", server.address, deal.milestones[1]);
    let accept = Request::new("POST", &accept).by(&deal.client).fresh_key();
    let accepted = accept.json(&json!({"delivery_id": deal.deliver(1)})).expect(200);
    server.stop();
    assert_eq!((&contract["fee_schedule"], &contract["quote"]), (&json!("standard-1"), &deal.read()["quote"]));
    assert_eq!(contract["quote"]["tax_mode"], "included");
    assert_eq!((fee(&accepted), &accepted["release"]["net"]), (1_000, &yen(9_000)));
}

fn a_tax_on_top_is_quoted_and_taken(app: &TestApp) {
    let quote = app.get("/v1/fee-quotes?amount=10000").send().expect(200);
    let expected = (&yen(2_000), &yen(200), &yen(7_800), &json!("added"), &json!("standard-1-tax-added"));
    assert_eq!((&quote["fee"], &quote["tax"], &quote["net"], &quote["tax_mode"], &quote["schedule"]), expected);
    let deal = app.deal(&[10_000]);
    assert_eq!(deal.complete(0)["release"]["net"], yen(7_800));
    assert_eq!(deal.read()["quote"]["net"], yen(7_800));
    assert_eq!(deal.balances().0, 7_800);
}

#[test]
fn fees_that_make_no_sense_stop_the_start() {
    for (name, value) in [("TAX", "none"), ("BASIS", "for_ever"), ("UNHEARD_OF", "1")] {
        let name = format!("AZUKARI_FEE__{name}");
        let read = api::config::Settings::read(&api::config::Flags::default(), [(name.clone(), value.to_owned())]);
        let why = read.unwrap_err().to_string();
        assert!(why.contains(&value.to_owned()) || why.contains("unheard_of"), "{name}: {why}");
        assert!(!why.contains('\n'), "{why}");
    }
}
