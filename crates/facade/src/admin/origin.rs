//! Does a request come from a page of our own? A cookie alone does not say: a browser adds it to whatever any page of
//! the same site asks for, another port of the same host included (`web.md`, "Log-in of desk, wall, admin").

use crate::door::{Head, Settings};

/// From where a browser says that a request comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// A page of our own.
    Own,
    /// A page of somebody else.
    Foreign,
    /// It does not say: a program, or a plain navigation.
    Unsaid,
}

/// Reads `Origin` and `Sec-Fetch-Site`.
///
/// An `Origin` must be that of [`Settings::public_url`], or have the host that was asked; then its scheme must be the
/// connection's, too, or the browser itself must vouch for it (behind a proxy that ends TLS, the scheme differs).
pub(crate) fn from(settings: &Settings, head: &Head) -> Source {
    let mut origins =
        head.headers.iter().filter(|(name, _)| name == "origin").map(|(_, value)| value.as_str());
    let site = head.header("sec-fetch-site");
    match (origins.next(), origins.next()) {
        (None, _) if site == Some("same-origin") => Source::Own,
        (None, _) if matches!(site, Some("same-site" | "cross-site")) => Source::Foreign,
        (None, _) => Source::Unsaid,
        (Some(origin), None) if own(settings, head, origin, site) => Source::Own,
        _ => Source::Foreign,
    }
}

/// Does the browser speak to us over TLS, as far as can be seen?
pub(crate) fn secure(settings: &Settings, head: &Head) -> bool {
    head.tls
        || match head.header("origin") {
            Some(origin) => origin.starts_with("https://"),
            None => settings.public_url.as_deref().is_some_and(|url| url.starts_with("https://")),
        }
}

fn own(settings: &Settings, head: &Head, origin: &str, site: Option<&str>) -> bool {
    if settings
        .public_url
        .as_deref()
        .and_then(origin_of)
        .is_some_and(|ours| ours.eq_ignore_ascii_case(origin))
    {
        return true;
    }
    let Some((scheme, host)) = origin.split_once("://") else { return false };
    let asked = head
        .header("host")
        .is_some_and(|asked| !asked.is_empty() && asked.eq_ignore_ascii_case(host));
    let spoken = if head.tls { "https" } else { "http" };
    asked
        && (scheme.eq_ignore_ascii_case(spoken)
            || (scheme == "https" && site == Some("same-origin")))
}

fn origin_of(url: &str) -> Option<&str> {
    let after = url.find("://")? + 3;
    let end = url[after..].find('/').map_or(url.len(), |slash| after + slash);
    Some(&url[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{IpAddr, Ipv4Addr};

    fn head(tls: bool, headers: &[(&str, &str)]) -> Head {
        Head {
            method: "POST".into(),
            path: "/api/v1/session".into(),
            query: String::new(),
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            tls,
            peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
        }
    }

    fn check(tls: bool, headers: &[(&str, &str)], expected: Source) {
        let settings = Settings {
            public_url: Some("https://chat.example.com/aws".into()),
            ..Settings::default()
        };
        assert_eq!(from(&settings, &head(tls, headers)), expected, "{headers:?}");
    }

    #[test]
    fn a_page_is_our_own_by_host_and_scheme() {
        check(
            false,
            &[("host", "localhost:8080"), ("origin", "http://localhost:8080")],
            Source::Own,
        );
        check(
            true,
            &[("host", "localhost:8443"), ("origin", "https://localhost:8443")],
            Source::Own,
        );
        check(false, &[("host", "10.0.0.5"), ("origin", "https://chat.example.com")], Source::Own);
        check(
            false,
            &[("host", "h"), ("origin", "https://h"), ("sec-fetch-site", "same-origin")],
            Source::Own,
        );
        check(false, &[("host", "h"), ("sec-fetch-site", "same-origin")], Source::Own);
    }

    #[test]
    fn everybody_elses_page_is_foreign() {
        check(
            false,
            &[("host", "localhost:8080"), ("origin", "http://localhost:3000")],
            Source::Foreign,
        );
        check(
            false,
            &[("host", "localhost:8080"), ("origin", "https://localhost:8080")],
            Source::Foreign,
        );
        check(
            true,
            &[("host", "h"), ("origin", "http://h"), ("sec-fetch-site", "same-origin")],
            Source::Foreign,
        );
        check(false, &[("host", "h"), ("origin", "null")], Source::Foreign);
        check(false, &[("host", "h"), ("origin", "")], Source::Foreign);
        check(false, &[("origin", "http://")], Source::Foreign);
        check(false, &[("host", ""), ("origin", "http://")], Source::Foreign);
        check(
            false,
            &[("host", "h"), ("origin", "http://h"), ("origin", "http://evil.test")],
            Source::Foreign,
        );
        check(
            false,
            &[("host", "h"), ("origin", "http://evil.test"), ("sec-fetch-site", "same-origin")],
            Source::Foreign,
        );
        check(false, &[("host", "h"), ("sec-fetch-site", "same-site")], Source::Foreign);
        check(
            false,
            &[("host", "h"), ("origin", "https://chat.example.com.evil.test")],
            Source::Foreign,
        );
    }

    #[test]
    fn a_program_says_nothing() {
        check(false, &[("host", "h")], Source::Unsaid);
        check(false, &[("host", "h"), ("sec-fetch-site", "none")], Source::Unsaid);
    }
}
