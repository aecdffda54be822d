//! Ways to the telephone network, as `/api/v1` writes them.

use domain::directory::{Carrier, DialRule, Trunk};
use domain::id::{DeviceId, TrunkId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A trunk. A password goes in and never comes out; exports hold it sealed.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TrunkWire {
    pub(super) id: TrunkId,
    host: Arc<str>,
    #[serde(default)]
    carrier: Carrier,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user: Option<Arc<str>>,
    #[serde(default, skip_serializing)]
    pub(super) password: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sealed: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    register: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    sources: Vec<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    domain: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    challenge: bool,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    numbers: BTreeMap<Arc<str>, DeviceId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rules: Vec<DialRule>,
    #[serde(default)]
    priority: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    limit: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    caller: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    uui: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    disabled: bool,
}

impl TrunkWire {
    pub(super) fn of(trunk: &Trunk) -> Self {
        Self {
            id: trunk.id.clone(),
            host: trunk.host.clone(),
            carrier: trunk.carrier,
            user: trunk.user.clone(),
            password: None,
            sealed: trunk.sealed.clone(),
            register: trunk.register,
            sources: trunk.sources.clone(),
            domain: trunk.domain.clone(),
            challenge: trunk.challenge,
            numbers: trunk.numbers.clone(),
            rules: trunk.rules.clone(),
            priority: trunk.priority,
            limit: trunk.limit,
            caller: trunk.caller.clone(),
            uui: trunk.uui,
            disabled: trunk.disabled,
        }
    }

    pub(super) fn trunk(self, sealed: Option<Arc<str>>) -> Trunk {
        Trunk {
            id: self.id,
            host: self.host,
            carrier: self.carrier,
            user: self.user,
            sealed,
            register: self.register,
            sources: self.sources,
            domain: self.domain,
            challenge: self.challenge,
            numbers: self.numbers,
            rules: self.rules,
            priority: self.priority,
            limit: self.limit,
            caller: self.caller,
            uui: self.uui,
            disabled: self.disabled,
        }
    }
}
