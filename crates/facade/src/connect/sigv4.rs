//! AWS Signature Version 4 in its header form: who sent this request, and did
//! anyone change it? (seed 004 §0.5;
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>)
//!
//! Left to others: which key belongs to which realm and what it may do
//! (`AccessDeniedException`), which region is allowed, and the host and path as the client
//! saw them when a proxy changed them. Every `x-amz-*` header must be signed, so a proxy
//! that adds one of its own (`CloudFront`'s `x-amz-cf-id`) has to take it off again.
//!
//! The path is not normalised. Other signers drop `//`, `.` and `..` from it, but no path of
//! ours has such a segment, and what is routed should be what was signed.

mod error;
#[cfg(test)]
mod tests;

pub use error::{Incomplete, Invalid, SigError};

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::time;
use crate::percent::{encode_segment, hex, parse_query, push_encoded, unhex32};

/// How far a client's clock may be from ours, either way (seed 004 §0.5, 4).
pub const SKEW_MS: u64 = 5 * 60 * 1000;

/// The signing name of the control plane (seed 004 §0.1).
pub const SERVICE: &str = "connect";

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const TERMINATOR: &str = "aws4_request";
const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// Bounds of the work that a stranger can ask for. A header block is at most 32 KiB (seed 004
/// §0.2); SDKs sign under ten headers and write an `Authorization` of under 500 bytes.
const HEAD_LIMIT_BYTES: usize = 64 * 1024;
const AUTHORIZATION_LIMIT_BYTES: usize = 4096;
const SIGNED_HEADERS_LIMIT: usize = 64;

/// A request as it came over the wire. It has no `Debug`: headers and body are personal data.
#[derive(Clone, Copy)]
pub struct Signed<'a> {
    /// `GET`, `PUT`, ...
    pub method: &'a str,
    /// Still percent-encoded, with the prefix under which the client reached us.
    pub raw_path: &'a str,
    /// Still percent-encoded, without its `?`.
    pub raw_query: &'a str,
    /// Names in lower case, in the order received; a name may come twice.
    pub headers: &'a [(String, String)],
    /// All of it.
    pub body: &'a [u8],
    /// Did it come over TLS? Only then may a client leave its body unsigned.
    pub tls: bool,
}

/// The secret half of an access key; never printed.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Takes the secret as the customer was shown it.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Whose request it is, and the rest of the scope it was signed for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The access key's public half.
    pub access_key: String,
    /// Any, as far as this module is concerned.
    pub region: String,
    /// `yyyyMMdd`, the day of `X-Amz-Date`.
    pub date: String,
}

/// Verifies a request to the control plane. `now_ms` counts from 1970; `secret_of` finds
/// the secret of an access key.
///
/// # Errors
/// When the request is not signed by a known key, for this service, now.
pub fn verify(
    request: &Signed<'_>,
    now_ms: u64,
    secret_of: &dyn Fn(&str) -> Option<Secret>,
) -> Result<Verified, SigError> {
    verify_for(SERVICE, request, now_ms, secret_of)
}

/// The order is: what costs nothing first, the body's hash only for a known key.
fn verify_for(
    service: &str,
    request: &Signed<'_>,
    now_ms: u64,
    secret_of: &dyn Fn(&str) -> Option<Secret>,
) -> Result<Verified, SigError> {
    let mut authorizations = request.all("authorization");
    let authorization = authorizations.next().ok_or(SigError::MissingAuthenticationToken)?;
    if authorizations.next().is_some() {
        return Err(Incomplete::Repeated.into());
    }
    let claim = Claim::parse(authorization)?;
    let stamp = request.all("x-amz-date").next().ok_or(Incomplete::NoDate)?.trim();
    let signed_ms = time::parse_basic(stamp).ok_or(Incomplete::Date)?;

    // A client with no key writes an empty one (seed 004 §0.6): no key of anybody's.
    if claim.access_key.is_empty() || request.all("x-amz-security-token").next().is_some() {
        return Err(SigError::UnrecognizedClient);
    }
    let secret = secret_of(claim.access_key).ok_or(SigError::UnrecognizedClient)?;

    if claim.service != service {
        return Err(Invalid::Service.into());
    }
    if !stamp.starts_with(claim.date) {
        return Err(Invalid::ScopeDate.into());
    }
    check_skew(stamp, signed_ms, now_ms)?;
    if request.head_bytes() > HEAD_LIMIT_BYTES {
        return Err(Invalid::TooLong.into());
    }
    let signed = claim.signed_headers(request.headers)?;
    let canonical = request.canonical(&signed)?;
    let given = unhex32(claim.signature).ok_or(Invalid::Signature)?;
    // `verify_slice` takes the same time wherever the two differ.
    let scope = Scope { date: claim.date, region: claim.region, service };
    scope.mac(&secret, stamp, &canonical).verify_slice(&given).map_err(|_| Invalid::Signature)?;
    Ok(Verified {
        access_key: claim.access_key.to_owned(),
        region: claim.region.to_owned(),
        date: claim.date.to_owned(),
    })
}

fn check_skew(stamp: &str, signed_ms: u64, now_ms: u64) -> Result<(), Invalid> {
    let (signed, now) = (stamp.to_owned(), time::basic(now_ms));
    if signed_ms.saturating_add(SKEW_MS) < now_ms {
        return Err(Invalid::Expired { signed, now });
    }
    if now_ms.saturating_add(SKEW_MS) < signed_ms {
        return Err(Invalid::NotYetCurrent { signed, now });
    }
    Ok(())
}

/// With whose key, and for where, a request of our own is signed.
#[derive(Debug, Clone, Copy)]
pub struct Signer<'a> {
    /// The access key's public half.
    pub access_key: &'a str,
    /// Its secret half.
    pub secret: &'a Secret,
    /// `eu-central-1`, ...
    pub region: &'a str,
    /// [`SERVICE`], or the service that is called.
    pub service: &'a str,
}

/// Signs a request: gives the headers `x-amz-date` and `authorization` to send with it, in
/// place of any it has. All its other headers are signed; `host` must be among them and
/// none may come twice, else no verifier takes it.
///
/// # Errors
/// When the query is not percent-encoded, `x-amz-content-sha256` is not the body's hash, or
/// the body is to be left unsigned without TLS.
pub fn sign(
    request: &Signed<'_>,
    signer: &Signer<'_>,
    now_ms: u64,
) -> Result<[(String, String); 2], Invalid> {
    let stamp = time::basic(now_ms);
    let mut covered: Vec<(&str, &str)> = request
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .filter(|(name, _)| !["authorization", "x-amz-date"].contains(name))
        .chain([("x-amz-date", stamp.as_str())])
        .collect();
    covered.sort_unstable();
    let scope = Scope { date: &stamp[..8], region: signer.region, service: signer.service };
    let canonical = request.canonical(&covered)?;
    let signature = hex(&scope.mac(signer.secret, &stamp, &canonical).finalize().into_bytes());
    let authorization = format!(
        "{ALGORITHM} Credential={}/{scope}, SignedHeaders={}, Signature={signature}",
        signer.access_key,
        names(&covered),
    );
    Ok([("x-amz-date".to_owned(), stamp), ("authorization".to_owned(), authorization)])
}

/// What `Authorization` claims. Only its form has been checked.
struct Claim<'a> {
    access_key: &'a str,
    date: &'a str,
    region: &'a str,
    service: &'a str,
    /// In lower case, ascending, none twice.
    signed: Vec<&'a str>,
    signature: &'a str,
}

impl<'a> Claim<'a> {
    fn parse(header: &'a str) -> Result<Self, Incomplete> {
        if header.len() > AUTHORIZATION_LIMIT_BYTES {
            return Err(Incomplete::TooLong);
        }
        let (algorithm, rest) = header.trim().split_once(' ').ok_or(Incomplete::Algorithm)?;
        if algorithm != ALGORITHM {
            return Err(Incomplete::Algorithm);
        }
        let (mut credential, mut signed, mut signature) = (None, None, None);
        for parameter in rest.split(',') {
            let (key, value) = parameter.split_once('=').ok_or(Incomplete::Parameter)?;
            let place = match key.trim() {
                "Credential" => &mut credential,
                "SignedHeaders" => &mut signed,
                "Signature" => &mut signature,
                _ => return Err(Incomplete::Parameter),
            };
            if place.replace(value.trim()).is_some() {
                return Err(Incomplete::Parameter);
            }
        }
        let needed = |value: Option<&'a str>, name| {
            value.filter(|v| !v.is_empty()).ok_or(Incomplete::NoParameter(name))
        };
        let credential: Vec<&str> = needed(credential, "Credential")?.splitn(6, '/').collect();
        let [access_key, date, region, service, TERMINATOR] = credential[..] else {
            return Err(Incomplete::Credential);
        };
        if date.len() != 8 || region.is_empty() {
            return Err(Incomplete::Credential);
        }
        Ok(Self {
            access_key,
            date,
            region,
            service,
            signed: header_names(needed(signed, "SignedHeaders")?)?,
            signature: needed(signature, "Signature")?,
        })
    }

    /// The signed headers with their values, once it is certain which those are, and that
    /// all are signed that must be (seed 004 §0.5, 4).
    fn signed_headers(
        &self,
        headers: &'a [(String, String)],
    ) -> Result<Vec<(&str, &str)>, Invalid> {
        let mut values = vec![None; self.signed.len()];
        for (name, value) in headers {
            match self.signed.binary_search(&name.as_str()) {
                Ok(at) if values[at].is_none() => values[at] = Some(value.as_str()),
                Ok(_) => return Err(Invalid::Repeated(name.clone())),
                Err(_) if name.starts_with("x-amz-") => {
                    return Err(Invalid::Unsigned(name.clone()));
                }
                Err(_) => {}
            }
        }
        if !self.signed.contains(&"host") {
            return Err(Invalid::Unsigned("host".to_owned()));
        }
        let value_of = |(&name, value): (&&'a str, Option<&'a str>)| match value {
            Some(value) => Ok((name, value)),
            None => Err(Invalid::Absent(name.to_owned())),
        };
        self.signed.iter().zip(values).map(value_of).collect()
    }
}

fn header_names(list: &str) -> Result<Vec<&str>, Incomplete> {
    let names: Vec<&str> = list.split(';').take(SIGNED_HEADERS_LIMIT + 1).collect();
    // The characters of a name, RFC 9110 §5.6.2, less the capitals.
    let is_name_byte =
        |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&b);
    let is_name = |name: &&str| !name.is_empty() && name.bytes().all(is_name_byte);
    // Strictly ascending, so that a name cannot come twice.
    let good = names.len() <= SIGNED_HEADERS_LIMIT
        && names.iter().all(is_name)
        && names.is_sorted_by(|a, b| a < b);
    if good { Ok(names) } else { Err(Incomplete::SignedHeaders) }
}

impl Signed<'_> {
    fn all<'b>(&'b self, name: &'b str) -> impl Iterator<Item = &'b str> {
        self.headers.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    fn head_bytes(&self) -> usize {
        let headers: usize =
            self.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        self.method.len() + self.raw_path.len() + self.raw_query.len() + headers
    }

    /// The canonical request (seed 004 §0.5, 1). `signed` is sorted by name.
    fn canonical(&self, signed: &[(&str, &str)]) -> Result<String, Invalid> {
        let mut out = format!("{}\n", self.method);
        self.push_path(&mut out);
        out.push('\n');
        self.push_query(&mut out)?;
        out.push('\n');
        for (name, value) in signed {
            out.push_str(name);
            out.push(':');
            // Every run of blanks is one space, as botocore and the JavaScript SDK have it;
            // no value can bring a line of its own.
            for (nth, word) in value.split_ascii_whitespace().enumerate() {
                out.push_str(if nth == 0 { "" } else { " " });
                out.push_str(word);
            }
            out.push('\n');
        }
        out.push('\n');
        out.push_str(&names(signed));
        out.push('\n');
        out.push_str(&self.payload()?);
        Ok(out)
    }

    /// Each segment of the raw path is encoded once more: `%3A` becomes `%253A`. Empty segments and dots are left out first,
    /// as every SDK does before it signs (an address with a slash too many still works).
    fn push_path(&self, out: &mut String) {
        let mut segments: Vec<&str> = Vec::new();
        for segment in self.raw_path.split('/') {
            match segment {
                "" | "." => {}
                ".." => {
                    segments.pop();
                }
                _ => segments.push(segment),
            }
        }
        for segment in &segments {
            out.push('/');
            push_encoded(out, segment.as_bytes());
        }
        if segments.is_empty() || self.raw_path.ends_with('/') {
            out.push('/');
        }
    }

    /// The query is read as routing reads it, so that what counts is what was signed.
    fn push_query(&self, out: &mut String) -> Result<(), Invalid> {
        let pairs = parse_query(self.raw_query).map_err(|_| Invalid::Query)?;
        let mut pairs: Vec<(String, String)> =
            pairs.iter().map(|(k, v)| (encode_segment(k), encode_segment(v))).collect();
        pairs.sort_unstable();
        for (nth, (key, value)) in pairs.iter().enumerate() {
            out.push_str(if nth == 0 { "" } else { "&" });
            out.push_str(key);
            out.push('=');
            out.push_str(value);
        }
        Ok(())
    }

    fn payload(&self) -> Result<String, Invalid> {
        let given = self.all("x-amz-content-sha256").next().map(str::trim);
        if given == Some(UNSIGNED_PAYLOAD) {
            return if self.tls {
                Ok(UNSIGNED_PAYLOAD.to_owned())
            } else {
                Err(Invalid::UnsignedPayload)
            };
        }
        let hash = hex(&Sha256::digest(self.body));
        if given.is_some_and(|given| given != hash) { Err(Invalid::Payload) } else { Ok(hash) }
    }
}

fn names(signed: &[(&str, &str)]) -> String {
    signed.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";")
}

/// What a signing key is good for: one day, one region, one service.
struct Scope<'a> {
    date: &'a str,
    region: &'a str,
    service: &'a str,
}

impl fmt::Display for Scope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/{TERMINATOR}", self.date, self.region, self.service)
    }
}

impl Scope<'_> {
    /// The string to sign under the derived key (seed 004 §0.5, 2 and 3), not yet finished.
    fn mac(&self, secret: &Secret, stamp: &str, canonical: &str) -> Hmac<Sha256> {
        let first = format!("AWS4{}", secret.0).into_bytes();
        let key = [self.date, self.region, self.service, TERMINATOR]
            .iter()
            .fold(first, |key, part| hmac(&key, part).finalize().into_bytes().to_vec());
        let hash = hex(&Sha256::digest(canonical.as_bytes()));
        hmac(&key, &format!("{ALGORITHM}\n{stamp}\n{self}\n{hash}"))
    }
}

fn hmac(key: &[u8], text: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text.as_bytes());
    mac
}
