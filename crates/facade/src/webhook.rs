//! The signature that goes with every webhook, so that its receiver knows us.
//!
//! SNS signs with a certificate of amazonaws.com, which we have not; handlers
//! are told to check our own header instead (seed 004 §1.8). Sending, retries
//! and where a webhook may go at all are the server's.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::percent::{hex, unhex32};

/// The header that carries [`sign`]'s value (seed 004 §1.8).
pub const HEADER: &str = "x-sangdam-signature";

/// Gives the header's value, `t=<unix s>,v1=<hex HMAC-SHA256(secret, t + "." + body)>`.
/// The time is under the signature, so that an old delivery cannot be sent again as a new one.
#[must_use]
pub fn sign(secret: &str, t_seconds: u64, body: &[u8]) -> String {
    let mac = mac(secret, &t_seconds.to_string(), body).finalize().into_bytes();
    format!("t={t_seconds},v1={}", hex(&mac))
}

/// What a receiver does: checks the header's value, in constant time, and gives the
/// time in it (seconds since 1970). Whether that is too long ago is the receiver's to say.
#[must_use]
pub fn verify(secret: &str, header: &str, body: &[u8]) -> Option<u64> {
    let (t, v1) = header.strip_prefix("t=")?.split_once(",v1=")?;
    // Over the text of `t` as it was sent, so that no other way to write the number passes.
    mac(secret, t, body).verify_slice(&unhex32(v1)?).ok()?;
    t.parse().ok()
}

fn mac(secret: &str, t: &str, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(t.as_bytes());
    mac.update(b".");
    mac.update(body);
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"Type":"Notification"}"#;

    #[test]
    fn signs_as_openssl_does() {
        // printf '%s' '1772256625.{"Type":"Notification"}' | openssl dgst -sha256 -hmac whsec-1
        let expected =
            "t=1772256625,v1=d096036c6f5e9d66d195fc2b0f503da0dc40e3f87d66dc4b6c6803cdd0377f2c";
        assert_eq!(sign("whsec-1", 1_772_256_625, BODY), expected);
    }

    #[test]
    fn what_was_signed_verifies_and_gives_its_time() {
        for (secret, t) in [("", 0), ("s", 1), (&*"long".repeat(99), u64::MAX)] {
            assert_eq!(verify(secret, &sign(secret, t, BODY), BODY), Some(t));
            assert_eq!(verify(secret, &sign(secret, t, b""), b""), Some(t));
        }
    }

    #[test]
    fn another_secret_time_or_body_does_not_verify() {
        let header = sign("s", 1700, BODY);
        assert_eq!(verify("S", &header, BODY), None);
        assert_eq!(verify("s", &header, b"{}"), None);
        assert_eq!(verify("s", &header.replace("1700", "1701"), BODY), None);
        // The dot keeps time and body apart.
        assert_eq!(verify("s", &sign("s", 17, b"1.x").replace("t=17", "t=171"), b".x"), None);
    }

    #[test]
    fn every_changed_byte_of_the_header_is_noticed() {
        let header = sign("s", 1700, BODY);
        for at in 0..header.len() {
            for byte in 0..128 {
                let mut bytes = header.clone().into_bytes();
                bytes[at] = byte;
                let changed = String::from_utf8(bytes).unwrap();
                assert_eq!(verify("s", &changed, BODY).is_some(), changed == header, "{changed}");
            }
        }
    }

    #[test]
    fn a_malformed_header_does_not_verify() {
        let good = sign("s", 7, BODY);
        let (_, hex) = good.split_once("v1=").unwrap();
        for header in [
            "",
            "t=",
            "t=,v1=",
            "t=7",
            &format!("v1={hex},t=7"),
            &format!("t=+7,v1={hex}"),
            &format!("t=,v1={hex}"),
            &format!("t=99999999999999999999,v1={hex}"),
            &format!("t=7,v1={}", hex.to_uppercase()),
            &format!("t=7,v1={}", &hex[1..]),
            &format!("{good},v1={hex}"),
        ] {
            assert_eq!(verify("s", header, BODY), None, "{header}");
        }
    }
}
