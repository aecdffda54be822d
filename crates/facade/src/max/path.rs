//! Paths of this wire: letters' case does not matter, nor do doubled slashes (`max-agent-desktop.md` 3.1).

use crate::percent::decode_segment;

/// Segments below the version.
const DEEPEST: usize = 6;

/// What a path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// `/InContactAuthorizationServer/Token`.
    Token,
    /// `/InContactAPI/services/v{version}/{parts…}`.
    Api {
        /// Its major version, 1 to 99.
        version: u8,
        /// What comes behind, decoded; at most [`DEEPEST`].
        parts: Vec<String>,
    },
}

/// Reads a path; none if it is not of this wire.
pub(super) fn read(path: &str) -> Option<Place> {
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    let first = parts.next()?;
    if first.eq_ignore_ascii_case("incontactauthorizationserver") {
        let token = parts.next()?.eq_ignore_ascii_case("token") && parts.next().is_none();
        return token.then_some(Place::Token);
    }
    if !first.eq_ignore_ascii_case("incontactapi")
        || !parts.next()?.eq_ignore_ascii_case("services")
    {
        return None;
    }
    let version = parts.next()?;
    let number = version.strip_prefix(['v', 'V'])?;
    let major = number.split('.').next()?;
    let version = major.parse().ok().filter(|major| (1..=99).contains(major))?;
    let parts: Vec<String> =
        parts.take(DEEPEST + 1).map(|part| decode_segment(part).ok()).collect::<Option<_>>()?;
    (parts.len() <= DEEPEST).then_some(Place::Api { version, parts })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_doubled_slashes_do_not_matter() {
        let api = |version, parts: &[&str]| {
            let parts = parts.iter().map(|part| (*part).to_owned()).collect();
            Some(Place::Api { version, parts })
        };
        let polls = api(23, &["agent-sessions", "aB-_=", "get-next-event"]);
        for path in [
            "/InContactAPI/services/v23.0/agent-sessions/aB-_=/get-next-event",
            "/incontactapi//services/V23.0/agent-sessions//aB-_%3D/get-next-event",
            "//InContactAPI/services/v23/agent-sessions/aB-_=/get-next-event/",
        ] {
            assert_eq!(read(path), polls, "{path}");
        }
        assert_eq!(read("/incontactauthorizationserver/TOKEN"), Some(Place::Token));
        for none in [
            "/",
            "/InContactAPI",
            "/InContactAPI/services",
            "/InContactAPI/services/23.0/x",
            "/InContactAPI/services/v0/x",
            "/InContactAPI/services/v1/a/b/c/d/e/f/g",
            "/InContactAPI/services/v1/%ff",
            "/InContactAuthorizationServer/Token/x",
            "/api/v1/session",
        ] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
