/**
 * A real identity provider for `oidc.spec.ts`: `node provider.mjs DESK PORT` serves people of the desk at DESK on `localhost`, which
 * is another site than `127.0.0.1`. Whoever logs in is `NAME@example.com`. Its address goes to standard output once it listens.
 */
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const [desk, port] = process.argv.slice(2);
const key = (type, options, more) => ({ ...generateKeyPairSync(type, options).privateKey.export({ format: "jwk" }), use: "sig", ...more });
const client = (client_id, id_token_signed_response_alg, token_endpoint_auth_method) => ({
  client_id,
  id_token_signed_response_alg,
  token_endpoint_auth_method,
  ...(token_endpoint_auth_method === "none" ? {} : { client_secret: "secret-of-the-desk" }),
  redirect_uris: [`${desk}/api/v1/sign-on/return`],
  grant_types: ["authorization_code"],
  response_types: ["code"],
});

const server = createServer();
server.listen(Number(port ?? 0), "localhost", () => {
  const issuer = `http://localhost:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [client("desk", "RS256", "client_secret_basic"), client("wall", "ES256", "client_secret_post"), client("public", "RS256", "none")],
    jwks: { keys: [key("rsa", { modulusLength: 2048 }, { kid: "r", alg: "RS256" }), key("ec", { namedCurve: "P-256" }, { kid: "e", alg: "ES256" })] },
    cookies: { keys: ["a key for a test"] },
    claims: { openid: ["sub"], email: ["email", "email_verified"] },
    // Keycloak, Google and Entra do so, too.
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, email: `${id}@example.com`, email_verified: id !== "unseen" }) }),
  });
  server.on("request", provider.callback());
  process.stdout.write(`${issuer}\n`);
});
