//! One-time codes (RFC 6238: HMAC-SHA-1, six digits, 30 s, one step of grace each way), recovery codes, and the picture
//! by which a device learns its secret.

use crate::door::{Cx, Site};
use crate::percent::encode_segment;
use domain::chance::Chance;
use domain::command::Proof;
use domain::directory::SecondFactor;
use domain::id::TokenHash;
use domain::time::Millis;
use qrcodegen::{QrCode, QrCodeEcc};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use totp_rs::{Builder, Secret, Totp};

/// Bytes of a secret: as many as the hash has (RFC 4226 §4, R6).
pub(super) const SECRET: usize = 20;

/// So many recovery codes are given.
const RECOVERY: usize = 10;

/// Digits and letters of a recovery code: four groups of four, each of five bits. None looks like another.
const LETTERS: &[u8; 32] = b"23456789abcdefghjkmnpqrstuvwxyz0";

/// What a code proves; none if it is wrong. Whether it was taken before, the domain knows.
pub(super) fn proof(cx: &Cx<'_>, second: &SecondFactor, code: &str) -> Option<Proof> {
    if let Some(hash) = recovery_hash(code) {
        return second.recovery.contains(&hash).then_some(Proof::Recovery(hash));
    }
    step(&open(cx.site, &second.sealed)?, code, cx.now).map(Proof::Code)
}

/// The step of a code that is right now, or was or will be one step away.
pub(super) fn step(secret: &[u8; SECRET], code: &str, now: Millis) -> Option<u64> {
    let digits: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let six = digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_digit());
    six.then(|| generator(secret).check(&digits, now.0 / 1_000)).flatten()
}

fn generator(secret: &[u8; SECRET]) -> Totp {
    Builder::new().with_secret(Secret::new_stack(*secret)).build_noncompliant()
}

/// A secret as it was sealed.
pub(super) fn open(site: &dyn Site, sealed: &str) -> Option<[u8; SECRET]> {
    site.unseal(sealed).and_then(|bytes| unhex(&bytes))
}

/// A secret as it is sealed: in hex, since that is a text.
pub(super) fn seal(site: &dyn Site, secret: &[u8; SECRET]) -> String {
    site.seal(crate::percent::hex(secret).as_bytes())
}

fn unhex(text: &[u8]) -> Option<[u8; SECRET]> {
    let text = std::str::from_utf8(text).ok().filter(|t| t.len() == SECRET * 2 && t.is_ascii())?;
    let mut bytes = [0; SECRET];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[at * 2..at * 2 + 2], 16).ok()?;
    }
    Some(bytes)
}

/// A new secret.
pub(super) fn secret(chance: &mut dyn Chance) -> [u8; SECRET] {
    let mut secret = [0; SECRET];
    secret.copy_from_slice(&chance.bytes()[..SECRET]);
    secret
}

/// The secret as people type it (base32).
pub(super) fn typed(secret: &[u8; SECRET]) -> String {
    Secret::new_stack(*secret).to_base32()
}

/// The secret as devices read it (the "key URI format" that they share).
pub(super) fn uri(secret: &[u8; SECRET], realm: &str, user: &str) -> String {
    let (issuer, account) =
        (encode_segment(&realm.replace(':', " ")), encode_segment(&user.replace(':', " ")));
    format!("otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}", typed(secret))
}

/// A text as a QR code: black on white in every theme, with the quiet zone that readers ask for (ISO/IEC 18004). Longer
/// texts than fit (2,331 bytes) give none.
pub(super) fn picture(text: &str) -> Option<String> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let (size, quiet) = (code.size(), 4);
    let whole = size + 2 * quiet;
    let mut path = String::new();
    for y in 0..size {
        for x in (0..size).filter(|x| code.get_module(*x, y)) {
            // Writing into a text never fails.
            let _ = write!(path, "M{},{}h1v1h-1z", x + quiet, y + quiet);
        }
    }
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {whole} {whole}\" shape-rendering=\"crispEdges\">\
         <path fill=\"#fff\" d=\"M0,0h{whole}v{whole}H0z\"/><path fill=\"#000\" d=\"{path}\"/></svg>"
    ))
}

/// New recovery codes, each of 80 bits.
pub(super) fn recovery(chance: &mut dyn Chance) -> Vec<String> {
    let one = |chance: &mut dyn Chance| {
        let letters =
            chance.bytes().into_iter().take(16).map(|byte| LETTERS[usize::from(byte % 32)]);
        let mut code = String::new();
        for (at, letter) in letters.enumerate() {
            if at > 0 && at % 4 == 0 {
                code.push('-');
            }
            code.push(char::from(letter));
        }
        code
    };
    (0..RECOVERY).map(|_| one(chance)).collect()
}

/// The hash of a recovery code, however it is typed; none of what is none.
pub(super) fn recovery_hash(code: &str) -> Option<TokenHash> {
    let plain: String = code
        .chars()
        .filter(|c| *c != '-' && !c.is_whitespace())
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let fits = plain.len() == 16 && plain.bytes().all(|b| LETTERS.contains(&b));
    fits.then(|| TokenHash(Sha256::digest(plain.as_bytes()).into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::chance::Seeded;

    /// RFC 6238, Appendix B: the last six of eight digits, for SHA-1.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = b"12345678901234567890";
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(
                step(secret, code, Millis(seconds * 1_000)),
                Some(seconds / 30),
                "{seconds}"
            );
        }
    }

    #[test]
    fn a_code_is_good_one_step_early_and_late_and_no_further() {
        let secret = b"12345678901234567890";
        let at = |seconds: u64| step(secret, "287 082", Millis(seconds * 1_000));
        assert_eq!(
            [at(0), at(29), at(30), at(89), at(90)],
            [Some(1), Some(1), Some(1), Some(1), None]
        );
        for junk in ["", "28708", "2870822", "28708a", "２８７０８２"] {
            assert_eq!(step(secret, junk, Millis(59_000)), None, "{junk}");
        }
    }

    #[test]
    fn recovery_codes_are_known_however_they_are_typed() {
        let codes = recovery(&mut Seeded::new(1));
        assert_eq!(codes.len(), RECOVERY);
        let hash = recovery_hash(&codes[0]);
        assert!(hash.is_some() && hash != recovery_hash(&codes[1]));
        assert_eq!(hash, recovery_hash(&codes[0].to_uppercase().replace('-', " ")));
        assert_eq!((recovery_hash("123456"), recovery_hash("")), (None, None));
    }

    #[test]
    fn the_picture_holds_what_a_device_reads() {
        let uri = uri(b"12345678901234567890", "demo.sangdam.test", "1001");
        assert_eq!(
            uri,
            "otpauth://totp/demo.sangdam.test:1001?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=demo.sangdam.test"
        );
        let svg = picture(&uri).unwrap();
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>") && svg.len() < 64 * 1024);
        assert_eq!(picture(&"x".repeat(4_000)), None);
    }
}
