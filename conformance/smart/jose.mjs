// Answers one question a line with what npm's jose does; a question that it refuses gets {"refused": reason}.
import readline from "node:readline";
import * as jose from "jose";

const questions = {
  // A key of a kind, with its secret part.
  generate: async ({ alg }) => {
    const { publicKey, privateKey } = await jose.generateKeyPair(alg, { extractable: true });
    const jwk = await jose.exportJWK(publicKey);
    return { public: jwk, secret: await jose.exportJWK(privateKey), thumbprint: await jose.calculateJwkThumbprint(jwk) };
  },

  thumbprint: async ({ jwk }) => ({ thumbprint: await jose.calculateJwkThumbprint(jwk) }),

  sign: async ({ secret, header, claims }) =>
    ({ token: await new jose.SignJWT(claims).setProtectedHeader(header).sign(await jose.importJWK(secret, header.alg)) }),

  verify: async ({ jwk, token, algorithms }) => {
    const { payload } = await jose.compactVerify(token, await jose.importJWK(jwk, algorithms[0]), { algorithms });
    return { payload: jose.base64url.encode(payload) };
  },

  // As a client checks an id_token with the keys that a server publishes.
  idToken: async ({ keys, token, issuer, audience, now }) => {
    const { payload, protectedHeader } = await jose.jwtVerify(token, jose.createLocalJWKSet(keys), {
      issuer, audience, currentDate: new Date(now * 1000), requiredClaims: ["sub", "iat", "exp"],
    });
    return { payload, header: protectedHeader };
  },
};

for await (const line of readline.createInterface({ input: process.stdin })) {
  const question = JSON.parse(line);
  let answer;
  try {
    answer = await questions[question.kind](question);
  } catch (e) {
    answer = { refused: String(e.code ?? e.message) };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
