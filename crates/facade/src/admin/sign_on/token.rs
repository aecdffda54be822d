//! What an identity provider says of somebody, once its signature has been looked at (`OpenID` Connect Core 3.1.3.7).

use domain::time::Millis;
use serde::Deserialize;
use serde_json::{Map, Value};

/// So far apart may two clocks be.
const SKEW: Millis = Millis::from_secs(60);

/// For whom, by whom and for which log-in a token must be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) issuer: &'a str,
    pub(super) client: &'a str,
    pub(super) nonce: &'a str,
}

/// The claims of a token.
#[derive(Debug, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: f64,
    iat: f64,
    nbf: Option<f64>,
    nonce: Option<String>,
    #[serde(default)]
    amr: Value,
    #[serde(flatten)]
    more: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// Who somebody is at the provider.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// What the wanted claim says.
    pub(super) name: String,
    /// The provider says that it asked for more than one thing.
    pub(super) several: bool,
}

/// Reads a token's claims; the fault is for the log.
pub(super) fn read(
    body: &[u8],
    wanted: Wanted<'_>,
    claim: &str,
    now: Millis,
) -> Result<Named, &'static str> {
    let claims: Claims = serde_json::from_slice(body).map_err(|_| "a claim is missing")?;
    let (audience, many) = match &claims.aud {
        Audience::One(one) => (one == wanted.client, false),
        Audience::Many(all) => (all.iter().any(|one| one == wanted.client), all.len() > 1),
    };
    let party = claims.azp.as_deref();
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 are far below 2^52")]
    let seconds = |at: Millis| at.0 as f64 / 1_000.0;
    let (now, skew) = (seconds(now), seconds(SKEW));
    if claims.iss != wanted.issuer {
        return Err("the token is of another provider");
    }
    if !audience || (many && party.is_none()) || party.is_some_and(|it| it != wanted.client) {
        return Err("the token is for another client");
    }
    if claims.nonce.as_deref() != Some(wanted.nonce) {
        return Err("the token is of another log-in");
    }
    if now >= claims.exp + skew {
        return Err("the token has expired");
    }
    if claims.iat > now + skew || claims.nbf.is_some_and(|from| from > now + skew) {
        return Err("the token is of the future: do the clocks agree?");
    }
    if claim == "email" && claims.more.get("email_verified") == Some(&Value::Bool(false)) {
        return Err("the provider has not seen that this e-mail address is theirs");
    }
    let name = match claim {
        "sub" => Some(claims.sub.as_str()),
        other => claims.more.get(other).and_then(Value::as_str),
    };
    let name = name.filter(|name| !name.is_empty()).ok_or("the token lacks the claim")?;
    Ok(Named { name: name.to_owned(), several: several(&claims.amr) })
}

/// More than one thing was asked for: so it says, or it names a password and something else (RFC 8176).
fn several(amr: &Value) -> bool {
    let said: Vec<&str> = amr.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let another = ["otp", "hwk", "swk", "sms", "tel", "fpt", "face", "iris", "sc"];
    said.contains(&"mfa") || (said.contains(&"pwd") && said.iter().any(|it| another.contains(it)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: Millis = Millis::from_secs(1_000_000);
    const WANTED: Wanted<'_> =
        Wanted { issuer: "https://id.example", client: "desk", nonce: "n-1" };

    fn claims() -> Value {
        json!({
            "iss": "https://id.example", "sub": "77", "aud": "desk", "exp": 1_000_300, "iat": 1_000_000,
            "nonce": "n-1", "email": "kim@example.com",
        })
    }

    fn told(change: impl FnOnce(&mut Value), claim: &str) -> Result<Named, &'static str> {
        let mut claims = claims();
        change(&mut claims);
        read(claims.to_string().as_bytes(), WANTED, claim, NOW)
    }

    #[test]
    fn a_token_names_somebody_by_the_claim_that_is_configured() {
        let name = |claim| told(|_| {}, claim).unwrap().name;
        assert_eq!((name("email"), name("sub")), ("kim@example.com".into(), "77".into()));
        assert!(told(|_| {}, "upn").is_err(), "the claim is not there");
        assert!(told(|it| it["email"] = json!(""), "email").is_err());
        assert!(told(|it| it["email"] = json!(["kim@example.com"]), "email").is_err());
    }

    #[test]
    fn a_token_of_another_provider_client_or_log_in_is_refused() {
        let refused = |change: &dyn Fn(&mut Value)| told(|it| change(it), "sub").unwrap_err();
        assert!(refused(&|it| it["iss"] = json!("https://id.example/")).contains("provider"));
        assert!(refused(&|it| it["aud"] = json!("other")).contains("client"));
        assert!(refused(&|it| it["aud"] = json!(["desk", "other"])).contains("client"));
        assert!(refused(&|it| it["azp"] = json!("other")).contains("client"));
        assert!(refused(&|it| it["nonce"] = json!("n-2")).contains("log-in"));
        assert!(refused(&|it| it["nonce"] = Value::Null).contains("log-in"));
        let two = |it: &mut Value| {
            it["aud"] = json!(["desk", "other"]);
            it["azp"] = json!("desk");
        };
        assert!(told(two, "sub").is_ok());
    }

    #[test]
    fn clocks_may_be_a_minute_apart_and_no_more() {
        let at = |member: &'static str, seconds: i64| {
            told(|it| it[member] = json!(1_000_000 + seconds), "sub").is_ok()
        };
        assert!(at("exp", -59) && !at("exp", -60) && !at("exp", -3_600));
        assert!(at("iat", 60) && !at("iat", 61));
        assert!(at("nbf", 60) && !at("nbf", 61));
        for member in ["exp", "iat", "aud", "iss", "sub"] {
            let without = |it: &mut Value| drop(it.as_object_mut().unwrap().remove(member));
            assert!(told(without, "email").is_err(), "{member}");
        }
    }

    #[test]
    fn an_address_that_the_provider_has_not_seen_is_nobodys() {
        let seen = |seen: bool| told(|it| it["email_verified"] = json!(seen), "email");
        assert!(seen(true).is_ok() && seen(false).is_err());
    }

    #[test]
    fn a_second_factor_is_believed_when_it_is_named() {
        let said = |amr: Value| told(|it| it["amr"] = amr, "sub").unwrap().several;
        assert!(said(json!(["mfa"])) && said(json!(["pwd", "otp"])));
        for amr in [json!(["pwd"]), json!([]), json!("mfa"), json!(["otp"]), Value::Null] {
            assert!(!said(amr.clone()), "{amr}");
        }
    }
}
