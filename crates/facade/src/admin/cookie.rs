//! The session's cookie, `sangdam_session`: read strictly, written so that no script and no other site can use it.

use super::origin;
use crate::door::{Head, Settings};

/// Its name.
pub(crate) const NAME: &str = "sangdam_session";

/// What a log-in by the identity provider has come to, sealed: for this browser alone, and not for long.
const PENDING: &str = "sangdam_sign_on";

/// The value that was sent. Two different values are none: somebody else may have planted one of them.
pub(crate) fn read(head: &Head) -> Option<&str> {
    named(head, NAME)
}

/// The same, of a log-in by the identity provider.
pub(crate) fn pending(head: &Head) -> Option<&str> {
    named(head, PENDING)
}

/// Keeps that for so many seconds. The browser comes back from another site, so it is not strict; nothing is done by it
/// alone.
pub(crate) fn set_pending(sealed: &str, seconds: u64, jar: Jar) -> String {
    format!("{PENDING}={sealed}; Path=/; Max-Age={seconds}; HttpOnly; {}", jar.tail("Lax"))
}

/// Takes it back.
pub(crate) fn clear_pending(jar: Jar) -> String {
    format!("{PENDING}=; Path=/; Max-Age=0; HttpOnly; {}", jar.tail("Lax"))
}

fn named<'a>(head: &'a Head, wanted: &str) -> Option<&'a str> {
    let lines = head.headers.iter().filter(|(name, _)| name == "cookie");
    let pairs =
        lines.flat_map(|(_, line)| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut values =
        pairs.filter(|(name, _)| *name == wanted).map(|(_, value)| value.trim_matches('"'));
    let first = values.next()?;
    values.all(|other| other == first).then_some(first).filter(|value| !value.is_empty())
}

/// Sets it for so many seconds.
pub(crate) fn set(secret: &str, seconds: u64, jar: Jar) -> String {
    format!("{NAME}={secret}; Path=/; Max-Age={seconds}; HttpOnly; {}", jar.tail("Strict"))
}

/// Takes it back.
pub(crate) fn clear(jar: Jar) -> String {
    format!("{NAME}=; Path=/; Max-Age=0; HttpOnly; {}", jar.tail("Strict"))
}

/// How a browser keeps our cookies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Jar {
    /// For this site alone.
    Open,
    /// The same, and over TLS alone.
    Secure,
    /// Over TLS alone, and in frames of other sites, too: for each of those apart from all others.
    Framed,
}

impl Jar {
    /// A browser keeps none in a frame of another site without TLS, so there it stays as it is elsewhere.
    pub(crate) fn of(settings: &Settings, head: &Head) -> Self {
        match (origin::secure(settings, head), settings.desk_sites.is_empty()) {
            (true, true) => Self::Secure,
            (true, false) => Self::Framed,
            (false, _) => Self::Open,
        }
    }

    fn tail(self, usual: &str) -> String {
        match self {
            Self::Open => format!("SameSite={usual}"),
            Self::Secure => format!("SameSite={usual}; Secure"),
            Self::Framed => "SameSite=None; Secure; Partitioned".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{IpAddr, Ipv4Addr};

    fn check(lines: &[&str], expected: Option<&str>) {
        let headers = lines.iter().map(|line| ("cookie".to_owned(), (*line).to_owned())).collect();
        let (method, path, query) = ("GET".to_owned(), "/".to_owned(), String::new());
        let head = Head {
            method,
            path,
            query,
            headers,
            tls: false,
            peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
        };
        assert_eq!(read(&head), expected, "{lines:?}");
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        check(&["a=b; sangdam_session=xyz; c=d"], Some("xyz"));
        check(&["a=b", "sangdam_session=xyz"], Some("xyz"));
        check(&["sangdam_session=xyz; sangdam_session=xyz"], Some("xyz"));
    }

    #[test]
    fn a_planted_second_cookie_spoils_both() {
        check(&["sangdam_session=xyz; sangdam_session=evil"], None);
        check(&["sangdam_session="], None);
        check(&["xsangdam_session=xyz"], None);
        check(&[], None);
    }

    #[test]
    fn no_script_and_no_other_site_gets_it() {
        assert_eq!(
            set("xyz", 9, Jar::Secure),
            "sangdam_session=xyz; Path=/; Max-Age=9; HttpOnly; SameSite=Strict; Secure"
        );
        assert!(clear(Jar::Open).starts_with("sangdam_session=; Path=/; Max-Age=0;"));
        assert!(clear(Jar::Open).ends_with("; SameSite=Strict"));
    }

    #[test]
    fn a_frame_of_another_site_has_a_cookie_of_its_own_where_frames_are_allowed() {
        let head = |tls| Head {
            method: "POST".into(),
            path: "/".into(),
            query: String::new(),
            headers: Vec::new(),
            tls,
            peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
        };
        let framed =
            Settings { desk_sites: vec!["https://crm.example".into()], ..Settings::default() };
        let alone = Settings::default();
        assert_eq!(Jar::of(&alone, &head(true)), Jar::Secure);
        assert_eq!(Jar::of(&framed, &head(true)), Jar::Framed);
        assert_eq!(Jar::of(&framed, &head(false)), Jar::Open, "no browser would keep it");
        for line in [set("xyz", 9, Jar::Framed), clear(Jar::Framed), clear_pending(Jar::Framed)] {
            assert!(line.ends_with("; HttpOnly; SameSite=None; Secure; Partitioned"), "{line}");
        }
    }
}
