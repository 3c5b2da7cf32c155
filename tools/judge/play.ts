// Plays the main job with the client that openapi-typescript and openapi-fetch make of openapi.yaml, in types alone:
// whatever the specification says wrongly does not compile, or fails.
//
// usage: node play.ts http://127.0.0.1:8080, beside the generated azukari.ts
import createClient from "openapi-fetch";
import type { Client } from "openapi-fetch";
import type { components, paths } from "./azukari.ts";

type Azukari = Client<paths>;
type Category = components["schemas"]["Category"];

const [baseUrl = ""] = process.argv.slice(2);
const password = "correct horse battery staple";

function expect(wanted: unknown, found: unknown): void {
  if (JSON.stringify(wanted) !== JSON.stringify(found)) {
    throw new Error(`expected ${JSON.stringify(wanted)}, found ${JSON.stringify(found)}`);
  }
}

/** What was answered, unless it is a problem. */
function done<T>(answer: { data?: T; error?: { code: string; detail: string }; response: Response }): T {
  if (answer.data === undefined) throw new Error(`${answer.response.url}: ${JSON.stringify(answer.error)}`);
  if (!answer.response.headers.get("RateLimit")) throw new Error("no RateLimit header");
  return answer.data;
}

const keyed = () => ({ "Idempotency-Key": crypto.randomUUID() });

/** Registers, confirms with the mailed token, and logs in. */
async function join(anyone: Azukari, name: string): Promise<Azukari> {
  const email = `${name}-${crypto.randomUUID()}@example.com`;
  const { terms_version } = done(await anyone.GET("/version"));
  done(await anyone.POST("/v1/accounts", {
    body: { email, password, display_name: name, kind: "individual", terms_version },
  }));
  const mails = done(await anyone.GET("/v1/test-mailbox", { params: { query: { recipient: email } } }));
  const token = mails.items[0]?.body.match(/azc_[\w-]+/)?.[0] ?? "";
  done(await anyone.POST("/v1/accounts/confirm-email", { body: { token } }));
  const { access_token } = done(await anyone.POST("/v1/sessions", { body: { email, password } }));
  return createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${access_token}` } });
}

/** A job, a proposal and its acceptance: the id of the only milestone. */
async function agree(client: Azukari, worker: Azukari, category: Category): Promise<string> {
  const job = done(await client.POST("/v1/jobs", {
    body: { title: "Translate a page", description: "About 3,000 characters.", category, length: "one_off" },
  }));
  const due_on = new Date(Date.now() + 3650 * 86_400_000).toISOString().slice(0, 10);
  const proposal = done(await worker.POST("/v1/jobs/{id}/proposals", {
    params: { path: { id: job.id } },
    body: {
      terms: { milestones: [{ title: "All of it", amount: { amount: 10_000, currency: "JPY" }, due_on }] },
      message: "Gladly.",
    },
  }));
  const contract = done(await client.POST("/v1/proposals/{id}/accept", {
    params: { path: { id: proposal.id }, header: keyed() },
    body: { round: proposal.round },
  }));
  const [milestone] = contract.milestones;
  if (milestone === undefined) throw new Error("a contract without milestones");
  return milestone.id;
}

/** Pays by card, so that the money is held. */
async function fund(client: Azukari, id: string): Promise<void> {
  const started = done(await client.POST("/v1/milestones/{id}/start-funding", {
    params: { path: { id }, header: keyed() },
    body: { method: "card" },
  }));
  const payment = started.payments[0];
  if (payment === undefined) throw new Error("nothing to pay");
  const paid = done(await client.POST("/v1/payments/{id}/pay", {
    params: { path: { id: payment.id }, header: keyed() },
    body: { card_token: "tok_succeeds" },
  }));
  expect("succeeded", paid.status);
}

/** Hands over and accepts; accepting twice is refused. */
async function work(client: Azukari, worker: Azukari, id: string): Promise<void> {
  const delivered = done(await worker.POST("/v1/milestones/{id}/deliver", {
    params: { path: { id }, header: keyed() },
    body: { message: "Here it is.", links: ["https://files.example.com/1.pdf"] },
  }));
  const body = { delivery_id: delivered.delivery_id ?? "" };
  const accept = () =>
    client.POST("/v1/milestones/{id}/accept", { params: { path: { id }, header: keyed() }, body });
  expect("accepted", done(await accept()).status);
  expect("action_refused", (await accept()).error?.code);
}

const anyone = createClient<paths>({ baseUrl });
const client = await join(anyone, "client");
const worker = await join(anyone, "worker");
const milestone = await agree(client, worker, "translation");
await fund(client, milestone);
await work(client, worker, milestone);
const { earnings } = done(await worker.GET("/v1/me/balance"));
expect({ amount: 8_000, currency: "JPY" }, earnings);
console.log("The generated client has played the main job: 8,000 yen earned.");
