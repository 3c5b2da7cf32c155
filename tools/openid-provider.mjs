#!/usr/bin/env node
// An OpenID provider for the tests and the judges: prints its issuer identifier, and serves until its input ends.
// Whoever is named at its log-in page exists; those whose name begins with "unverified" have an address that nobody
// verified.
//
// usage: tools/openid-provider.mjs CLIENT_ID CLIENT_SECRET REDIRECT_URI
import http from "node:http";
import Provider from "oidc-provider";

const [clientId, clientSecret, redirectUri] = process.argv.slice(2);

// It says on standard output what is only for tests about it.
console.info = console.warn = () => {};

const server = http.createServer();
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri] }],
    claims: { openid: ["sub"], email: ["email", "email_verified"] },
    conformIdTokenClaims: process.env.CONFORM === "1",
    cookies: { keys: ["only for tests"] },
    pkce: { required: () => true },
    async findAccount(_, id) {
      const claims = { sub: id, email: `${id}@example.com`, email_verified: !id.startsWith("unverified") };
      return { accountId: id, claims: () => claims };
    },
  });
  server.on("request", provider.callback());
  process.stdout.write(`${issuer}\n`);
});
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
