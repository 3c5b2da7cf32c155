//! Every operation on a resource, called by a member whose business it is not, and by staff of the wrong role. The
//! list comes from the specification, so that no new operation is forgotten.

use domain::{ids::IdentityId, policy::Role};
use persistence::{
    identity::{self, Identity},
    store::Intent,
};
use serde_json::{Value, json};

use crate::harness::{
    Person, TestApp,
    client::fresh_key,
    deals::text,
    market, on_both_engines,
    operation::{Operation, operations},
};

on_both_engines!(
    another_member_does_not_learn_that_there_is_anything,
    staff_do_not_act_in_the_place_of_members,
    members_do_nothing_that_is_for_staff,
    staff_have_nothing_of_their_own,
);

/// What anybody may do with a job that is not theirs.
const OPEN_TO_MEMBERS: [&str; 2] = ["GET /v1/jobs/{id}", "POST /v1/jobs/{id}/proposals"];

/// What shows the caller's own, besides all below `/v1/me/`.
const OWN_LISTS: [&str; 4] = ["GET /v1/payouts", "GET /v1/refunds", "GET /v1/apps", "GET /v1/api-keys"];

/// A contract with everything that can hang on it.
pub(super) struct Work {
    pub(super) client: Person,
    job: String,
    proposal: String,
    contract: String,
    milestone: String,
    payment: String,
    cancellation: String,
    dispute: String,
    payout: String,
    refund: String,
    session: String,
    app: String,
    key: String,
    identity: String,
}

/// An account at a provider that is linked with somebody.
fn linked(app: &TestApp, person: &Person) -> String {
    let id = IdentityId::from_uuid(fresh_key().parse().unwrap());
    let (member, issuer, subject) = (person.id.parse().unwrap(), "https://idp.example".to_owned(), "them".to_owned());
    let identity = Identity { id, member, issuer, subject, created_at: api::clock::real_now() };
    app.app.store.write(Intent::Keep, move |tx| identity::insert(tx, &identity)).unwrap();
    id.to_string()
}

fn id(resource: &Value) -> String {
    text(&resource["id"])
}

impl Work {
    pub(super) fn of(app: &TestApp) -> Self {
        let payout = id(&app.quick(&app.earner_named("saburo", 10_000).worker, 5_000).expect(201));
        let (client, worker) = (app.member("yuki"), app.member("taro"));
        let deal = app.deal_between(&client, &worker, &[10_000, 20_000], &json!({}));
        deal.fund(0);
        deal.deliver(0);
        let claim = json!({"reason": "not_as_agreed", "claim": "It is not what we agreed on."});
        let dispute = id(&deal.on(&client, 0, "dispute", &claim).expect(201));
        let shares = json!([{"milestone_id": deal.milestones[1], "worker_share": market::yen(0)}]);
        let ask = json!({"reason": "It does not work out.", "shares": shares});
        let ending = format!("/v1/contracts/{}/cancellation-requests", deal.contract);
        let cancellation = id(&app.act(&client, &ending, &ask).expect(201));
        let (signed, payment) = (deal.read(), id(&deal.payment(0)));
        let refund = Self::refund(app, &client, &worker);
        let session = id(&app.read(&client, "/v1/sessions")["items"][0]);
        let key = id(&app.api_key(&client, &["profile:read"]));
        let identity = linked(app, &client);
        let app = app.partner(&client, "Tea Calendar", true).id;
        Self {
            client,
            job: text(&signed["job_id"]),
            proposal: text(&signed["proposal_id"]),
            contract: deal.contract,
            milestone: deal.milestones[0].clone(),
            payment,
            cancellation,
            dispute,
            payout,
            refund,
            session,
            app,
            key,
            identity,
        }
    }

    /// Of what a contract that was ended gave back to the client.
    fn refund(app: &TestApp, client: &Person, worker: &Person) -> String {
        let spare = app.deal_between(client, worker, &[5_000], &json!({}));
        spare.fund(0);
        spare.end_by_consent(client, &[0]);
        let refund = json!({"payment_id": spare.payment(0)["id"], "amount": market::yen(5_000)});
        id(&app.act(client, "/v1/refunds", &refund).expect(201))
    }

    /// The id that belongs into a path, unless it is one that only staff know.
    pub(super) fn id_for(&self, template: &str) -> &str {
        let noun = template.split("/{id}").next().unwrap().rsplit('/').next().unwrap();
        match noun {
            "jobs" => &self.job,
            "proposals" => &self.proposal,
            "contracts" => &self.contract,
            "milestones" => &self.milestone,
            "payments" => &self.payment,
            "cancellation-requests" => &self.cancellation,
            "disputes" => &self.dispute,
            "payouts" => &self.payout,
            "refunds" => &self.refund,
            "sessions" => &self.session,
            "apps" | "connected-apps" => &self.app,
            "api-keys" => &self.key,
            "identities" => &self.identity,
            other => panic!("{other} is new; make one in Work::of and name it here"),
        }
    }

    /// Everything that can be done to it by members.
    fn operations(&self) -> Vec<Operation> {
        let theirs = operations().into_iter().filter(|one| one.template.contains("{id}") && !for_staff(one));
        theirs
            .map(|one| {
                let id = self.id_for(&one.template).to_owned();
                one.on(&id)
            })
            .collect()
    }

    /// What an onlooker must not be able to change.
    fn everything(&self, app: &TestApp) -> Vec<Value> {
        let read = |path: String| app.read(&self.client, &path);
        vec![
            read(format!("/v1/jobs/{}", self.job))["version"].clone(),
            read(format!("/v1/proposals/{}", self.proposal)),
            read(format!("/v1/contracts/{}", self.contract)),
            read(format!("/v1/milestones/{}", self.milestone)),
            read(format!("/v1/disputes/{}", self.dispute)),
            read("/v1/me/balance".to_owned()),
        ]
    }
}

fn for_staff(operation: &Operation) -> bool {
    operation.template.starts_with("/v1/admin/")
}

fn another_member_does_not_learn_that_there_is_anything(app: &TestApp) {
    let work = Work::of(app);
    let before = work.everything(app);
    let jiro = app.member("jiro");
    for operation in work.operations().iter().filter(|one| !OPEN_TO_MEMBERS.contains(&one.name().as_str())) {
        let answer = operation.call(app, Some(&jiro.access_token));
        assert_eq!(answer.status, 404, "{}: {}", operation.name(), answer.text);
        answer.problem(404, "not_found");
    }
    assert_eq!(work.everything(app), before);
}

fn staff_do_not_act_in_the_place_of_members(app: &TestApp) {
    let work = Work::of(app);
    let before = work.everything(app);
    for role in [Role::Support, Role::Moderator, Role::Finance, Role::Admin] {
        let staff = app.staff(role, &role.to_string());
        for operation in work.operations().iter().filter(|one| one.method == "POST") {
            let answer = operation.call(app, Some(&staff.access_token));
            assert_eq!(answer.status, 403, "{role}: {}: {}", operation.name(), answer.text);
            answer.problem(403, "not_permitted");
        }
    }
    assert_eq!(work.everything(app), before);
}

fn members_do_nothing_that_is_for_staff(app: &TestApp) {
    let jiro = app.member("jiro");
    for operation in operations().iter().filter(|one| for_staff(one)) {
        let answer = operation.call(app, Some(&jiro.access_token));
        assert!([403, 404].contains(&answer.status), "{}: {}", operation.name(), answer.text);
    }
}

/// What belongs to every account, those of staff as well.
const OF_EVERY_ACCOUNT: [&str; 5] =
    ["/v1/me/password", "/v1/me/username", "/v1/me/email-change", "/v1/me/identities", "/v1/me/second-factor"];

fn staff_have_nothing_of_their_own(app: &TestApp) {
    let own = |one: &&Operation| {
        let account = OF_EVERY_ACCOUNT.iter().any(|path| one.template.starts_with(path));
        (one.template.starts_with("/v1/me/") && !account) || OWN_LISTS.contains(&one.name().as_str())
    };
    for role in [Role::Support, Role::Moderator, Role::Finance, Role::Admin] {
        let staff = app.staff(role, &role.to_string());
        for operation in operations().iter().filter(own) {
            let answer = operation.call(app, Some(&staff.access_token));
            assert_eq!(answer.status, 403, "{role}: {}: {}", operation.name(), answer.text);
            answer.problem(403, "not_permitted");
        }
    }
}
