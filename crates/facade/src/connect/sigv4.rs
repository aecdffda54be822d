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

/// Why a request is not believed (the table of seed 004 §0.5). Always HTTP 403.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SigError {
    /// There is no `Authorization` at all.
    #[error("Missing Authentication Token")]
    MissingAuthenticationToken,
    /// `Authorization` or `X-Amz-Date` is malformed.
    #[error(transparent)]
    IncompleteSignature(#[from] Incomplete),
    /// Nobody has this access key, or a session token was sent: we give out none.
    #[error("The security token included in the request is invalid.")]
    UnrecognizedClient,
    /// The signature is another one, too old, or leaves out what it has to cover.
    #[error(transparent)]
    InvalidSignature(#[from] Invalid),
}

impl SigError {
    /// The HTTP status of every one of them (seed 004 §0.5).
    pub const STATUS: u16 = 403;

    /// The name for `x-amzn-ErrorType`.
    #[must_use]
    pub const fn shape(&self) -> &'static str {
        match self {
            Self::MissingAuthenticationToken => "MissingAuthenticationTokenException",
            Self::IncompleteSignature(_) => "IncompleteSignatureException",
            Self::UnrecognizedClient => "UnrecognizedClientException",
            Self::InvalidSignature(_) => "InvalidSignatureException",
        }
    }

    /// The text for the body's `message`.
    #[must_use]
    pub fn message(&self) -> String {
        self.to_string()
    }

    /// Always [`Self::STATUS`].
    #[must_use]
    pub const fn status(&self) -> u16 {
        Self::STATUS
    }
}

/// What is malformed. The texts follow AWS's, which users find explained on the web.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Incomplete {
    /// More than one `Authorization`.
    #[error("Authorization header must come once only.")]
    Repeated,
    /// More bytes than any signer writes.
    #[error("Authorization header is too long.")]
    TooLong,
    /// Another algorithm, or another scheme altogether.
    #[error("Authorization header requires the algorithm 'AWS4-HMAC-SHA256'.")]
    Algorithm,
    /// One of the three parameters is not there or empty.
    #[error("Authorization header requires '{0}' parameter.")]
    NoParameter(&'static str),
    /// Something else is there, or one of the three comes twice.
    #[error(
        "Authorization header takes 'Credential', 'SignedHeaders' and 'Signature' as key=value, \
         each once."
    )]
    Parameter,
    /// The credential has another form than `<key>/<yyyyMMdd>/<region>/<service>/aws4_request`.
    #[error(
        "Credential must have exactly 5 slash-delimited elements, \
         e.g. keyid/date/region/service/aws4_request."
    )]
    Credential,
    /// `SignedHeaders` is no list of names that could be signed.
    #[error("SignedHeaders must be lower-case names, sorted, none twice, divided by ';'.")]
    SignedHeaders,
    /// `X-Amz-Date` is missing; `Date` alone is not enough.
    #[error("Authorization header requires existence of an 'X-Amz-Date' header.")]
    NoDate,
    /// `X-Amz-Date` is not `yyyyMMddTHHmmssZ`, or on no calendar.
    #[error("X-Amz-Date must be in ISO-8601 'basic format', e.g. 20260228T053025Z.")]
    Date,
}

/// What is wrong with a well-formed signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// The signature is not the one we calculate: a wrong secret, or a changed request.
    #[error(
        "The request signature we calculated does not match the signature you provided. Check \
         your AWS Secret Access Key and signing method."
    )]
    Signature,
    /// Signed too long ago.
    #[error("Signature expired: {signed} is now earlier than {now} - 5 min.")]
    Expired {
        /// `X-Amz-Date` as sent.
        signed: String,
        /// Our time, in the same form.
        now: String,
    },
    /// Signed in the future.
    #[error("Signature not yet current: {signed} is still later than {now} + 5 min.")]
    NotYetCurrent {
        /// `X-Amz-Date` as sent.
        signed: String,
        /// Our time, in the same form.
        now: String,
    },
    /// Signed for another service.
    #[error("Credential should be scoped to correct service: '{SERVICE}'.")]
    Service,
    /// The scope names another day than `X-Amz-Date`.
    #[error("Date in Credential scope does not match X-Amz-Date.")]
    ScopeDate,
    /// `host`, or an `x-amz-*` header that was sent, is not signed.
    #[error("'{0}' must be a 'SignedHeader' in the Authorization header.")]
    Unsigned(String),
    /// A header is said to be signed, but was not sent.
    #[error("'{0}' is a 'SignedHeader', but was not sent.")]
    Absent(String),
    /// A signed header was sent twice, so that it is open which one is meant.
    #[error("'{0}' is a 'SignedHeader', but was sent more than once.")]
    Repeated(String),
    /// The query cannot be decoded.
    #[error("The query string is not percent-encoded UTF-8.")]
    Query,
    /// `x-amz-content-sha256` is not the body's hash.
    #[error("x-amz-content-sha256 is not the SHA-256 of the body.")]
    Payload,
    /// The body was left unsigned, and so was the connection.
    #[error("An unsigned payload is accepted over TLS only.")]
    UnsignedPayload,
    /// Path, query and headers are longer than any that we would read.
    #[error("The request head is too long to be verified.")]
    TooLong,
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

    /// Each segment of the raw path is encoded once more: `%3A` becomes `%253A`.
    fn push_path(&self, out: &mut String) {
        if self.raw_path.is_empty() {
            out.push('/');
        }
        for (nth, segment) in self.raw_path.split('/').enumerate() {
            out.push_str(if nth == 0 { "" } else { "/" });
            push_encoded(out, segment.as_bytes());
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The pair of AWS's own examples and test suite.
    const KEY: &str = "AKIDEXAMPLE";
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    /// 2026-02-28T05:30:25Z, when the fixtures were signed.
    const SIGNED_MS: u64 = 1_772_256_625_000;

    /// A request as a client sent it.
    struct Fixture {
        name: &'static str,
        method: &'static str,
        path: &'static str,
        query: &'static str,
        headers: &'static [(&'static str, &'static str)],
        body: &'static str,
    }

    /// Signed by botocore 1.44.5. The first four are what `boto3.client("connect")` sends;
    /// the others went through `botocore.auth.SigV4Auth` with the headers shown.
    #[rustfmt::skip]
    const FIXTURES: [Fixture; 8] = [
        Fixture {
            name: "boto3 StartChatContact",
            method: "PUT",
            path: "/contact/chat",
            query: "",
            headers: &[
                ("host", "127.0.0.1:8080"),
                ("content-type", "application/json"),
                ("x-amz-date", "20260228T053025Z"),
                ("authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260228/eu-central-1/connect/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=b1019ddaf0b1c4fca5cb146fda95a4913143bcf1641abd6dfbd315466b0ac0b7"),
                ("content-length", "209"),
            ],
            body: r#"{"InstanceId": "arn:aws:connect:eu-central-1:123456789012:instance/11111111-2222-4333-8444-555555555555", "ContactFlowId": "f", "ParticipantDetails": {"DisplayName": "Jane \uc548\ub155"}, "ClientToken": "t-1"}"#,
        },
        Fixture {
            name: "boto3 DescribeContact with an ARN in its path",
            method: "GET",
            path: "/contacts/arn%3Aaws%3Aconnect%3Aeu-central-1%3A123456789012%3Ainstance%2F11111111-2222-4333-8444-555555555555/ee0a1c2b-0000-4000-8000-00000000000a",
            query: "",
            headers: &[
                ("host", "127.0.0.1:8080"),
                ("x-amz-date", "20260228T053025Z"),
                ("authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260228/eu-central-1/connect/aws4_request, SignedHeaders=host;x-amz-date, Signature=cf2e7b91c09a52e7b94c7c8c28a029777d6cb93ab0465d5744ad27a8cb2e9d71"),
            ],
            body: "",
        },
        Fixture {
            name: "boto3 ListContactReferences with a repeated key",
            method: "GET",
            path: "/contact/references/11111111-2222-4333-8444-555555555555/ee0a1c2b-0000-4000-8000-00000000000a",
            query: "referenceTypes=URL&referenceTypes=ATTACHMENT&referenceTypes=EMAIL&nextToken=a%20b%2Bc%2Fd%3D%C3%A9~%2A",
            headers: &[
                ("host", "127.0.0.1:8080"),
                ("x-amz-date", "20260228T053025Z"),
                ("authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260228/eu-central-1/connect/aws4_request, SignedHeaders=host;x-amz-date, Signature=7ddf82af40e06c04329f5ad9c2919182d47a7dc52f3caf032a84876be7a3e775"),
            ],
            body: "",
        },
        Fixture {
            name: "boto3 under a path prefix",
            method: "POST",
            path: "/aws/v1/contact/stop",
            query: "",
            headers: &[
                ("host", "chat.example.com"),
                ("content-type", "application/json"),
                ("x-amz-date", "20260228T053025Z"),
                ("authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260228/eu-central-1/connect/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=58c1b6243bc3145c771fae715b14f453a3dde0f4822eea279d8c9bec724c416a"),
                ("content-length", "39"),
            ],
            body: r#"{"InstanceId": "i", "ContactId": "c d"}"#,
        },
        Fixture {
            name: "as the JavaScript SDK signs",
            method: "POST",
            path: "/contact/stop",
            query: "",
            headers: &[
                ("host", "connect.example.com:8443"),
                ("content-type", "application/json"),
                ("content-length", "34"),
                ("x-amz-content-sha256", "6a4814e3d13b2d90b0317259e7df873dd2a782d6322a27edca5e96868d3e9c17"),
                ("x-amz-user-agent", "aws-sdk-js/3.900.0 ua/2.1"),
                ("x-amz-date", "20260228T053025Z"),
                ("authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260228/us-east-1/connect/aws4_request, SignedHeaders=content-length;content-type;host;x-amz-content-sha256;x-amz-date;x-amz-user-agent, Signature=9bc9b2585ad5b13e4942fd3abd62ac180c87b38e416df2f4850c99b860ea1ccc"),
            ],
            body: r#"{"InstanceId":"i","ContactId":"c"}"#,
        },
        Fixture {
            name: "a header with inner spaces and tabs",
            method: "GET",
            path: "/instance",
            query: "",
            headers: &[
                ("host", "connect.example.com"),
                ("x-amz-note", "  two  words \t and\ttabs  "),
                ("x-amz-date", "20260228T053025Z"),
                ("authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260228/us-east-1/connect/aws4_request, SignedHeaders=host;x-amz-date;x-amz-note, Signature=fa44c60fe2d678b42dfac204d12449d315c757ef5aee24269370c7cdf4a50e9e"),
            ],
            body: "",
        },
        Fixture {
            name: "keys without values, out of order",
            method: "GET",
            path: "/instance",
            query: "b&a=2&a=1&a&B=%E2%98%83&c=%20x",
            headers: &[
                ("host", "connect.example.com"),
                ("x-amz-date", "20260228T053025Z"),
                ("authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260228/us-east-1/connect/aws4_request, SignedHeaders=host;x-amz-date, Signature=8862dac8d1e929ccb725c5d1fa854508b4f6ba78eb206b5de8ed18be62a6300e"),
            ],
            body: "",
        },
        Fixture {
            name: "an unsigned payload over TLS",
            method: "POST",
            path: "/contact/stop",
            query: "",
            headers: &[
                ("host", "connect.example.com"),
                ("x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
                ("x-amz-date", "20260228T053025Z"),
                ("authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260228/us-east-1/connect/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=1e80a9eda7dc1df5e07e779994d78b8f332e9e833c555bee0928e3055e3a67b1"),
            ],
            body: r#"{"InstanceId":"i","ContactId":"c"}"#,
        },
    ];

    #[derive(Clone)]
    struct Request {
        method: String,
        path: String,
        query: String,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
        tls: bool,
    }

    impl Request {
        fn new(
            method: &str,
            path: &str,
            query: &str,
            headers: &[(&str, &str)],
            body: &str,
        ) -> Self {
            Self {
                method: method.to_owned(),
                path: path.to_owned(),
                query: query.to_owned(),
                headers: headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
                body: body.as_bytes().to_vec(),
                tls: true,
            }
        }

        fn of(fixture: &Fixture) -> Self {
            let Fixture { method, path, query, headers, body, .. } = fixture;
            Self::new(method, path, query, headers, body)
        }

        fn view(&self) -> Signed<'_> {
            Signed {
                method: &self.method,
                raw_path: &self.path,
                raw_query: &self.query,
                headers: &self.headers,
                body: &self.body,
                tls: self.tls,
            }
        }

        fn header(&mut self, name: &str) -> &mut String {
            &mut self.headers.iter_mut().find(|(n, _)| n == name).expect("it has this header").1
        }

        /// The header of this name, or the first one once it has been mangled away.
        fn header_or_any(&mut self, name: &str) -> &mut String {
            let at = self.headers.iter().position(|(n, _)| n == name).unwrap_or(0);
            &mut self.headers[at].1
        }

        fn add(&mut self, name: &str, value: &str) {
            self.headers.push((name.to_owned(), value.to_owned()));
        }

        fn remove(&mut self, name: &str) {
            self.headers.retain(|(n, _)| n != name);
        }

        /// Replaces `from`, which must be there, in `Authorization`.
        fn claim(&mut self, from: &str, to: &str) {
            let header = self.header("authorization");
            assert!(header.contains(from), "{from} is not in {header}");
            *header = header.replace(from, to);
        }

        /// Signs it for `connect` in place of whatever signature it has.
        fn sign(&mut self, now_ms: u64) {
            let secret = Secret::new(SECRET);
            let signer = Signer {
                access_key: KEY,
                secret: &secret,
                region: "eu-central-1",
                service: SERVICE,
            };
            let added = sign(&self.view(), &signer, now_ms).unwrap();
            self.remove("x-amz-date");
            self.remove("authorization");
            self.headers.extend(added);
        }

        fn verify(&self, now_ms: u64) -> Result<Verified, SigError> {
            verify(&self.view(), now_ms, &secret_of)
        }

        /// Everything that the signature covers, in a form in which two requests are equal when
        /// they mean the same: order of query and headers, case of escapes, blanks.
        fn meaning(&self) -> impl PartialEq {
            let mut query = parse_query(&self.query);
            if let Ok(pairs) = &mut query {
                pairs.sort();
            }
            let mut headers: Vec<(String, Vec<String>)> = self
                .headers
                .iter()
                .map(|(name, value)| match name.as_str() {
                    "authorization" => (name.clone(), vec![value.split_whitespace().collect()]),
                    _ => (name.clone(), value.split_whitespace().map(str::to_owned).collect()),
                })
                .collect();
            headers.sort();
            (self.method.clone(), self.path.clone(), query, headers, self.body.clone())
        }
    }

    fn secret_of(access_key: &str) -> Option<Secret> {
        (access_key == KEY).then(|| Secret::new(SECRET))
    }

    /// A plain signed request, changed by `edit`, and what becomes of it.
    fn check(edit: impl FnOnce(&mut Request), expected: Result<(), SigError>) {
        let mut request = Request::of(&FIXTURES[0]);
        request.tls = false;
        edit(&mut request);
        assert_eq!(request.verify(SIGNED_MS).err(), expected.err());
    }

    fn incomplete(why: Incomplete) -> Result<(), SigError> {
        Err(SigError::IncompleteSignature(why))
    }

    fn invalid(why: Invalid) -> Result<(), SigError> {
        Err(SigError::InvalidSignature(why))
    }

    /// Sebastiano Vigna's `SplitMix64`: one seed, one story.
    struct SplitMix64(u64);

    impl SplitMix64 {
        fn next(&mut self) -> u64 {
            self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = self.0;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^ (z >> 31)
        }

        fn below(&mut self, end: usize) -> usize {
            usize::try_from(self.next() % u64::try_from(end).unwrap()).unwrap()
        }

        fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
            from[self.below(from.len())]
        }
    }

    #[test]
    fn what_botocore_signs_is_accepted() {
        for fixture in &FIXTURES {
            let verified = Request::of(fixture).verify(SIGNED_MS).map_err(|e| (fixture.name, e));
            let region =
                if fixture.name.starts_with("boto3") { "eu-central-1" } else { "us-east-1" };
            let expected = Verified {
                access_key: KEY.to_owned(),
                region: region.to_owned(),
                date: "20260228".to_owned(),
            };
            assert_eq!(verified, Ok(expected));
        }
    }

    #[test]
    fn we_sign_as_botocore_does_when_the_same_headers_are_signed() {
        let secret = Secret::new(SECRET);
        for fixture in &FIXTURES {
            let mut request = Request::of(fixture);
            let theirs = request.header("authorization").clone();
            if !theirs.contains("content-length") {
                request.remove("content-length");
            }
            let region = if theirs.contains("us-east-1") { "us-east-1" } else { "eu-central-1" };
            let signer = Signer { access_key: KEY, secret: &secret, region, service: SERVICE };
            let [date, authorization] = sign(&request.view(), &signer, SIGNED_MS + 999).unwrap();
            assert_eq!(date, ("x-amz-date".to_owned(), "20260228T053025Z".to_owned()));
            assert_eq!(authorization, ("authorization".to_owned(), theirs), "{}", fixture.name);
        }
    }

    /// Name, method, path, query, headers, body, signature.
    type Row<'a> = (&'a str, &'a str, &'a str, &'a str, &'a [(&'a str, &'a str)], &'a str, &'a str);

    /// AWS's `aws-sig-v4-test-suite` (2015-08-30T12:36:00Z, service `service`), less what
    /// concerns normalised paths and headers sent twice.
    #[test]
    fn the_test_suite_of_aws_gives_its_published_signatures() {
        const UNRESERVED: &str =
            "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let form = ("content-type", "application/x-www-form-urlencoded");
        let form_utf8 = ("content-type", "application/x-www-form-urlencoded; charset=utf8");
        let path = format!("/{UNRESERVED}");
        let query = format!("{UNRESERVED}={UNRESERVED}");
        #[rustfmt::skip]
        let rows: [Row<'_>; 17] = [
            ("get-vanilla", "GET", "/", "", &[], "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            ("get-vanilla, empty path", "GET", "", "", &[], "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            ("get-vanilla-empty-query-key", "GET", "/", "Param1=value1", &[], "", "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"),
            ("get-vanilla-query-order-key", "GET", "/", "Param1=value2&Param1=Value1", &[], "", "eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1"),
            ("get-vanilla-query-order-key-case", "GET", "/", "Param2=value2&Param1=value1", &[], "", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
            ("get-vanilla-query-order-value", "GET", "/", "Param1=value2&Param1=value1", &[], "", "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694"),
            ("get-vanilla-query-unreserved", "GET", "/", &query, &[], "", "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"),
            ("get-vanilla-utf8-query", "GET", "/", "\u{1234}=bar", &[], "", "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"),
            ("get-unreserved", "GET", &path, "", &[], "", "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"),
            ("get-utf8", "GET", "/\u{1234}", "", &[], "", "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
            ("get-space", "GET", "/example space/", "", &[], "", "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"),
            ("get-header-value-trim", "GET", "/", "", &[("my-header1", " value1"), ("my-header2", " \"a   b   c\"")], "", "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"),
            ("post-vanilla", "POST", "/", "", &[], "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
            ("post-vanilla-query", "POST", "/", "Param1=value1", &[], "", "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"),
            ("post-header-key-sort", "POST", "/", "", &[("my-header1", "value1")], "", "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"),
            ("post-x-www-form-urlencoded", "POST", "/", "", &[form], "Param1=value1", "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"),
            ("post-x-www-form-urlencoded-parameters", "POST", "/", "", &[form_utf8], "Param1=value1", "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe"),
        ];
        for (name, method, path, query, headers, body, signature) in rows {
            let mut request = Request::new(method, path, query, headers, body);
            request.add("host", "example.amazonaws.com");
            check_suite(name, "service", request, signature);
        }
        // The worked example of the documentation, "Create a signed AWS API request".
        let headers = [
            ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
            ("host", "iam.amazonaws.com"),
        ];
        let request = Request::new("GET", "/", "Action=ListUsers&Version=2010-05-08", &headers, "");
        let signature = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";
        check_suite("ListUsers", "iam", request, signature);
    }

    fn check_suite(name: &str, service: &str, mut request: Request, signature: &str) {
        let now_ms = 1_440_938_160_000;
        let secret = Secret::new(SECRET);
        let signer = Signer { access_key: KEY, secret: &secret, region: "us-east-1", service };
        let added = sign(&request.view(), &signer, now_ms).unwrap();
        assert_eq!(added[1].1.rsplit_once('=').unwrap().1, signature, "{name}");
        request.headers.extend(added);
        let verified = verify_for(service, &request.view(), now_ms, &secret_of);
        assert_eq!(verified.map(|v| v.date).as_deref(), Ok("20150830"), "{name}");
        let elsewhere = request.verify(now_ms).map(|_| ());
        assert_eq!(elsewhere, invalid(Invalid::Service), "{name}");
    }

    #[test]
    fn the_path_is_encoded_a_second_time() {
        let request = Request::new("GET", "/a%3Ab/c%2Fd//~", "", &[], "");
        let canonical = request.view().canonical(&[]).unwrap();
        assert_eq!(canonical.lines().nth(1), Some("/a%253Ab/c%252Fd//~"));
    }

    #[test]
    fn the_query_is_decoded_encoded_and_sorted_by_key_then_value() {
        for (raw, expected) in [
            ("", ""),
            ("k", "k="),
            ("b=1&a=2&a=1&a", "a=&a=1&a=2&b=1"),
            ("a=%7e%2f+%20", "a=~%2F%20%20"),
            ("a=b=c&&", "a=b%3Dc"),
            // By the encoded text: '%' comes before '-', which comes before '0'.
            ("a0=1&a-=1&a%C3%A9=1&a=1", "a=1&a%C3%A9=1&a-=1&a0=1"),
        ] {
            let request = Request::new("GET", "/", raw, &[], "");
            let canonical = request.view().canonical(&[]).unwrap();
            assert_eq!(canonical.lines().nth(2), Some(expected), "{raw}");
        }
    }

    #[test]
    fn without_authorization_the_token_is_missing() {
        check(|r| r.remove("authorization"), Err(SigError::MissingAuthenticationToken));
    }

    #[test]
    fn the_parameters_may_stand_in_any_order_with_any_blanks() {
        check(|r| r.claim(", ", ","), Ok(()));
        check(|r| r.claim(", ", " ,\t  "), Ok(()));
        check(|r| r.claim("256 ", "256   "), Ok(()));
        check(
            |r| {
                let header = r.header("authorization");
                let (algorithm, rest) = header.split_once(' ').unwrap();
                let turned: Vec<&str> =
                    rest.split(", ").collect::<Vec<_>>().into_iter().rev().collect();
                *header = format!("  {algorithm} {} ", turned.join(","));
            },
            Ok(()),
        );
    }

    #[test]
    fn a_malformed_authorization_is_incomplete() {
        let long = "x".repeat(AUTHORIZATION_LIMIT_BYTES);
        for (value, why) in [
            ("", Incomplete::Algorithm),
            ("Bearer abc", Incomplete::Algorithm),
            ("AWS4-HMAC-SHA256", Incomplete::Algorithm),
            ("aws4-hmac-sha256 Credential=a", Incomplete::Algorithm),
            ("AWS4-ECDSA-P256-SHA256 Credential=a", Incomplete::Algorithm),
            ("AWS4-HMAC-SHA256 ,", Incomplete::Parameter),
            ("AWS4-HMAC-SHA256 Credential", Incomplete::Parameter),
            ("AWS4-HMAC-SHA256 credential=a", Incomplete::Parameter),
            ("AWS4-HMAC-SHA256 Credential=a,Credential=a", Incomplete::Parameter),
            ("AWS4-HMAC-SHA256 Credential=a,", Incomplete::Parameter),
            ("AWS4-HMAC-SHA256 Signature=a", Incomplete::NoParameter("Credential")),
            ("AWS4-HMAC-SHA256 Credential=", Incomplete::NoParameter("Credential")),
            (&long, Incomplete::Algorithm),
            (&format!("{long}x"), Incomplete::TooLong),
        ] {
            check(|r| value.clone_into(r.header("authorization")), incomplete(why));
        }
        let twice = |r: &mut Request| r.add("authorization", "AWS4-HMAC-SHA256 Credential=a");
        check(twice, incomplete(Incomplete::Repeated));
        for (from, to, why) in [
            ("Signature=", "Signature=,x", Incomplete::Parameter),
            ("Signature=", "X=", Incomplete::Parameter),
            (
                "SignedHeaders=content-type;host;x-amz-date, ",
                "",
                Incomplete::NoParameter("SignedHeaders"),
            ),
            ("content-type;host;x-amz-date", "", Incomplete::NoParameter("SignedHeaders")),
            ("content-type;host", "host;content-type", Incomplete::SignedHeaders),
            ("content-type;host", "content-type;host;host", Incomplete::SignedHeaders),
            ("content-type;host", "Content-Type;host", Incomplete::SignedHeaders),
            ("content-type;host", ";content-type;host", Incomplete::SignedHeaders),
            ("content-type;host", "a:b;content-type;host", Incomplete::SignedHeaders),
            ("content-type;host", "content-type; host", Incomplete::SignedHeaders),
            ("/aws4_request", "", Incomplete::Credential),
            ("/aws4_request", "/aws4_request/", Incomplete::Credential),
            ("/aws4_request", "/aws5_request", Incomplete::Credential),
            ("/20260228", "/2026022", Incomplete::Credential),
            ("/eu-central-1", "/", Incomplete::Credential),
            (KEY, "AKID/EXAMPLE", Incomplete::Credential),
        ] {
            check(|r| r.claim(from, to), incomplete(why));
        }
        let no_signature = |r: &mut Request| {
            let header = r.header("authorization");
            header.truncate(header.find(", Signature").unwrap());
        };
        check(no_signature, incomplete(Incomplete::NoParameter("Signature")));
    }

    #[test]
    fn the_date_must_be_there_and_be_one() {
        check(|r| r.remove("x-amz-date"), incomplete(Incomplete::NoDate));
        let rfc1123 = |r: &mut Request| {
            r.remove("x-amz-date");
            r.add("date", "Sat, 28 Feb 2026 05:30:25 GMT");
        };
        check(rfc1123, incomplete(Incomplete::NoDate));
        for date in [
            "",
            "now",
            "2026-02-28T05:30:25Z",
            "20260230T053025Z",
            "20260228T053060Z",
            "20260228T05302\u{ff15}",
        ] {
            check(|r| date.clone_into(r.header("x-amz-date")), incomplete(Incomplete::Date));
        }
    }

    #[test]
    fn an_unknown_key_and_any_session_token_are_unrecognized() {
        check(|r| r.claim(KEY, "AKIDEXAMPLF"), Err(SigError::UnrecognizedClient));
        check(|r| r.claim(KEY, "akidexample"), Err(SigError::UnrecognizedClient));
        check(|r| r.claim(KEY, ""), Err(SigError::UnrecognizedClient));
        check(|r| r.add("x-amz-security-token", "t"), Err(SigError::UnrecognizedClient));
        // Even when it is signed as it should be.
        let temporary = |r: &mut Request| {
            r.add("x-amz-security-token", "t");
            r.sign(SIGNED_MS);
        };
        check(temporary, Err(SigError::UnrecognizedClient));
    }

    #[test]
    fn a_key_that_is_empty_is_never_looked_up() {
        let mut request = Request::of(&FIXTURES[0]);
        request.claim(KEY, "");
        let all = |_: &str| Some(Secret::new(SECRET));
        let verified = verify(&request.view(), SIGNED_MS, &all);
        assert_eq!(verified, Err(SigError::UnrecognizedClient));
    }

    #[test]
    fn the_scope_must_be_this_service_on_the_day_of_the_date() {
        check(|r| r.claim("/connect/", "/execute-api/"), invalid(Invalid::Service));
        check(|r| r.claim("/connect/", "//"), invalid(Invalid::Service));
        check(|r| r.claim("/20260228/", "/20260227/"), invalid(Invalid::ScopeDate));
        check(|r| r.claim("/eu-central-1/", "/eu-central-2/"), invalid(Invalid::Signature));
    }

    #[test]
    fn a_clock_may_be_off_by_five_minutes_either_way() {
        let at = |now_ms| Request::of(&FIXTURES[0]).verify(now_ms).map(|_| ());
        let signed = "20260228T053025Z".to_owned();
        assert_eq!(at(SIGNED_MS - SKEW_MS), Ok(()));
        assert_eq!(at(SIGNED_MS + SKEW_MS), Ok(()));
        let now = "20260228T053525Z".to_owned();
        assert_eq!(
            at(SIGNED_MS + SKEW_MS + 1),
            invalid(Invalid::Expired { signed: signed.clone(), now })
        );
        let now = "20260228T052524Z".to_owned();
        assert_eq!(
            at(SIGNED_MS - SKEW_MS - 1),
            invalid(Invalid::NotYetCurrent { signed: signed.clone(), now })
        );
        assert!(at(0).is_err() && at(u64::MAX).is_err());
    }

    #[test]
    fn a_request_signed_before_midnight_is_accepted_after_it() {
        let mut request = Request::of(&FIXTURES[1]);
        request.sign(1_772_236_799_000);
        let verified = request.verify(1_772_236_800_000 + 60_000);
        assert_eq!(verified.map(|v| v.date).as_deref(), Ok("20260227"));
    }

    #[test]
    fn host_and_every_amz_header_must_be_signed() {
        let unsigned = |name: &str| invalid(Invalid::Unsigned(name.to_owned()));
        check(|r| r.claim(";host", ""), unsigned("host"));
        check(|r| r.claim(";x-amz-date", ""), unsigned("x-amz-date"));
        check(|r| r.add("x-amz-note", "1"), unsigned("x-amz-note"));
        check(|r| r.add("x-amz-", ""), unsigned("x-amz-"));
        check(|r| r.add("x-amzn-trace-id", "Root=1"), Ok(()));
        check(|r| r.add("amz-sdk-request", "attempt=1; max=3"), Ok(()));
        check(|r| r.add("user-agent", "Boto3/1.44"), Ok(()));
    }

    #[test]
    fn a_signed_header_comes_once() {
        let repeated = |name: &str| invalid(Invalid::Repeated(name.to_owned()));
        check(|r| r.add("host", "127.0.0.1:8080"), repeated("host"));
        check(
            |r| r.headers.insert(0, ("content-type".to_owned(), String::new())),
            repeated("content-type"),
        );
        check(|r| r.add("x-amz-date", "20260228T053025Z"), repeated("x-amz-date"));
        check(|r| r.remove("content-type"), invalid(Invalid::Absent("content-type".to_owned())));
        check(|r| r.remove("host"), invalid(Invalid::Absent("host".to_owned())));
    }

    #[test]
    fn a_content_hash_that_is_sent_must_be_the_bodys() {
        let send = |hash: &'static str| {
            move |r: &mut Request| {
                let mut whole = r.clone();
                whole.tls = true;
                whole.sign(SIGNED_MS);
                whole.add("x-amz-content-sha256", hash);
                whole.claim("host;", "host;x-amz-content-sha256;");
                whole.tls = r.tls;
                *r = whole;
            }
        };
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        check(send(empty), invalid(Invalid::Payload));
        check(send(""), invalid(Invalid::Payload));
        check(send("STREAMING-UNSIGNED-PAYLOAD-TRAILER"), invalid(Invalid::Payload));
        check(send("unsigned-payload"), invalid(Invalid::Payload));
        check(send("UNSIGNED-PAYLOAD"), invalid(Invalid::UnsignedPayload));

        let mut hashed = Request::of(&FIXTURES[4]);
        hashed.tls = false;
        assert_eq!(hashed.verify(SIGNED_MS).map(|_| ()), Ok(()));
        let upper = hashed.header("x-amz-content-sha256").to_uppercase();
        *hashed.header("x-amz-content-sha256") = upper;
        assert_eq!(hashed.verify(SIGNED_MS).map(|_| ()), invalid(Invalid::Payload));
    }

    #[test]
    fn an_unsigned_payload_needs_tls() {
        let mut request = Request::of(&FIXTURES[7]);
        assert_eq!(request.headers[1].1, UNSIGNED_PAYLOAD);
        request.body.push(b' ');
        assert_eq!(request.verify(SIGNED_MS).map(|_| ()), Ok(()));
        request.tls = false;
        assert_eq!(request.verify(SIGNED_MS).map(|_| ()), invalid(Invalid::UnsignedPayload));
    }

    #[test]
    fn the_signature_is_64_digits_of_lower_case_hex() {
        let signature = "b1019ddaf0b1c4fca5cb146fda95a4913143bcf1641abd6dfbd315466b0ac0b7";
        for wrong in [
            &signature.to_uppercase(),
            &signature[1..],
            &format!("{signature}0"),
            &format!("0x{}", &signature[2..]),
            &"0".repeat(64),
            &"한".repeat(21),
            "=",
        ] {
            check(|r| r.claim(signature, wrong), invalid(Invalid::Signature));
        }
    }

    #[test]
    fn another_secret_does_not_verify() {
        let request = Request::of(&FIXTURES[0]);
        for secret in ["", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEy"] {
            let verified = verify(&request.view(), SIGNED_MS, &|_| Some(Secret::new(secret)));
            assert_eq!(verified.map(|_| ()), invalid(Invalid::Signature));
        }
    }

    #[test]
    fn a_broken_query_is_invalid() {
        check(|r| "a=%".clone_into(&mut r.query), invalid(Invalid::Query));
        check(|r| "%ff".clone_into(&mut r.query), invalid(Invalid::Query));
    }

    #[test]
    fn absurd_sizes_are_refused_before_any_work() {
        let names =
            |count: u32| (0..count).fold(String::new(), |list, n| list + &format!("a{n:03};"));
        check(|r| r.claim("content-type", &names(62)), incomplete(Incomplete::SignedHeaders));
        let most = |r: &mut Request| r.claim("content-type;", &names(62));
        check(most, invalid(Invalid::Absent("a000".to_owned())));
        let more = |r: &mut Request| r.claim("content-type;", &names(63));
        check(more, incomplete(Incomplete::SignedHeaders));
        let big = "/".repeat(HEAD_LIMIT_BYTES);
        check(|r| r.path.clone_from(&big), invalid(Invalid::TooLong));
        check(|r| r.query.clone_from(&big), invalid(Invalid::TooLong));
        check(|r| r.add("cookie", &big), invalid(Invalid::TooLong));
        check(|r| (0..70_000).for_each(|_| r.add("x", "")), invalid(Invalid::TooLong));
        let slashes = |r: &mut Request| r.claim(KEY, &"/".repeat(3000));
        check(slashes, incomplete(Incomplete::Credential));
    }

    #[test]
    fn each_error_has_its_name_status_and_text() {
        for (error, shape, text) in [
            (
                SigError::MissingAuthenticationToken,
                "MissingAuthenticationTokenException",
                "Missing Authentication Token",
            ),
            (
                Incomplete::NoParameter("Signature").into(),
                "IncompleteSignatureException",
                "Authorization header requires 'Signature' parameter.",
            ),
            (
                SigError::UnrecognizedClient,
                "UnrecognizedClientException",
                "The security token included in the request is invalid.",
            ),
            (
                Invalid::Service.into(),
                "InvalidSignatureException",
                "Credential should be scoped to correct service: 'connect'.",
            ),
        ] {
            assert_eq!((error.shape(), error.status(), &*error.message()), (shape, 403, text));
        }
        let text = SigError::from(Invalid::Signature).message();
        assert!(text.starts_with("The request signature we calculated does not match"), "{text}");
    }

    #[test]
    fn a_secret_is_not_printed() {
        assert_eq!(format!("{:?}", Secret::new(SECRET)), "Secret(..)");
    }

    #[test]
    fn any_request_that_we_sign_verifies() {
        let mut chance = SplitMix64(1);
        let words =
            ["", "a", "B", "~", "%20", "%2F", "한", "é", "/", "//", ".", "=", "+", "  ", "\t", ";"];
        for _ in 0..2000 {
            let mut text = || (0..chance.below(6)).map(|_| chance.pick(&words)).collect::<String>();
            let (path, query) = (format!("/{}", text()), [text(), text(), text()].join("&"));
            let (host, note, body) = (text(), text(), text());
            let headers = [("host", &*host), ("x-amz-note", &note), ("a", "1")];
            let mut request = Request::new("PUT", &path, &query, &headers, &body);
            request.sign(SIGNED_MS);
            assert_eq!(request.verify(SIGNED_MS).map(|_| ()), Ok(()), "{path} {query} {note:?}");
        }
    }

    #[test]
    fn every_changed_byte_of_a_signed_part_is_noticed() {
        let mut chance = SplitMix64(2);
        for fixture in &FIXTURES {
            let good = Request::of(fixture);
            let signed = good.clone().header("authorization").clone();
            let is_signed = |name: &str| name == "authorization" || signed.contains(name);
            // The parts: method, path, query, body, then name and value of each header.
            for part in 0..4 + 2 * good.headers.len() {
                let mut changed = good.clone();
                let text = match part {
                    0 => &good.method,
                    1 => &good.path,
                    2 => &good.query,
                    3 if signed.contains("content-sha256")
                        && good.view().payload().unwrap() == UNSIGNED_PAYLOAD =>
                    {
                        continue;
                    }
                    3 => str::from_utf8(&good.body).unwrap(),
                    n if !is_signed(&good.headers[n / 2 - 2].0) => continue,
                    n if n % 2 == 0 => &good.headers[n / 2 - 2].0,
                    n => &good.headers[n / 2 - 2].1,
                };
                for at in 0..text.len() {
                    let mut bytes = text.as_bytes().to_vec();
                    bytes[at] ^= 1 + u8::try_from(chance.below(127)).unwrap();
                    let text = String::from_utf8(bytes).unwrap();
                    match part {
                        0 => changed.method = text,
                        1 => changed.path = text,
                        2 => changed.query = text,
                        3 => changed.body = text.into_bytes(),
                        n if n % 2 == 0 => changed.headers[n / 2 - 2].0 = text,
                        n => changed.headers[n / 2 - 2].1 = text,
                    }
                    let same = changed.meaning() == good.meaning();
                    let accepted = changed.verify(SIGNED_MS).is_ok();
                    assert_eq!(accepted, same, "{}: part {part}, byte {at}", fixture.name);
                }
            }
        }
    }

    #[test]
    fn no_request_however_mangled_makes_it_panic_or_takes_it_in() {
        const SCRAPS: [&str; 20] = [
            "%",
            "%2",
            "%FF",
            "&",
            "=",
            "/",
            ";",
            ",",
            " ",
            "\t",
            "\n",
            "\0",
            "한",
            "\u{ff15}",
            "Z",
            "T",
            "Credential=",
            "SignedHeaders=",
            "host",
            "99999999999999999999",
        ];
        let mut chance = SplitMix64(3);
        for round in 0..6000 {
            let good = Request::of(&FIXTURES[round % FIXTURES.len()]);
            let mut mangled = good.clone();
            for _ in 0..=chance.below(3) {
                let header = chance.below(mangled.headers.len());
                if chance.below(12) == 0 {
                    let twin = mangled.headers[header].clone();
                    mangled.headers.push(twin);
                    continue;
                }
                let text = match chance.below(8) {
                    0 => &mut mangled.method,
                    1 => &mut mangled.path,
                    2 => &mut mangled.query,
                    3 => &mut mangled.headers[header].0,
                    4 => &mut mangled.headers[header].1,
                    _ => mangled.header_or_any("authorization"),
                };
                let chars: Vec<char> = text.chars().collect();
                let (from, to) = (chance.below(chars.len() + 1), chance.below(chars.len() + 1));
                let (from, to) = (from.min(to), from.max(to).min(from.min(to) + 9));
                let scrap = chance.pick(&SCRAPS);
                *text = chars[..from]
                    .iter()
                    .copied()
                    .chain(scrap.chars())
                    .chain(chars[to..].iter().copied())
                    .collect();
            }
            let now_ms = if chance.below(9) == 0 { chance.next() } else { SIGNED_MS };
            if mangled.verify(now_ms).is_ok() {
                // Only what is not signed may have changed.
                let unsigned = |(name, _): &(String, String)| {
                    !["authorization", "host"].contains(&&**name) && !name.starts_with("x-amz-")
                };
                let mut bare = (mangled.clone(), good.clone());
                bare.0.headers.retain(|h| !unsigned(h));
                bare.1.headers.retain(|h| !unsigned(h));
                assert!(bare.0.meaning() == bare.1.meaning(), "round {round}");
            }
        }
    }
}
