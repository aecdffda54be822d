//! What is said to an identity provider: where it is to be asked (`OpenID` Connect Discovery), and for what.

use crate::door::{Call, CallFault};
use crate::percent::push_encoded;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use domain::directory::SignOn;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

/// Where a provider says that it is to be asked.
#[derive(Debug, Deserialize)]
pub(super) struct Discovery {
    issuer: String,
    pub(super) authorization_endpoint: String,
    pub(super) token_endpoint: String,
    pub(super) jwks_uri: String,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

impl Discovery {
    /// Asks for it.
    pub(super) fn ask(issuer: &str) -> Call {
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        Call { url, headers: vec![("accept", "application/json".to_owned())], body: None }
    }

    /// Reads it. It must be of the very provider that was asked, and lead to no address that a provider may not have.
    pub(super) fn read(body: &[u8], issuer: &str) -> Option<Self> {
        let found: Self = serde_json::from_slice(body).ok()?;
        let ends = [&found.authorization_endpoint, &found.token_endpoint, &found.jwks_uri];
        let fits = found.issuer == issuer && ends.iter().all(|url| SignOn::fits(url));
        (fits && !found.authorization_endpoint.contains('#')).then_some(found)
    }

    /// Our secret goes into the body, where the provider does not take it as a password.
    pub(super) fn secret_in_body(&self) -> bool {
        let takes = |way: &str| {
            self.token_endpoint_auth_methods_supported
                .as_ref()
                .is_some_and(|all| all.iter().any(|it| it == way))
        };
        takes("client_secret_post") && !takes("client_secret_basic")
    }
}

/// Where the browser is sent.
pub(super) fn authorization(at: &str, members: &[(&str, &str)]) -> String {
    let mut url = at.to_owned();
    url.push(if at.contains('?') { '&' } else { '?' });
    url.push_str(&form(members));
    url
}

/// Asks for the token of a code.
pub(super) struct Exchange<'a> {
    pub(super) at: &'a str,
    pub(super) client: &'a str,
    pub(super) secret: Option<&'a str>,
    pub(super) secret_in_body: bool,
    pub(super) code: &'a str,
    pub(super) redirect: &'a str,
    pub(super) verifier: &'a str,
}

impl Exchange<'_> {
    pub(super) fn call(&self) -> Call {
        let mut members = vec![
            ("grant_type", "authorization_code"),
            ("code", self.code),
            ("redirect_uri", self.redirect),
            ("code_verifier", self.verifier),
        ];
        let mut headers = vec![
            ("accept", "application/json".to_owned()),
            ("content-type", "application/x-www-form-urlencoded".to_owned()),
        ];
        match self.secret {
            Some(secret) if !self.secret_in_body => {
                let pair = format!("{}:{}", encoded(self.client), encoded(secret));
                headers.push(("authorization", format!("Basic {}", STANDARD.encode(pair))));
            }
            secret => {
                members.push(("client_id", self.client));
                members.extend(secret.map(|secret| ("client_secret", secret)));
            }
        }
        Call { url: self.at.to_owned(), headers, body: Some(form(&members)) }
    }
}

/// Reads the answer to it.
pub(super) fn id_token(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Tokens {
        id_token: String,
    }
    serde_json::from_slice(body).ok().map(|Tokens { id_token }| id_token)
}

/// Asks for the provider's keys.
pub(super) fn keys(at: &str) -> Call {
    let headers = vec![("accept", "application/json".to_owned())];
    Call { url: at.to_owned(), headers, body: None }
}

/// What is shown of a verifier before it is told (RFC 7636).
pub(super) fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

/// A code that is good no more, or a client that is not known, is no fault of the network.
pub(super) const fn refused(fault: CallFault) -> bool {
    matches!(fault, CallFault::Refused(400..=499))
}

fn encoded(text: &str) -> String {
    let mut out = String::new();
    push_encoded(&mut out, text.as_bytes());
    out
}

fn form(members: &[(&str, &str)]) -> String {
    let pairs: Vec<String> =
        members.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    pairs.join("&")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn found(change: impl FnOnce(&mut Value)) -> Option<Discovery> {
        let mut document = json!({
            "issuer": "https://id.example/office",
            "authorization_endpoint": "https://id.example/office/auth",
            "token_endpoint": "https://id.example/office/token",
            "jwks_uri": "https://id.example/office/keys",
        });
        change(&mut document);
        Discovery::read(document.to_string().as_bytes(), "https://id.example/office")
    }

    #[test]
    fn a_document_of_another_provider_or_with_an_open_way_is_none() {
        assert!(found(|_| {}).is_some());
        assert!(found(|it| it["issuer"] = json!("https://id.example/other")).is_none());
        for url in ["http://id.example/token", "javascript:alert(1)", "https://", "/token"] {
            assert!(found(|it| it["token_endpoint"] = json!(url)).is_none(), "{url}");
            assert!(found(|it| it["authorization_endpoint"] = json!(url)).is_none(), "{url}");
        }
    }

    #[test]
    fn a_secret_goes_where_the_provider_takes_it() {
        let way = |methods: Value| {
            found(|it| it["token_endpoint_auth_methods_supported"] = methods).unwrap()
        };
        assert!(!found(|_| {}).unwrap().secret_in_body());
        assert!(way(json!(["client_secret_post"])).secret_in_body());
        assert!(!way(json!(["client_secret_post", "client_secret_basic"])).secret_in_body());
        let mut exchange = Exchange {
            at: "https://id.example/token",
            client: "a b",
            secret: Some("s:1"),
            secret_in_body: false,
            code: "c&d",
            redirect: "https://desk.example/return",
            verifier: "v",
        };
        let call = exchange.call();
        assert!(call.headers.contains(&("authorization", "Basic YSUyMGI6cyUzQTE=".to_owned())));
        let body = call.body.unwrap();
        assert!(body.contains("code=c%26d") && !body.contains("secret"), "{body}");
        exchange.secret_in_body = true;
        let body = exchange.call().body.unwrap();
        assert!(body.ends_with("client_id=a%20b&client_secret=s%3A1"), "{body}");
    }

    #[test]
    fn a_challenge_is_that_of_the_standards_example() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(challenge(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
