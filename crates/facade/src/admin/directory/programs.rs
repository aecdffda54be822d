//! What programs and pages use, as `/api/v1` writes it: keys, widgets, stream targets, and the realm itself.

use domain::directory::{
    CtiProfile, CtiUser, Key, PageProfile, Place, Realm, Role, SignOn, StreamTarget, Trust, Widget,
    Workspace,
};
use domain::id::{CtiId, DeviceId, FlowId, InstanceId, KeyId, QueueId, WidgetId, WorkspaceId};
use domain::retention::Retention;
use domain::time::Millis;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// An access key. A secret goes in and never comes out; exports hold it sealed.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyWire {
    pub(super) id: KeyId,
    #[serde(default, skip_serializing)]
    pub(super) secret: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sealed: Option<Arc<str>>,
    actions: Vec<Arc<str>>,
}

impl KeyWire {
    pub(super) fn of(key: &Key) -> Self {
        Self {
            id: key.id.clone(),
            secret: None,
            sealed: Some(key.sealed.clone()),
            actions: key.actions.clone(),
        }
    }

    pub(super) fn key(self, sealed: Arc<str>) -> Key {
        Key { id: self.id, sealed, actions: self.actions }
    }
}

/// An application at the CTI gateway. A password goes in and never comes out; its hash is in exports alone.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CtiUserWire {
    pub(super) id: CtiId,
    #[serde(default, skip_serializing)]
    pub(super) password: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) password_hash: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    supervise: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    devices: Option<BTreeSet<DeviceId>>,
    #[serde(default)]
    profile: CtiProfile,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    disabled: bool,
}

impl CtiUserWire {
    pub(super) fn of(user: &CtiUser) -> Self {
        Self {
            id: user.id.clone(),
            password: None,
            password_hash: user.password.clone(),
            supervise: user.supervise,
            devices: user.devices.clone(),
            profile: user.profile,
            disabled: user.disabled,
        }
    }

    /// The user with this password's hash; a new password is hashed later.
    pub(super) fn user(self, password: Option<Arc<str>>) -> CtiUser {
        let Self { id, supervise, devices, profile, disabled, .. } = self;
        CtiUser { id, password, supervise, devices, profile, disabled }
    }
}

/// An unsigned way to start a chat.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WidgetWire {
    id: WidgetId,
    flow: FlowId,
    origins: Vec<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    attributes: Option<BTreeSet<Arc<str>>>,
}

impl WidgetWire {
    pub(super) fn of(widget: &Widget) -> Self {
        Self {
            id: widget.id.clone(),
            flow: widget.flow,
            origins: widget.origins.clone(),
            attributes: widget.attributes.clone(),
        }
    }

    pub(super) fn widget(self) -> Widget {
        Widget { id: self.id, flow: self.flow, origins: self.origins, attributes: self.attributes }
    }
}

/// A page of somebody else in agents' desks.
#[expect(clippy::struct_excessive_bools, reason = "as in the directory")]
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WorkspaceWire {
    id: WorkspaceId,
    name: Arc<str>,
    url: Arc<str>,
    #[serde(default)]
    place: Place,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    queues: BTreeSet<QueueId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    origins: Vec<Arc<str>>,
    #[serde(default = "yes")]
    events: bool,
    #[serde(default = "yes")]
    commands: bool,
    #[serde(default = "yes")]
    card: bool,
    #[serde(default)]
    session: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    null_origin: bool,
    #[serde(default)]
    profile: PageProfile,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    allow: BTreeSet<Arc<str>>,
}

const fn yes() -> bool {
    true
}

impl WorkspaceWire {
    pub(super) fn of(it: &Workspace) -> Self {
        let it = it.clone();
        let Workspace { id, name, url, place, queues, origins, .. } = it;
        let Workspace { events, commands, card, session, null_origin, profile, allow, .. } = it;
        Self {
            id,
            name,
            url,
            place,
            queues,
            origins,
            events,
            commands,
            card,
            session,
            null_origin,
            profile,
            allow,
        }
    }

    pub(super) fn workspace(self) -> Workspace {
        Workspace {
            id: self.id,
            name: self.name,
            url: self.url,
            place: self.place,
            queues: self.queues,
            origins: self.origins,
            events: self.events,
            commands: self.commands,
            card: self.card,
            session: self.session,
            null_origin: self.null_origin,
            profile: self.profile,
            allow: self.allow,
        }
    }
}

/// Where copies of rooms may be sent. The secret is as in [`KeyWire`].
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StreamWire {
    pub(super) topic: Arc<str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    url: Option<Arc<str>>,
    #[serde(default, skip_serializing)]
    pub(super) secret: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sealed: Option<Arc<str>>,
}

impl StreamWire {
    pub(super) fn of(target: &StreamTarget) -> Self {
        Self {
            topic: target.topic.clone(),
            url: target.url.clone(),
            secret: None,
            sealed: target.sealed.clone(),
        }
    }

    pub(super) fn target(self, sealed: Option<Arc<str>>) -> StreamTarget {
        StreamTarget { topic: self.topic, url: self.url, sealed }
    }
}

/// Log-in by an identity provider. The secret goes in and never comes out; exports hold it sealed.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignOnWire {
    issuer: Arc<str>,
    client: Arc<str>,
    #[serde(default, skip_serializing)]
    pub(super) secret: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sealed: Option<Arc<str>>,
    #[serde(default = "SignOnWire::usual_claim")]
    claim: Arc<str>,
    #[serde(default = "SignOnWire::usual_label")]
    label: Arc<str>,
    #[serde(default, skip_serializing_if = "Trust::is_never")]
    second_factor: Trust,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    no_passwords: bool,
}

impl SignOnWire {
    fn usual_claim() -> Arc<str> {
        "email".into()
    }

    fn usual_label() -> Arc<str> {
        "SSO".into()
    }

    fn of(way: &SignOn) -> Self {
        Self {
            issuer: way.issuer.clone(),
            client: way.client.clone(),
            secret: None,
            sealed: way.sealed.clone(),
            claim: way.claim.clone(),
            label: way.label.clone(),
            second_factor: way.second_factor,
            no_passwords: way.no_passwords,
        }
    }

    /// Is it about this client of this provider? The secret of another is not sent there.
    pub(super) fn is_of(&self, way: &SignOn) -> bool {
        (&self.issuer, &self.client) == (&way.issuer, &way.client)
    }

    fn sign_on(self, sealed: Option<Arc<str>>) -> SignOn {
        let Self { issuer, client, claim, label, second_factor, no_passwords, .. } = self;
        SignOn { issuer, client, sealed, claim, label, second_factor, no_passwords }
    }
}

/// The realm itself.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RealmWire {
    name: Arc<str>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    aliases: Vec<Arc<str>>,
    instance: InstanceId,
    #[serde(default)]
    created: Option<Millis>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    open_topics: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    stream_hosts: Vec<Arc<str>>,
    /// Sealed, as an export gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stream_secret: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    push_to: Option<Arc<str>>,
    #[serde(default = "RealmWire::usual_chats")]
    max_chats: u32,
    #[serde(default)]
    ring_ms: Option<Millis>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    utc_offset_minutes: Option<i32>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    open_like_max: bool,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    second_factor: BTreeSet<Role>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sign_on: Option<SignOnWire>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    agents_hear_own: bool,
    #[serde(default, skip_serializing_if = "Retention::is_endless")]
    retention: Retention,
}

impl RealmWire {
    /// As in `domain::directory::Realm`.
    const fn usual_chats() -> u32 {
        100_000
    }

    pub(super) fn of(realm: &Realm) -> Self {
        Self {
            name: realm.name.clone(),
            aliases: realm.aliases.clone(),
            instance: realm.instance,
            created: Some(realm.created),
            open_topics: realm.open_topics,
            stream_hosts: realm.stream_hosts.clone(),
            stream_secret: realm.stream_secret.clone(),
            push_to: realm.push_to.clone(),
            max_chats: realm.max_chats,
            ring_ms: Some(realm.ring),
            utc_offset_minutes: realm.utc_offset_minutes,
            open_like_max: realm.open_like_max,
            second_factor: realm.second_factor.clone(),
            sign_on: realm.sign_on.as_deref().map(SignOnWire::of),
            agents_hear_own: realm.agents_hear_own,
            retention: realm.retention,
        }
    }

    pub(super) fn realm(self, created: Millis, sign_on_sealed: Option<Arc<str>>) -> Realm {
        Realm {
            name: self.name,
            aliases: self.aliases,
            instance: self.instance,
            created: self.created.unwrap_or(created),
            open_topics: self.open_topics,
            stream_hosts: self.stream_hosts,
            stream_secret: self.stream_secret,
            push_to: self.push_to.filter(|to| !to.is_empty()),
            max_chats: self.max_chats,
            ring: self.ring_ms.unwrap_or(domain::call::RING),
            utc_offset_minutes: self.utc_offset_minutes,
            open_like_max: self.open_like_max,
            second_factor: self.second_factor,
            sign_on: self.sign_on.map(|wire| Box::new(wire.sign_on(sign_on_sealed))),
            agents_hear_own: self.agents_hear_own,
            retention: self.retention,
        }
    }
}
