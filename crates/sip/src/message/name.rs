//! Names of header fields, their compact forms, and which of them may stand only once.

use std::fmt;

/// Makes the enum, the reader and the writer from one table, so that they cannot disagree.
macro_rules! names {
    ($($variant:ident $wire:literal $($lower:literal)|+ ;)+) => {
        /// The name of a header field. Those without a variant are kept as they were written.
        #[derive(Debug, Clone)]
        pub enum Name {
            $(#[doc = concat!("`", $wire, "`")] $variant,)+
            /// Any other name.
            Other(Box<str>),
        }

        impl Name {
            /// Reads a name in any case, long or compact.
            pub fn parse(text: &str) -> Self {
                // Long enough for every known name; a longer one is not known.
                let mut lower = [0_u8; 32];
                let Some(part) = lower.get_mut(..text.len()) else { return Self::Other(text.into()) };
                part.copy_from_slice(text.as_bytes());
                part.make_ascii_lowercase();
                match std::str::from_utf8(part) {
                    $(Ok($($lower)|+) => Self::$variant,)+
                    _ => Self::Other(text.into()),
                }
            }

            /// As it is written by us: the long form.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $wire,)+
                    Self::Other(name) => name,
                }
            }

            #[cfg(test)]
            fn table() -> &'static [(&'static str, &'static [&'static str])] {
                &[$(($wire, &[$($lower),+])),+]
            }
        }
    };
}

names! {
    Accept "Accept" "accept";
    AcceptContact "Accept-Contact" "accept-contact" | "a";
    AlertInfo "Alert-Info" "alert-info";
    Allow "Allow" "allow";
    AllowEvents "Allow-Events" "allow-events" | "u";
    AuthenticationInfo "Authentication-Info" "authentication-info";
    Authorization "Authorization" "authorization";
    CSeq "CSeq" "cseq";
    CallId "Call-ID" "call-id" | "i";
    CallInfo "Call-Info" "call-info";
    Contact "Contact" "contact" | "m";
    ContentDisposition "Content-Disposition" "content-disposition";
    ContentEncoding "Content-Encoding" "content-encoding" | "e";
    ContentLength "Content-Length" "content-length" | "l";
    ContentType "Content-Type" "content-type" | "c";
    Date "Date" "date";
    Diversion "Diversion" "diversion";
    Event "Event" "event" | "o";
    Expires "Expires" "expires";
    From "From" "from" | "f";
    HistoryInfo "History-Info" "history-info";
    InfoPackage "Info-Package" "info-package";
    MaxForwards "Max-Forwards" "max-forwards";
    MinExpires "Min-Expires" "min-expires";
    MinSe "Min-SE" "min-se";
    PAssertedIdentity "P-Asserted-Identity" "p-asserted-identity";
    PPreferredIdentity "P-Preferred-Identity" "p-preferred-identity";
    Path "Path" "path";
    Privacy "Privacy" "privacy";
    ProxyAuthenticate "Proxy-Authenticate" "proxy-authenticate";
    ProxyAuthorization "Proxy-Authorization" "proxy-authorization";
    ProxyRequire "Proxy-Require" "proxy-require";
    RAck "RAck" "rack";
    RSeq "RSeq" "rseq";
    Reason "Reason" "reason";
    RecordRoute "Record-Route" "record-route";
    ReferSub "Refer-Sub" "refer-sub";
    ReferTo "Refer-To" "refer-to" | "r";
    ReferredBy "Referred-By" "referred-by" | "b";
    Replaces "Replaces" "replaces";
    Require "Require" "require";
    RetryAfter "Retry-After" "retry-after";
    Route "Route" "route";
    Server "Server" "server";
    ServiceRoute "Service-Route" "service-route";
    SessionExpires "Session-Expires" "session-expires" | "x";
    Subject "Subject" "subject" | "s";
    SubscriptionState "Subscription-State" "subscription-state";
    Supported "Supported" "supported" | "k";
    Timestamp "Timestamp" "timestamp";
    To "To" "to" | "t";
    Unsupported "Unsupported" "unsupported";
    UserAgent "User-Agent" "user-agent";
    UserToUser "User-to-User" "user-to-user";
    Via "Via" "via" | "v";
    Warning "Warning" "warning";
    WwwAuthenticate "WWW-Authenticate" "www-authenticate";
}

impl Name {
    /// Whether a message with two of them means nothing certain (RFC 3261 §7.3.1, torture test §3.3.8).
    pub(super) const fn is_single(&self) -> bool {
        matches!(
            self,
            Self::CSeq
                | Self::CallId
                | Self::ContentLength
                | Self::ContentType
                | Self::Event
                | Self::Expires
                | Self::From
                | Self::MaxForwards
                | Self::RAck
                | Self::RSeq
                | Self::ReferTo
                | Self::Replaces
                | Self::SessionExpires
                | Self::To
        )
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Other(a), Self::Other(b)) => a.eq_ignore_ascii_case(b),
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}

impl Eq for Name {}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_by_its_long_and_compact_form_in_any_case() {
        for (wire, forms) in Name::table() {
            assert_eq!(forms[0], wire.to_ascii_lowercase());
            for form in *forms {
                assert_eq!(Name::parse(&form.to_ascii_uppercase()).as_str(), *wire);
            }
        }
        assert_eq!(Name::parse("X-NX-Cid"), Name::Other("x-nx-cid".into()));
        assert_eq!(Name::parse(&"x".repeat(400)).as_str().len(), 400);
    }
}
