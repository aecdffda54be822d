//! Entries as they are read: typed, checked as far as one entry goes, with secrets sealed. Passwords are hashed later,
//! for that takes time.

use super::{Kind, Secrets, Wrong, people, programs, routing, trunks};
use crate::door::Cx;
use crate::percent::hex;
use domain::directory::{Bot, BotKind, Directory, Entry, StreamTarget};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::Arc;

/// An entry that has been read, but is not in the directory yet.
pub(super) struct Draft {
    /// What it will be.
    pub(super) entry: Entry,
    /// To be hashed, and set, before it is put.
    pub(super) password: Option<String>,
    /// A secret that was made for it, to be told once.
    pub(super) made: Option<String>,
}

impl From<Entry> for Draft {
    fn from(entry: Entry) -> Self {
        Self { entry, password: None, made: None }
    }
}

/// Reads an entry. What it leaves out of a secret stays as it is in `held`.
pub(super) fn read(
    cx: &mut Cx<'_>,
    kind: Kind,
    value: Value,
    held: &Directory,
    secrets: Secrets,
) -> Result<Draft, Wrong> {
    Ok(match kind {
        Kind::Keys => key(cx, parse(value)?, held, secrets)?,
        Kind::Users => user(cx, parse(value)?, held, secrets)?,
        Kind::Devices => device(cx, parse(value)?, held, secrets)?,
        Kind::Groups => Entry::Group(parse::<people::GroupWire>(value)?.group()?).into(),
        Kind::Hours => Entry::Hours(parse::<people::HoursWire>(value)?.hours()?).into(),
        Kind::Queues => Entry::Queue(parse::<routing::QueueWire>(value)?.queue()).into(),
        Kind::Bots => Entry::Bot(bot(cx, parse(value)?, held, secrets)?).into(),
        Kind::Flows => Entry::Flow(parse::<routing::FlowWire>(value)?.flow()?).into(),
        Kind::Widgets => Entry::Widget(parse::<programs::WidgetWire>(value)?.widget()).into(),
        Kind::Reasons => Entry::Reason(parse::<people::ReasonWire>(value)?.reason()).into(),
        Kind::WrapUpCodes => {
            Entry::WrapUpCode(parse::<people::WrapUpCodeWire>(value)?.code()).into()
        }
        Kind::CtiUsers => cti_user(parse(value)?, held, secrets)?,
        Kind::Trunks => trunk(cx, parse(value)?, held, secrets)?,
        Kind::Workspaces => {
            Entry::Workspace(parse::<programs::WorkspaceWire>(value)?.workspace()).into()
        }
        Kind::Streams => Entry::StreamTarget(stream(cx, parse(value)?, held, secrets)?).into(),
    })
}

/// Reads the realm itself. When it was made does not change.
pub(super) fn realm(
    cx: &Cx<'_>,
    value: Value,
    held: &Directory,
    secrets: Secrets,
) -> Result<Draft, Wrong> {
    let mut wire = parse::<programs::RealmWire>(value)?;
    let sealed = match &mut wire.sign_on {
        None => None,
        Some(way) => {
            let given = sealed(cx, "secret", way.secret.take(), way.sealed.take(), secrets)
                .map_err(|wrong| wrong.below("sign_on"))?;
            let old = held.sign_on().filter(|old| way.is_of(old));
            given.or_else(|| old.and_then(|old| old.sealed.clone()))
        }
    };
    let mut realm = wire.realm(cx.now, sealed);
    if let Some(held) = &held.realm {
        realm.created = held.created;
    }
    Ok(Entry::Realm(realm).into())
}

fn parse<T: DeserializeOwned>(value: Value) -> Result<T, Wrong> {
    serde_json::from_value(value).map_err(|error| Wrong::at("", error.to_string()))
}

/// Longer passwords are not worth a hash.
const LONGEST_PASSWORD: usize = 1_024;

fn user(
    cx: &Cx<'_>,
    mut wire: people::UserWire,
    held: &Directory,
    secrets: Secrets,
) -> Result<Draft, Wrong> {
    let password = wire.password.take();
    check_password(password.as_ref(), wire.password_hash.as_ref(), secrets)?;
    let old = held.users.get(&wire.id);
    let hash = wire.password_hash.take().or_else(|| old.and_then(|user| user.password.clone()));
    let second = match wire.second_factor_sealed.take() {
        Some(_) if secrets == Secrets::Hidden => {
            return Err(Wrong::at("second_factor_sealed", "only in an import"));
        }
        Some(second) if cx.site.unseal(&second.sealed).is_none() => {
            return Err(Wrong::at("second_factor_sealed", "was not sealed with this server's key"));
        }
        Some(second) => Some(second),
        None => old.and_then(|user| user.second.clone()),
    };
    if wire.second_factor && second.is_none() {
        return Err(Wrong::at("second_factor", "is set by its owner alone"));
    }
    Ok(Draft { entry: Entry::User(wire.user(hash, second)), password, made: None })
}

fn cti_user(
    mut wire: programs::CtiUserWire,
    held: &Directory,
    secrets: Secrets,
) -> Result<Draft, Wrong> {
    let password = wire.password.take();
    check_password(password.as_ref(), wire.password_hash.as_ref(), secrets)?;
    let old = held.cti_users.get(&wire.id).and_then(|user| user.password.clone());
    let hash = wire.password_hash.take().or(old);
    Ok(Draft { entry: Entry::CtiUser(wire.user(hash)), password, made: None })
}

fn check_password(
    password: Option<&String>,
    hash: Option<&Arc<str>>,
    secrets: Secrets,
) -> Result<(), Wrong> {
    match (password, hash) {
        (Some(_), Some(_)) => return Err(Wrong::at("password", "give either it or password_hash")),
        (Some(new), None) if new.is_empty() || new.len() > LONGEST_PASSWORD => {
            return Err(Wrong::at("password", "1 to 1,024 bytes"));
        }
        (None, Some(_)) if secrets == Secrets::Hidden => {
            return Err(Wrong::at("password_hash", "only in an import"));
        }
        (None, Some(hash)) if !hash.starts_with("$argon2") => {
            return Err(Wrong::at("password_hash", "not an argon2 hash"));
        }
        _ => {}
    }
    Ok(())
}

fn device(
    cx: &Cx<'_>,
    mut wire: people::DeviceWire,
    held: &Directory,
    secrets: Secrets,
) -> Result<Draft, Wrong> {
    let given = sealed(cx, "password", wire.password.take(), wire.sealed.take(), secrets)?;
    let old = held.devices.get(wire.id()).and_then(|device| device.sealed.clone());
    Ok(Entry::Device(wire.device(given.or(old))).into())
}

fn trunk(
    cx: &Cx<'_>,
    mut wire: trunks::TrunkWire,
    held: &Directory,
    secrets: Secrets,
) -> Result<Draft, Wrong> {
    let given = sealed(cx, "password", wire.password.take(), wire.sealed.take(), secrets)?;
    let old = held.trunks.get(&wire.id).and_then(|trunk| trunk.sealed.clone());
    Ok(Entry::Trunk(wire.trunk(given.or(old))).into())
}

fn key(
    cx: &mut Cx<'_>,
    mut wire: programs::KeyWire,
    held: &Directory,
    secrets: Secrets,
) -> Result<Draft, Wrong> {
    let given = sealed(cx, "secret", wire.secret.take(), wire.sealed.take(), secrets)?;
    let old = || held.keys.get(&wire.id).map(|key| key.sealed.clone());
    let (sealed, made) = if let Some(sealed) = given.or_else(old) {
        (sealed, None)
    } else {
        let secret = hex(&cx.chance.bytes());
        (Arc::from(cx.site.seal(secret.as_bytes())), Some(secret))
    };
    Ok(Draft { entry: Entry::Key(wire.key(sealed)), password: None, made })
}

fn stream(
    cx: &Cx<'_>,
    mut wire: programs::StreamWire,
    held: &Directory,
    secrets: Secrets,
) -> Result<StreamTarget, Wrong> {
    let given = sealed(cx, "secret", wire.secret.take(), wire.sealed.take(), secrets)?;
    let old = held.streams.get(&wire.topic).and_then(|target| target.sealed.clone());
    Ok(wire.target(given.or(old)))
}

fn bot(
    cx: &Cx<'_>,
    mut wire: routing::BotWire,
    held: &Directory,
    secrets: Secrets,
) -> Result<Bot, Wrong> {
    let given = sealed(cx, "secret", wire.secret.take(), wire.sealed.take(), secrets)?;
    let old = held.bots.get(&wire.id).and_then(|bot| match &bot.kind {
        BotKind::Webhook(hook) => hook.sealed.clone(),
        _ => None,
    });
    wire.bot(given.or(old))
}

/// A secret as it is kept: sealed by us, or sealed already.
fn sealed(
    cx: &Cx<'_>,
    member: &str,
    secret: Option<String>,
    sealed: Option<Arc<str>>,
    secrets: Secrets,
) -> Result<Option<Arc<str>>, Wrong> {
    match (secret, sealed) {
        (Some(_), Some(_)) => Err(Wrong::at(member, "give either it or sealed")),
        (None, Some(_)) if secrets == Secrets::Hidden => {
            Err(Wrong::at("sealed", "only in an import"))
        }
        (None, Some(sealed)) if cx.site.unseal(&sealed).is_none() => {
            Err(Wrong::at("sealed", "was not sealed with this server's key"))
        }
        (None, sealed) => Ok(sealed),
        (Some(secret), None) if (8..=1_024).contains(&secret.len()) => {
            Ok(Some(cx.site.seal(secret.as_bytes()).into()))
        }
        (Some(_), None) => Err(Wrong::at(member, "8 to 1,024 bytes")),
    }
}
