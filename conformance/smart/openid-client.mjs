// Runs npm's openid-client against a server, and tells of each check what went wrong, or null.
import http from "node:http";
import readline from "node:readline";
import * as oidc from "openid-client";
import { exportJWK, generateKeyPair } from "jose";
import { Browser, letIn } from "./browser.mjs";

const redirect = "http://127.0.0.1:9/cb";
const userScopes = "openid fhirUser offline_access launch/patient patient/*.rs";
const systemScopes = "system/Patient.rs";

const equal = (actual, expected, what) => {
  if (JSON.stringify(actual) !== JSON.stringify(expected)) {
    throw new Error(`${what} is ${JSON.stringify(actual)}, not ${JSON.stringify(expected)}.`);
  }
};

const holds = (condition, what) => {
  if (!condition) {
    throw new Error(`${what} does not hold.`);
  }
};

// The server must refuse with that code of OAuth.
const refused = async (code, promise) => {
  let answer;
  try {
    answer = await promise;
  } catch (e) {
    // Of an answer with a challenge the client reads the header alone.
    const body = e.code === "OAUTH_WWW_AUTHENTICATE_CHALLENGE" ? await e.response.json() : e;
    equal(body.error ?? e.code ?? e.message, code, "The refusal");
    return;
  }

  throw new Error(`It was not refused: ${JSON.stringify(Object.keys(answer ?? {}))}`);
};

class Run {
  checks = [];

  // Every token, code and secret that the server gave or got: none may stand in a log.
  secrets = new Set();

  // The user logs in once, and is known after that.
  browser = new Browser();

  constructor(settings) {
    this.settings = settings;
    this.server = new URL(settings.origin);
  }

  // The client's own fetch, listened to.
  listen = async (url, init) => {
    const response = await fetch(url, init);
    const sent = init.body instanceof URLSearchParams ? init.body : new URLSearchParams(String(init.body ?? ""));
    const got = await response.clone().json().catch(() => ({}));
    for (const secret of [
      sent.get("code"), sent.get("code_verifier"), sent.get("refresh_token"), sent.get("client_assertion"), sent.get("client_secret"), sent.get("token"),
      got.access_token, got.refresh_token, got.id_token, got.client_secret,
    ]) {
      if (typeof secret === "string" && secret.length > 12) {
        this.secrets.add(secret);
      }
    }

    return response;
  };

  async check(name, action) {
    try {
      await action();
      this.checks.push({ name, problem: null });
    } catch (e) {
      this.checks.push({ name, problem: [e.message, e.error, e.error_description, e.code, e.cause?.message].filter(Boolean).join(" | ") });
    }
  }

  register(metadata, authentication) {
    return oidc.dynamicClientRegistration(this.server, { client_name: "openid-client", ...metadata }, authentication, {
      execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks], initialAccessToken: this.settings.registrationToken, [oidc.customFetch]: this.listen,
    });
  }

  app(metadata = {}, authentication = oidc.None()) {
    return this.register({
      redirect_uris: [redirect], grant_types: ["authorization_code", "refresh_token"], token_endpoint_auth_method: "none", scope: userScopes, ...metadata,
    }, authentication);
  }

  // Sends the user through the pages; what comes back is where the app is called, and what it must remember.
  async authorize(config, parameters = {}) {
    const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
    const checks = { pkceCodeVerifier, expectedNonce: oidc.randomNonce(), expectedState: oidc.randomState(), idTokenExpected: true };
    const url = oidc.buildAuthorizationUrl(config, {
      redirect_uri: redirect, scope: userScopes, aud: this.settings.fhirBase, state: checks.expectedState, nonce: checks.expectedNonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier), code_challenge_method: "S256", ...parameters,
    });
    return { back: await letIn(this.browser, url, redirect, this.settings.user), checks };
  }

  async tokens(config, options, parameters) {
    const { back, checks } = await this.authorize(config, parameters);
    return oidc.authorizationCodeGrant(config, back, checks, undefined, options);
  }

  // What the FHIR server says to a token: 200, 401, ...
  async read(config, token, options) {
    const response = await oidc.fetchProtectedResource(config, token, new URL(`${this.settings.fhirBase}/Patient/${this.settings.user.patient}`), "GET", undefined, undefined, options)
      .catch(e => ({ status: e.status ?? e.message, arrayBuffer: () => null }));
    await response.arrayBuffer();
    return response.status;
  }
}

const apps = async run => {
  let config;
  let other;
  let tokens;
  await run.check("discovery", async () => {
    const found = await oidc.discovery(run.server, "any", undefined, oidc.None(), { execute: [oidc.allowInsecureRequests] });
    const server = found.serverMetadata();
    equal(server.issuer, run.settings.origin, "issuer");
    holds(server.supportsPKCE(), "support of PKCE");
    equal(server.authorization_response_iss_parameter_supported, true, "iss in answers");
    equal(server.code_challenge_methods_supported, ["S256"], "code_challenge_methods_supported");
  });
  await run.check("registration of an app", async () => {
    config = await run.app();
    equal(config.clientMetadata().token_endpoint_auth_method, "none", "token_endpoint_auth_method");
    holds(config.clientMetadata().client_secret === undefined, "absence of a secret");
  });
  await run.check("code with PKCE, nonce and iss; id_token", async () => {
    tokens = await run.tokens(config);
    equal(tokens.token_type, "bearer", "token_type");
    equal(tokens.patient, run.settings.user.patient, "patient");
    equal(tokens.scope.split(" ").sort(), userScopes.split(" ").sort(), "scope");
    const claims = tokens.claims();
    equal(claims.iss, run.settings.origin, "iss");
    equal(claims.aud, config.clientMetadata().client_id, "aud");
    equal(claims.fhirUser, `${run.settings.fhirBase}/Patient/${run.settings.user.patient}`, "fhirUser");
    equal(await run.read(config, tokens.access_token), 200, "status of reading");
  });
  await run.check("userinfo", async () => {
    const user = await oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
    equal(user.fhirUser, tokens.claims().fhirUser, "fhirUser");
  });
  await run.check("replay of a code is refused and kills what came of it", async () => {
    const { back, checks } = await run.authorize(config);
    const first = await oidc.authorizationCodeGrant(config, back, checks);
    equal(await run.read(config, first.access_token), 200, "status before");
    await refused("invalid_grant", oidc.authorizationCodeGrant(config, back, checks));
    equal(await run.read(config, first.access_token), 401, "status after");
    await refused("invalid_grant", oidc.refreshTokenGrant(config, first.refresh_token));
  });
  await run.check("wrong verifier is refused", async () => {
    const { back, checks } = await run.authorize(config);
    await refused("invalid_grant", oidc.authorizationCodeGrant(config, back, { ...checks, pkceCodeVerifier: oidc.randomPKCECodeVerifier() }));
  });
  await run.check("a code is another app's", async () => {
    other = await run.app();
    const { back, checks } = await run.authorize(config);
    await refused("invalid_grant", oidc.authorizationCodeGrant(other, back, checks));
  });
  await run.check("refresh rotates; reuse kills the family", async () => {
    const second = await oidc.refreshTokenGrant(config, tokens.refresh_token);
    holds(second.refresh_token !== undefined && second.refresh_token !== tokens.refresh_token, "rotation");
    equal(second.scope.split(" ").sort(), userScopes.split(" ").sort(), "scope");
    const third = await oidc.refreshTokenGrant(config, second.refresh_token);
    equal(await run.read(config, third.access_token), 200, "status before");
    await refused("invalid_grant", oidc.refreshTokenGrant(config, tokens.refresh_token));
    await refused("invalid_grant", oidc.refreshTokenGrant(config, third.refresh_token));
    equal(await run.read(config, third.access_token), 401, "status after");
  });
  await run.check("refresh gives less when asked for less, and never more", async () => {
    const first = await run.tokens(config, undefined, { scope: "openid offline_access launch/patient patient/Patient.rs" });
    const less = await oidc.refreshTokenGrant(config, first.refresh_token, { scope: "patient/Patient.r" });
    equal(less.scope, "patient/Patient.r", "scope");
    await refused("invalid_scope", oidc.refreshTokenGrant(config, less.refresh_token ?? first.refresh_token, { scope: "patient/*.cruds" }));
  });
  await run.check("a refresh token is another app's", async () => {
    const first = await run.tokens(config);
    await refused("invalid_grant", oidc.refreshTokenGrant(other, first.refresh_token));
  });
  await run.check("revocation of a refresh token ends it and its access token", async () => {
    const first = await run.tokens(config);
    await oidc.tokenRevocation(config, first.refresh_token);
    equal(await run.read(config, first.access_token), 401, "status after");
    await refused("invalid_grant", oidc.refreshTokenGrant(config, first.refresh_token));
    await oidc.tokenRevocation(config, first.refresh_token);
  });
};

const confidential = async run => {
  let right;
  for (const [method, authentication] of [["client_secret_basic", oidc.ClientSecretBasic], ["client_secret_post", oidc.ClientSecretPost]]) {
    await run.check(`app with ${method}: code, refresh, introspection, revocation`, async () => {
      const config = right = await run.app({ token_endpoint_auth_method: method }, authentication());
      const first = await run.tokens(config);
      const before = Math.floor(Date.now() / 1000);
      const second = await oidc.refreshTokenGrant(config, first.refresh_token);
      const after = Math.ceil(Date.now() / 1000);
      const told = await oidc.tokenIntrospection(config, second.access_token);
      equal([told.active, told.client_id, told.iss, told.sub, told.patient], [true, config.clientMetadata().client_id, run.settings.origin, first.claims().sub, run.settings.user.patient], "introspection");
      equal(told.scope.split(" ").sort(), second.scope.split(" ").sort(), "scope");
      holds(told.exp >= before + second.expires_in - 1 && told.exp <= after + second.expires_in + 1, "equality of exp and expires_in");
      await oidc.tokenRevocation(config, second.access_token);
      equal(await oidc.tokenIntrospection(config, second.access_token), { active: false }, "introspection after");
      equal(await oidc.tokenIntrospection(config, "nothing"), { active: false }, "introspection of nothing");
    });
  }

  await run.check("wrong secret is refused", async () => {
    const { back, checks } = await run.authorize(right);
    const wrong = new oidc.Configuration(right.serverMetadata(), right.clientMetadata().client_id, undefined, oidc.ClientSecretPost("wrong"));
    oidc.allowInsecureRequests(wrong);
    await refused("invalid_client", oidc.authorizationCodeGrant(wrong, back, checks));
  });

  await run.check("app that signs (private_key_jwt)", async () => {
    const keys = await generateKeyPair("ES384", { extractable: true });
    const jwk = { ...await exportJWK(keys.publicKey), kid: "app", use: "sig" };
    const config = await run.app({ token_endpoint_auth_method: "private_key_jwt", jwks: { keys: [jwk] } }, oidc.PrivateKeyJwt({ key: keys.privateKey, kid: "app" }));
    const first = await run.tokens(config);
    equal((await oidc.tokenIntrospection(config, first.access_token)).active, true, "active");
    await oidc.refreshTokenGrant(config, first.refresh_token);
  });
};

// A client that is registered already, with a key of its own choice.
const signing = (config, keys, kid, modify) => {
  const other = new oidc.Configuration(config.serverMetadata(), config.clientMetadata().client_id, undefined,
    oidc.PrivateKeyJwt({ key: keys.privateKey, kid }, modify === undefined ? undefined : { [oidc.modifyAssertion]: modify }));
  oidc.allowInsecureRequests(other);
  return other;
};

const systems = async run => {
  const system = (metadata, keys, kid) => run.register({
    grant_types: ["client_credentials"], response_types: [], token_endpoint_auth_method: "private_key_jwt", scope: systemScopes, ...metadata,
  }, oidc.PrivateKeyJwt({ key: keys.privateKey, kid }));

  const keys = {};
  const jwks = { keys: [] };
  for (const algorithm of ["RS384", "ES384", "RS256", "ES256"]) {
    keys[algorithm] = await generateKeyPair(algorithm, { extractable: true });
    jwks.keys.push({ ...await exportJWK(keys[algorithm].publicKey), kid: algorithm });
  }

  let registered;
  await run.check("registration of a system", async () => {
    registered = await system({ jwks }, keys.RS384, "RS384");
    equal(registered.clientMetadata().token_endpoint_auth_method, "private_key_jwt", "token_endpoint_auth_method");
  });

  for (const algorithm of ["RS384", "ES384"]) {
    await run.check(`system with ${algorithm}`, async () => {
      const config = signing(registered, keys[algorithm], algorithm);
      const tokens = await oidc.clientCredentialsGrant(config, { scope: systemScopes });
      equal([tokens.token_type, tokens.scope, tokens.refresh_token], ["bearer", systemScopes, undefined], "answer");
      equal((await oidc.tokenIntrospection(config, tokens.access_token)).active, true, "active");
      await refused("invalid_scope", oidc.clientCredentialsGrant(config, { scope: "system/Observation.cruds" }));
      await oidc.tokenRevocation(config, tokens.access_token);
      equal((await oidc.tokenIntrospection(config, tokens.access_token)).active, false, "active after");
    });
  }

  for (const [what, algorithm, modify] of [
    ["with RS256", "RS256", undefined],
    ["with ES256", "ES256", undefined],
    ["used twice", "ES384", (_, claims) => { claims.jti = "always the same"; }],
    ["expired", "ES384", (_, claims) => { claims.exp = claims.iat - 60; }],
    ["valid for an hour", "ES384", (_, claims) => { claims.exp = claims.iat + 3600; }],
    ["for another server", "ES384", (_, claims) => { claims.aud = "https://other.example"; }],
    ["of another client", "ES384", (_, claims) => { claims.iss = "other"; }],
    ["without jti", "ES384", (_, claims) => { delete claims.jti; }],
    ["with another kid", "ES384", header => { header.kid = "RS384"; }],
  ]) {
    await run.check(`assertion ${what} is refused`, async () => {
      const config = signing(registered, keys[algorithm], algorithm, modify);
      if (what === "used twice") {
        await oidc.clientCredentialsGrant(config, { scope: systemScopes });
      }

      await refused("invalid_client", oidc.clientCredentialsGrant(config, { scope: systemScopes }));
    });
  }

  await run.check("keys at jwks_uri, changed by their owner", async () => {
    const keys = [await generateKeyPair("RS384", { extractable: true }), await generateKeyPair("RS384", { extractable: true })];
    let published = 0;
    const owner = http.createServer(async (_, response) => {
      response.setHeader("cache-control", "max-age=3600");
      response.end(JSON.stringify({ keys: [{ ...await exportJWK(keys[published].publicKey), kid: `key-${published}` }] }));
    });
    await new Promise(ready => owner.listen(0, "127.0.0.1", ready));
    try {
      const config = await system({ jwks_uri: `http://127.0.0.1:${owner.address().port}/jwks` }, keys[0], "key-0");
      await oidc.clientCredentialsGrant(config, { scope: systemScopes });
      published = 1;
      const changed = signing(config, keys[1], "key-1");
      await oidc.clientCredentialsGrant(changed, { scope: systemScopes });
      await refused("invalid_client", oidc.clientCredentialsGrant(config, { scope: systemScopes }));
    } finally {
      owner.close();
    }
  });
};

const bound = async run => {
  let config;
  await run.check("DPoP: tokens bound to a key", async () => {
    config = await run.app({ dpop_bound_access_tokens: true });
    const DPoP = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair("ES256"));
    const other = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair("ES256"));
    const first = await run.tokens(config, { DPoP }, { dpop_jkt: await DPoP.calculateThumbprint() });
    equal(first.token_type, "dpop", "token_type");
    equal(await run.read(config, first.access_token, { DPoP }), 200, "status with the key");
    equal(await run.read(config, first.access_token), 401, "status without a proof");
    equal(await run.read(config, first.access_token, { DPoP: other }), 401, "status with another key");
    const second = await oidc.refreshTokenGrant(config, first.refresh_token, undefined, { DPoP });
    equal(second.token_type, "dpop", "token_type of the second");
    equal(await run.read(config, second.access_token, { DPoP }), 200, "status of the second");
    await refused("invalid_grant", oidc.refreshTokenGrant(config, second.refresh_token, undefined, { DPoP: other }));
  });
  await run.check("DPoP: a code bound to a key is good for nobody else", async () => {
    const DPoP = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair("ES256"));
    const other = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair("ES256"));
    const { back, checks } = await run.authorize(config, { dpop_jkt: await DPoP.calculateThumbprint() });
    await refused("invalid_grant", oidc.authorizationCodeGrant(config, back, checks, undefined, { DPoP: other }));
  });
};

for await (const line of readline.createInterface({ input: process.stdin })) {
  const run = new Run(JSON.parse(line));
  for (const part of [apps, confidential, systems, bound]) {
    await part(run);
  }

  process.stdout.write(JSON.stringify({ checks: run.checks, secrets: [run.settings.user.password, run.settings.registrationToken, ...run.secrets, ...[...run.browser.cookies].filter(value => value.length > 12)] }) + "\n");
}
