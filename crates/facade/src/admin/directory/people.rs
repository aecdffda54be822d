//! People and what belongs to them, as `/api/v1` writes it: users, devices, groups, reasons, wrap-up codes, hours.

use super::Wrong;
use domain::agent::Channel;
use domain::calendar::{read_date, read_minute, write_date, write_minute};
use domain::directory::{
    Device, Forward, Group, Hours, Reason, Role, SecondFactor, Service, Srtp, User, WrapUpCode,
};
use domain::id::{DeviceId, HoursId, SkillId, UserId};
use domain::time::Millis;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A user. A password goes in and never comes out; its hash is in exports alone.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UserWire {
    pub(super) id: UserId,
    name: Arc<str>,
    role: Role,
    #[serde(default, skip_serializing)]
    pub(super) password: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) password_hash: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    extension: Option<DeviceId>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    skills: BTreeMap<SkillId, u8>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    limits: BTreeMap<Channel, u8>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    disabled: bool,
    /// There is one. It is set and taken off by its own requests alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) second_factor: bool,
    /// Sealed, in exports alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) second_factor_sealed: Option<Arc<SecondFactor>>,
    /// Their name at the identity provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sign_on: Option<Arc<str>>,
}

impl UserWire {
    pub(super) fn of(user: &User) -> Self {
        Self {
            id: user.id.clone(),
            name: user.name.clone(),
            role: user.role,
            password: None,
            password_hash: user.password.clone(),
            extension: user.extension.clone(),
            skills: user.skills.clone(),
            limits: user.limits.clone(),
            disabled: user.disabled,
            second_factor: user.second.is_some(),
            second_factor_sealed: user.second.clone(),
            sign_on: user.sign_on.clone(),
        }
    }

    /// The user with this password's hash; a new password is hashed later.
    pub(super) fn user(self, hash: Option<Arc<str>>, second: Option<Arc<SecondFactor>>) -> User {
        let Self { id, name, role, extension, skills, limits, disabled, sign_on, .. } = self;
        User {
            id,
            name,
            role,
            password: hash,
            extension,
            skills,
            limits,
            disabled,
            second,
            sign_on,
        }
    }
}

/// A telephone.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeviceWire {
    id: DeviceId,
    #[serde(default, rename = "virtual", skip_serializing_if = "std::ops::Not::not")]
    simulated: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    dnd: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    forward: Option<Forward>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    service: Option<Service>,
    /// For SIP. It goes in and never comes out; exports hold it sealed.
    #[serde(default, skip_serializing)]
    pub(super) password: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sealed: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    public: bool,
    #[serde(default, skip_serializing_if = "Srtp::is_optional")]
    srtp: Srtp,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    record: bool,
}

impl DeviceWire {
    pub(super) fn of(device: &Device) -> Self {
        Self {
            id: device.id.clone(),
            simulated: device.r#virtual,
            dnd: device.dnd,
            forward: device.forward.clone(),
            service: device.service,
            password: None,
            sealed: device.sealed.clone(),
            public: device.public,
            srtp: device.srtp,
            record: device.record,
        }
    }

    pub(super) fn id(&self) -> &DeviceId {
        &self.id
    }

    pub(super) fn device(self, sealed: Option<Arc<str>>) -> Device {
        let Self { id, simulated, dnd, forward, service, public, srtp, record, .. } = self;
        Device { id, r#virtual: simulated, dnd, forward, service, sealed, public, srtp, record }
    }
}

/// A group.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupWire {
    id: u32,
    name: Arc<str>,
    #[serde(default)]
    members: BTreeMap<UserId, u8>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    record: bool,
    #[serde(default, skip_serializing_if = "Millis::is_zero")]
    after_work_ms: Millis,
}

impl GroupWire {
    pub(super) fn of(group: &Group) -> Self {
        let (name, members) = (group.name.clone(), group.members.clone());
        let Group { id, record, after_work, .. } = *group;
        Self { id, name, members, record, after_work_ms: after_work }
    }

    pub(super) fn group(self) -> Result<Group, Wrong> {
        if let Some((member, level)) =
            self.members.iter().find(|(_, level)| !(1..=10).contains(*level))
        {
            return Err(Wrong::at("members", format!("{member}: level {level} is not 1 to 10")));
        }
        let Self { id, name, members, record, after_work_ms } = self;
        Ok(Group { id, name, members, record, after_work: after_work_ms })
    }
}

/// Why an agent is not ready.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReasonWire {
    code: u8,
    ko: Arc<str>,
    en: Arc<str>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    after_work: bool,
}

impl ReasonWire {
    pub(super) fn of(reason: &Reason) -> Self {
        Self {
            code: reason.code,
            ko: reason.ko.clone(),
            en: reason.en.clone(),
            after_work: reason.after_work,
        }
    }

    pub(super) fn reason(self) -> Reason {
        Reason { code: self.code, ko: self.ko, en: self.en, after_work: self.after_work }
    }
}

/// How a contact came out.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrapUpCodeWire {
    code: Arc<str>,
    ko: Arc<str>,
    en: Arc<str>,
}

impl WrapUpCodeWire {
    pub(super) fn of(code: &WrapUpCode) -> Self {
        Self { code: code.code.clone(), ko: code.ko.clone(), en: code.en.clone() }
    }

    pub(super) fn code(self) -> WrapUpCode {
        WrapUpCode { code: self.code, ko: self.ko, en: self.en }
    }
}

/// The days of [`HoursWire::week`], in the order of [`Hours::week`].
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Opening times: `{"week":{"mon":"09:00-18:00"},"holidays":["2026-01-01"]}`; an absent day is closed.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HoursWire {
    id: HoursId,
    #[serde(default)]
    utc_offset_minutes: i32,
    week: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    holidays: Vec<String>,
}

impl HoursWire {
    pub(super) fn of(hours: &Hours) -> Self {
        let open = DAYS.iter().zip(hours.week).filter_map(|(day, open)| Some((day, open?)));
        let written = |(from, to)| format!("{}-{}", write_minute(from), write_minute(to));
        Self {
            id: hours.id.clone(),
            utc_offset_minutes: hours.utc_offset_minutes,
            week: open.map(|(day, open)| ((*day).to_owned(), written(open))).collect(),
            holidays: hours.holidays.iter().map(|day| write_date(*day)).collect(),
        }
    }

    pub(super) fn hours(self) -> Result<Hours, Wrong> {
        if self.utc_offset_minutes.abs() > 24 * 60 {
            return Err(Wrong::at("utc_offset_minutes", "more than a day"));
        }
        let mut week = [None; 7];
        for (day, open) in &self.week {
            let at = DAYS.iter().position(|name| name == day);
            let at = at.ok_or_else(|| {
                Wrong::at("week", format!("{day:?} is none of {}", DAYS.join(", ")))
            })?;
            let span = open
                .split_once('-')
                .and_then(|(from, to)| Some((read_minute(from)?, read_minute(to)?)));
            let wrong =
                || Wrong::at(&format!("week.{day}"), format!("{open:?} is not like 09:00-18:00"));
            week[at] = Some(span.ok_or_else(wrong)?);
        }
        let day = |text: &String| {
            read_date(text)
                .ok_or_else(|| Wrong::at("holidays", format!("{text:?} is not like 2026-01-01")))
        };
        let holidays = self.holidays.iter().map(day).collect::<Result<BTreeSet<_>, _>>()?;
        Ok(Hours { id: self.id, utc_offset_minutes: self.utc_offset_minutes, week, holidays })
    }
}
