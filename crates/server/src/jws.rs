//! Signatures of identity providers: what a token says is what one of their keys has signed. What it says is looked at where
//! log-in is; no clock is read here.

use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::Value;

/// More keys than any provider has.
const MOST_KEYS: usize = 64;

/// What a compact JWS says, if one of these keys (a JWK Set) has signed it by RS256 or ES256.
pub(crate) fn signed(token: &str, keys: &[u8]) -> Option<Vec<u8>> {
    #[derive(Deserialize)]
    struct Keys {
        keys: Vec<Value>,
    }
    let header = decode_header(token).ok()?;
    // Named by us: a token does not say how it is to be believed.
    let alg = [Algorithm::RS256, Algorithm::ES256].into_iter().find(|alg| *alg == header.alg)?;
    let Keys { keys } = serde_json::from_slice(keys).ok()?;
    let mut rules = Validation::new(alg);
    rules.required_spec_claims.clear();
    (rules.validate_exp, rules.validate_nbf, rules.validate_aud) = (false, false, false);
    keys.into_iter()
        .take(MOST_KEYS)
        // A key of a kind that we do not know is none for us.
        .filter_map(|key| serde_json::from_value::<Jwk>(key).ok())
        .filter(|key| header.kid.is_none() || key.common.key_id == header.kid)
        .filter(|key| {
            !matches!(key.common.public_key_use, Some(PublicKeyUse::Encryption))
                && key.common.key_algorithm.is_none_or(|own| own.to_string() == format!("{alg:?}"))
        })
        .filter_map(|key| DecodingKey::from_jwk(&key).ok())
        .find_map(|key| decode::<Value>(token, &key, &rules).ok())
        .and_then(|token| serde_json::to_vec(&token.claims).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::rsa::{KeyPair, KeySize};
    use aws_lc_rs::signature::{self, EcdsaKeyPair, KeyPair as _};
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::json;

    fn b64(bytes: impl AsRef<[u8]>) -> String {
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// An elliptic and an RSA key, and their JWK Set.
    struct Provider {
        curve: EcdsaKeyPair,
        rsa: KeyPair,
    }

    impl Provider {
        fn new() -> Self {
            Self {
                curve: EcdsaKeyPair::generate(&signature::ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
                rsa: KeyPair::generate(KeySize::Rsa2048).unwrap(),
            }
        }

        fn keys(&self) -> Vec<Value> {
            let point = self.curve.public_key().as_ref();
            let rsa = self.rsa.public_key();
            let (n, e) = (rsa.modulus(), rsa.exponent());
            vec![
                json!({"kty": "XYZ", "kid": "odd"}),
                json!({"kty": "EC", "crv": "P-256", "kid": "e", "x": b64(&point[1..33]), "y": b64(&point[33..])}),
                json!({"kty": "RSA", "kid": "r", "use": "sig", "n": b64(n.big_endian_without_leading_zero()), "e": b64(e.big_endian_without_leading_zero())}),
            ]
        }

        fn sign(&self, header: &Value, body: &str) -> String {
            let text = format!("{}.{}", b64(header.to_string()), b64(body));
            let chance = aws_lc_rs::rand::SystemRandom::new();
            let sealed = match header["alg"].as_str() {
                Some("ES256") => {
                    self.curve.sign(&chance, text.as_bytes()).unwrap().as_ref().to_vec()
                }
                Some("RS256") => {
                    let mut sealed = vec![0; self.rsa.public_modulus_len()];
                    let way = &signature::RSA_PKCS1_SHA256;
                    self.rsa.sign(way, &chance, text.as_bytes(), &mut sealed).unwrap();
                    sealed
                }
                _ => Vec::new(),
            };
            format!("{text}.{}", b64(sealed))
        }
    }

    fn set(keys: &[Value]) -> Vec<u8> {
        json!({"keys": keys}).to_string().into_bytes()
    }

    #[test]
    fn what_a_key_of_theirs_has_signed_is_read_and_nothing_else() {
        let provider = Provider::new();
        let all = set(&provider.keys());
        let body = r#"{"sub":"77"}"#;
        for (alg, kid) in [("ES256", "e"), ("RS256", "r")] {
            let token = provider.sign(&json!({"alg": alg, "kid": kid}), body);
            assert_eq!(signed(&token, &all), Some(body.as_bytes().to_vec()), "{alg}");
            let nameless = provider.sign(&json!({"alg": alg}), body);
            assert!(signed(&nameless, &all).is_some(), "one of the keys fits");
            assert_eq!(signed(&token, &set(&Provider::new().keys())), None, "another's keys");
            let other = provider.sign(&json!({"alg": alg, "kid": "unknown"}), body);
            assert_eq!(signed(&other, &all), None, "a key that is not there");
            let (start, seal) = token.rsplit_once('.').unwrap();
            let (head, _) = start.split_once('.').unwrap();
            let changed = format!("{head}.{}.{seal}", b64(r#"{"sub":"78"}"#));
            assert_eq!(signed(&changed, &all), None, "another body");
        }
    }

    #[test]
    fn a_token_does_not_choose_how_it_is_believed() {
        let provider = Provider::new();
        let keys = provider.keys();
        let body = r#"{"sub":"77"}"#;
        for alg in ["none", "HS256", "RS512", "PS256", "EdDSA"] {
            let token = provider.sign(&json!({"alg": alg}), body);
            assert_eq!(signed(&token, &set(&keys)), None, "{alg}");
        }
        // The old trick: the public key as the secret of an HMAC.
        let text = format!("{}.{}", b64(r#"{"alg":"HS256"}"#), b64(body));
        let secret = keys[2]["n"].as_str().unwrap();
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret.as_bytes());
        let seal = b64(aws_lc_rs::hmac::sign(&key, text.as_bytes()));
        assert_eq!(signed(&format!("{text}.{seal}"), &set(&keys)), None);
        let token = provider.sign(&json!({"alg": "RS256", "kid": "r"}), body);
        for (member, value) in [("use", "enc"), ("alg", "RS512")] {
            let mut keys = keys.clone();
            keys[2][member] = json!(value);
            assert_eq!(signed(&token, &set(&keys)), None, "{member}");
        }
        assert_eq!(signed("", &set(&keys)), None);
        assert_eq!(signed(&token, b"[]"), None);
    }
}
