// Walks through the page on which a member decides about an app, in a real browser with scripts switched off, and tries to
// frame it. Prints as JSON what was seen.
//
// usage: node tools/consent.mjs CHROMIUM BASE_URL CLIENT_ID EMAIL PASSWORD LANGUAGE
import { createServer } from "node:http";
import { once } from "node:events";
import { chromium } from "playwright-core";

const [executablePath, base, client, email, password, locale] = process.argv.slice(2);

/** A server on this machine that answers with a page; `seen` are the addresses it was asked for. */
async function listen(html) {
  const seen = [];
  const server = createServer((request, response) => {
    seen.push(request.url);
    response.setHeader("Content-Type", "text/html").end(html);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { seen, server, url: `http://127.0.0.1:${server.address().port}` };
}

const app = await listen("<p>Back at the app</p>");
const asked = new URLSearchParams({
  response_type: "code",
  client_id: client,
  redirect_uri: `${app.url}/callback`,
  scope: "profile:read payments:write",
  state: "a state & more",
  code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
  code_challenge_method: "S256",
});
const page_url = `${base}/oauth/authorize?${asked}`;
const frame = await listen(`<iframe src="${page_url.replaceAll("&", "&amp;")}"></iframe>`);

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
try {
  const context = await browser.newContext({ javaScriptEnabled: false, locale });
  const page = await context.newPage();
  await page.goto(frame.url);
  await page.waitForLoadState("networkidle");
  const framed = await page.frames()[1].locator("form").count();
  await page.goto(page_url);
  const log_in = await page.locator("h1").innerText();
  await page.fill("input[name=email]", email);
  await page.fill("input[name=password]", "a wrong one, and a long one");
  await page.locator("input[name=password]").press("Enter");
  const wrong = await page.locator("[role=alert]").innerText();
  await page.fill("input[name=email]", email);
  await page.fill("input[name=password]", password);
  await page.locator("input[name=password]").press("Enter");
  const question = await page.locator("main").innerText();
  const images = await page.locator("img").count();
  await page.click("button[value=allow]");
  await page.waitForURL(`${app.url}/callback**`);
  const answer = Object.fromEntries(new URL(page.url()).searchParams);
  console.log(JSON.stringify({ framed, log_in, wrong, question, images, answer, redirect_uri: `${app.url}/callback` }));
} finally {
  await browser.close();
  app.server.close();
  frame.server.close();
}
