//! Log-in by an identity provider (`OpenID` Connect): what a realm says of it, and whom a provider's word names.

use super::{Directory, Entry, Role, User};
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How people are let in by a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignOn {
    /// The provider's name, an address such as `https://id.example.com/realms/office`.
    pub issuer: Arc<str>,
    /// Our name there.
    pub client: Arc<str>,
    /// Our secret there, sealed with a key that lies outside of the database (base64); a public client has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Arc<str>>,
    /// What of a token names a person here, such as `email` or `sub`.
    pub claim: Arc<str>,
    /// What the button says.
    pub label: Arc<str>,
    /// When the provider's second factor is as good as ours.
    #[serde(default, skip_serializing_if = "Trust::is_never")]
    pub second_factor: Trust,
    /// Passwords are not taken, but for administrators': somebody must get in while the provider is away.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_passwords: bool,
}

/// When a provider's second factor is as good as ours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// Never: whoever has one here, or must have one, is asked for a code.
    #[default]
    Never,
    /// When the token says that more than one was asked for (`amr`, RFC 8176).
    Said,
    /// Always: the provider sees to it.
    Always,
}

impl Trust {
    /// Is it so?
    pub const fn is_never(&self) -> bool {
        matches!(self, Self::Never)
    }
}

impl SignOn {
    /// Is this an address that a provider may have? Secrets go there, so it is `https:`, or this machine.
    pub fn fits(url: &str) -> bool {
        let plain = url.len() <= 1_024
            && url.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}@".contains(&b));
        let host = |rest: &str| {
            let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
            !host.is_empty() && !host.starts_with(':')
        };
        let here = |rest: &str| {
            ["localhost", "127.0.0.1", "[::1]"].iter().any(|name| {
                rest.strip_prefix(name)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
            })
        };
        plain
            && match url.split_once("://") {
                Some(("https", rest)) => host(rest),
                Some(("http", rest)) => here(rest),
                _ => false,
            }
    }

    pub(super) fn check(&self) -> Result<(), Refusal> {
        let short = |text: &str, most: usize| (1..=most).contains(&text.chars().count());
        let why = if !Self::fits(&self.issuer) || self.issuer.contains(['?', '#']) {
            "issuer: an address that begins with https://, without ? and #"
        } else if !short(&self.client, 256) {
            "client: 1 to 256 characters"
        } else if !short(&self.claim, 64) {
            "claim: 1 to 64 characters"
        } else if !short(&self.label, 64) || self.label.chars().any(char::is_control) {
            "label: 1 to 64 characters"
        } else {
            return Ok(());
        };
        Err(Refusal::BadEntry(format!("realm: sign_on.{why}").into()))
    }
}

impl Directory {
    /// How people are let in by a provider, if they are.
    pub fn sign_on(&self) -> Option<&SignOn> {
        self.realm.as_ref()?.sign_on.as_deref()
    }

    /// Is this person's password taken?
    pub fn takes_password(&self, user: &User) -> bool {
        user.role == Role::Administrator || self.sign_on().is_none_or(|way| !way.no_passwords)
    }

    /// Whom a provider's word names: who has this name there, else whose own name it is. E-mail addresses are the same
    /// whatever their case.
    pub fn signed_on(&self, claim: &str, name: &str) -> Option<&Arc<User>> {
        let is = |own: &str| {
            own == name || (claim == "email" && own.to_lowercase() == name.to_lowercase())
        };
        let there = |user: &&Arc<User>| user.sign_on.as_deref().is_some_and(is);
        let here = |user: &&Arc<User>| user.sign_on.is_none() && is(user.id.as_str());
        self.users.values().find(there).or_else(|| self.users.values().find(here))
    }

    /// Somebody must get in when the provider is away, and each name at the provider is one person's.
    pub(super) fn check_sign_on(&self, entry: &Entry) -> Result<(), Refusal> {
        let last = |user: &User| {
            user.role == Role::Administrator && !user.disabled && user.password.is_some()
        };
        let bad = |why: String| Err(Refusal::BadEntry(why.into()));
        match entry {
            Entry::Realm(realm) => {
                let Some(way) = &realm.sign_on else { return Ok(()) };
                way.check()?;
                if way.no_passwords && !self.users.values().any(|user| last(user)) {
                    return bad("realm: sign_on.no_passwords: no administrator with a password would be left".into());
                }
                Ok(())
            }
            Entry::User(user) => {
                let other = |other: &&Arc<User>| {
                    other.id != user.id && other.sign_on.is_some() && other.sign_on == user.sign_on
                };
                if user.sign_on.as_ref().is_some_and(|name| !(1..=256).contains(&name.len())) {
                    return bad(format!("user {}: sign_on: 1 to 256 characters", user.id));
                }
                if let Some(other) = self.users.values().find(other) {
                    return bad(format!("user {}: sign_on: is {} already", user.id, other.id));
                }
                let only = self.sign_on().is_some_and(|way| way.no_passwords)
                    && !last(user)
                    && self.users.get(&user.id).is_some_and(|was| last(was))
                    && !self.users.values().any(|other| other.id != user.id && last(other));
                if only {
                    return bad(format!(
                        "user {}: no administrator with a password would be left, and nobody else's password is taken",
                        user.id
                    ));
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}
