//! What may be wrong with a signature, in the words of the interface.

use super::SERVICE;

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
