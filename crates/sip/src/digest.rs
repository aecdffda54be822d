//! Digest authentication, both sides: MD5 and SHA-256, `qop=auth`.
//!
//! The server keeps no list of nonces it gave out. A nonce is the moment it was made, a number, and a keyed hash of both:
//! who shows it again proves that it was ours, and its age shows whether it is stale. What must be remembered, against
//! replay, is the highest `nc` of the nonces in use; that table is bounded, and a nonce that fell out of it is stale.
//!
//! Sources: RFC 3261 §22, RFC 7616, RFC 8760 (SHA-256 in SIP).

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use md5::Md5;
use sha2::{Digest, Sha256};

use crate::message::text::{cut, is_token, split, trim, unquote};
use crate::message::{Bad, Field, Method};
use crate::mint::{Hashing, Mint, hex};
use crate::time::Millis;

/// How long a nonce is good.
pub const NONCE_LIFE: Millis = Millis::from_secs(300);
/// How many nonces in use are remembered.
pub const NONCES_LIMIT: usize = 65_536;

/// A hash function of RFC 7616.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    /// What every phone knows.
    Md5,
    /// What newer ones prefer.
    Sha256,
}

impl Algorithm {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Md5, Self::Sha256].into_iter().find(|own| own.as_str().eq_ignore_ascii_case(text))
    }

    /// The hash of text, in hexadecimal.
    fn hash(self, text: &str) -> String {
        match self {
            Self::Md5 => hex(&Md5::digest(text)),
            Self::Sha256 => hex(&Sha256::digest(text)),
        }
    }
}

/// What is kept instead of a password: `H(user:realm:password)`, in hexadecimal. It opens the account in this realm, so it is
/// kept sealed, and is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    algorithm: Algorithm,
    hash: Box<str>,
}

impl Secret {
    /// From the password.
    pub fn new(algorithm: Algorithm, user: &str, realm: &str, password: &str) -> Self {
        Self { algorithm, hash: algorithm.hash(&format!("{user}:{realm}:{password}")).into() }
    }

    /// From the hash that was kept.
    pub fn kept(algorithm: Algorithm, hash: &str) -> Self {
        Self { algorithm, hash: hash.to_ascii_lowercase().into() }
    }

    /// The hash, for keeping.
    pub fn expose(&self) -> &str {
        &self.hash
    }

    /// The response to a challenge (RFC 7616 §3.4.1). The method and URI are the request's; `qop` is none or `auth`.
    fn answer(
        &self,
        method: &Method,
        uri: &str,
        nonce: &str,
        counted: Option<(&str, &str)>,
    ) -> String {
        let asked = self.algorithm.hash(&format!("{method}:{uri}"));
        let text = match counted {
            Some((nc, cnonce)) => format!("{}:{nonce}:{nc}:{cnonce}:auth:{asked}", self.hash),
            None => format!("{}:{nonce}:{asked}", self.hash),
        };
        self.algorithm.hash(&text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.algorithm.as_str())
    }
}

/// `Scheme name=value, name="value"`: what all four authentication headers look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Auth {
    /// `Digest`, or a scheme that we do not know.
    pub scheme: Box<str>,
    fields: Vec<(Box<str>, Box<str>)>,
}

impl Auth {
    /// A value without its quotes.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, value)| &**value)
    }

    fn digest() -> Self {
        Self { scheme: "Digest".into(), fields: Vec::new() }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.into(), value.into()));
        self
    }
}

impl Field for Auth {
    fn parse(text: &str) -> Result<Self, Bad> {
        let (scheme, rest) =
            trim(text).split_once([' ', '\t']).ok_or(Bad("credentials have no parameters"))?;
        if !is_token(scheme) {
            return Err(Bad("an authentication scheme is no token"));
        }
        let one = |part: &str| {
            let (name, value) = cut(part, b'=');
            let value = value.strip_prefix('=').and_then(|value| unquote(trim(value)));
            match value {
                Some(value) if is_token(trim(name)) => Ok((trim(name).into(), value.into())),
                _ => Err(Bad("a parameter of credentials is malformed")),
            }
        };
        let fields = split(rest, b',')?.into_iter().map(one).collect::<Result<_, _>>()?;
        Ok(Self { scheme: scheme.into(), fields })
    }
}

impl fmt::Display for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.scheme)?;
        for (at, (name, value)) in self.fields.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            // These are written without quotes (RFC 7616 §3.3, §3.4); older clients refuse a quoted `stale` or `nc`.
            let bare = matches!(&**name, "algorithm" | "stale" | "nc")
                || (&**name == "qop" && self.get("response").is_some());
            if bare {
                write!(f, "{comma} {name}={value}")?;
            } else {
                write!(f, "{comma} {name}={}", crate::message::text::quote(value))?;
            }
        }
        Ok(())
    }
}

/// What became of credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// They are right.
    Right,
    /// They are wrong: challenge again, and count it.
    Wrong,
    /// They are right, but the nonce is too old: challenge again with `stale`, and no user is asked for a password.
    Stale,
    /// They were used before.
    Replayed,
}

/// The server's side: makes challenges and judges what comes back.
pub struct Gate {
    realm: Box<str>,
    key: [u8; 32],
    made: u64,
    /// The counts seen of each nonce in use.
    counts: HashMap<u64, Counts, Hashing>,
    /// The same by age, for forgetting the oldest.
    ages: BTreeSet<u64>,
}

/// Which `nc` were seen: the highest, and a bit for each of the 64 below it, since datagrams overtake each other.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    highest: u32,
    seen: u64,
}

impl Counts {
    fn take(&mut self, nc: u32) -> bool {
        if nc == 0 {
            return false;
        }
        if nc > self.highest {
            let by = nc.saturating_sub(self.highest);
            self.seen = self.seen.checked_shl(by).unwrap_or(0) | 1;
            self.highest = nc;
            return true;
        }
        let Some(bit) = 1_u64.checked_shl(self.highest.saturating_sub(nc)) else { return false };
        let fresh = self.seen & bit == 0;
        self.seen |= bit;
        fresh
    }
}

impl Gate {
    /// A gate of this realm; its key comes from the mint.
    pub fn new(realm: &str, mint: &Mint) -> Self {
        let hashing = mint.hashing();
        Self {
            realm: realm.into(),
            key: mint.key("nonces"),
            made: 0,
            counts: HashMap::with_hasher(hashing),
            ages: BTreeSet::new(),
        }
    }

    /// The realm that it guards.
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// A challenge for each algorithm, in this order: values of `WWW-Authenticate`. Whoever is asked takes the first that
    /// they know (RFC 8760 §2.4).
    pub fn challenges(&mut self, now: Millis, algorithms: &[Algorithm], stale: bool) -> Vec<Auth> {
        let challenge = |algorithm: Algorithm| {
            self.made = self.made.wrapping_add(1);
            let auth = Auth::digest()
                .with("realm", &self.realm)
                .with("nonce", &self.nonce(now.0, self.made))
                .with("algorithm", algorithm.as_str())
                .with("qop", "auth");
            if stale { auth.with("stale", "true") } else { auth }
        };
        algorithms.iter().copied().map(challenge).collect()
    }

    fn nonce(&self, at: u64, number: u64) -> String {
        let hash = Sha256::new()
            .chain_update(self.key)
            .chain_update(self.realm.as_bytes())
            .chain_update(at.to_be_bytes())
            .chain_update(number.to_be_bytes())
            .finalize();
        format!("{at:016x}{number:016x}{}", hex(hash.get(..12).unwrap_or(&hash)))
    }

    /// Judges credentials for a request. The secret is that of the user they name; nobody is asked whether there is such a
    /// user: give [`Secret::kept`] of anything for a stranger, so that both take the same time.
    pub fn judge(&mut self, now: Millis, auth: &Auth, method: &Method, secret: &Secret) -> Verdict {
        match self.check(now, auth, method, secret) {
            Some(verdict) => verdict,
            None => Verdict::Wrong,
        }
    }

    fn check(
        &mut self,
        now: Millis,
        auth: &Auth,
        method: &Method,
        secret: &Secret,
    ) -> Option<Verdict> {
        let algorithm = auth.get("algorithm").map_or(Some(Algorithm::Md5), Algorithm::parse)?;
        let nonce = auth.get("nonce")?;
        let moment = u64::from_str_radix(nonce.get(..16)?, 16).ok()?;
        let number = u64::from_str_radix(nonce.get(16..32)?, 16).ok()?;
        let ours = same(nonce, &self.nonce(moment, number));
        let fits = auth.scheme.eq_ignore_ascii_case("Digest")
            && auth.get("realm") == Some(&self.realm)
            && algorithm == secret.algorithm;
        let (nc, cnonce) = (auth.get("nc")?, auth.get("cnonce")?);
        let count = u32::from_str_radix(nc, 16).ok()?;
        let answer = secret.answer(method, auth.get("uri")?, nonce, Some((nc, cnonce)));
        let right = same(&answer, auth.get("response")?) && auth.get("qop") == Some("auth");
        if !fits || !right || !ours {
            return None;
        }
        if now.since(Millis(moment)) > NONCE_LIFE {
            return Some(Verdict::Stale);
        }
        if !self.counts.contains_key(&number) {
            // The oldest goes. A nonce older than all that are remembered may be one that went: it is stale.
            let oldest = self.ages.first().copied();
            if self.counts.len() >= NONCES_LIMIT
                && let Some(oldest) = oldest
            {
                if number < oldest {
                    return Some(Verdict::Stale);
                }
                self.ages.remove(&oldest);
                self.counts.remove(&oldest);
            }
            self.ages.insert(number);
        }
        let fresh = self.counts.entry(number).or_default().take(count);
        Some(if fresh { Verdict::Right } else { Verdict::Replayed })
    }
}

/// Compares without telling by its time where the difference is.
fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

/// The client's side: a name and a password for trunks that challenge us.
#[derive(Clone)]
pub struct Credentials {
    user: Box<str>,
    password: Box<str>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(..)")
    }
}

impl Credentials {
    /// Of this user.
    pub fn new(user: &str, password: &str) -> Self {
        Self { user: user.into(), password: password.into() }
    }

    /// The answer to the first of these challenges that we understand; `None` if there is none.
    pub fn answer(
        &self,
        challenges: &[Auth],
        method: &Method,
        uri: &str,
        cnonce: &str,
    ) -> Option<Auth> {
        challenges.iter().find_map(|challenge| {
            let named = challenge.get("algorithm");
            let algorithm = named.map_or(Some(Algorithm::Md5), Algorithm::parse)?;
            let offered = challenge.get("qop");
            let counts = offered.is_some_and(|qop| qop.split(',').any(|one| trim(one) == "auth"));
            if !challenge.scheme.eq_ignore_ascii_case("Digest") || (offered.is_some() && !counts) {
                return None;
            }
            let (realm, nonce) = (challenge.get("realm")?, challenge.get("nonce")?);
            let secret = Secret::new(algorithm, &self.user, realm, &self.password);
            let counted = counts.then_some(("00000001", cnonce));
            let mut auth = Auth::digest()
                .with("username", &self.user)
                .with("realm", realm)
                .with("nonce", nonce)
                .with("uri", uri)
                .with("response", &secret.answer(method, uri, nonce, counted));
            if named.is_some() {
                auth = auth.with("algorithm", algorithm.as_str());
            }
            if let Some(opaque) = challenge.get("opaque") {
                auth = auth.with("opaque", opaque);
            }
            if let Some((nc, cnonce)) = counted {
                auth = auth.with("qop", "auth").with("nc", nc).with("cnonce", cnonce);
            }
            Some(auth)
        })
    }
}

#[cfg(test)]
mod tests;
