//! Events as this wire writes them: keys in `PascalCase`, every scalar a text (`max-agent-desktop.md` 2).
//!
//! A contact is known by the realm's number for it, call or chat.

use super::shown::{flag, outward};
use super::{HOST, time};
use crate::door::RealmNo;
use crate::item::for_staff;
use crate::percent::encode_segment;
use domain::agent::{Channel, Stage};
use domain::call::{Call, CallType, Link};
use domain::contact::Initiation;
use domain::directory::{Directory, Place, User};
use domain::id::{DeviceId, QueueId};
use domain::query::DeskContact;
use domain::room::{Body, Item, MemberRole};
use domain::shift::{Position, Shift};
use domain::time::Millis;
use serde_json::{Value, json};

/// The attribute by which a program names the page that opens with a contact.
const POP: &str = "ScreenPopUrl";

/// What a call's event has and we have nothing to say of.
const EMPTY: [&str; 16] = [
    "ScreenPopUrlVariables",
    "DisconnectCode",
    "Label",
    "TimeZones",
    "OtherInformation",
    "OtherInformationNewFormat",
    "BlendingToSkillName",
    "DeliveryType",
    "CustomData",
    "ComplianceRecord",
    "ConfirmationRequired",
    "OmniGroupId",
    "ExternalId",
    "AnsMachineOverride",
    "AnsMachineOverrideEndTime",
    "CustomerCardUrl",
];

/// A realm's number as a tenant.
pub(super) fn tenant(realm: RealmNo) -> String {
    (1_000 + u32::from(realm.0)).to_string()
}

/// A contact as it was told.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Told {
    /// Its number.
    pub(super) id: u64,
    /// Its event.
    pub(super) event: Value,
}

/// Writes events for one agent.
pub(super) struct Teller<'a> {
    pub(super) realm: RealmNo,
    pub(super) user: &'a User,
    pub(super) directory: &'a Directory,
    /// The contact that was brought into focus.
    pub(super) focus: Option<u64>,
}

impl Teller<'_> {
    /// The session began, or is told anew.
    pub(super) fn start(&self, shift: &Shift, position: &Position) -> Value {
        let chats = self.user.limit(Channel::Chat);
        let phone = match &position.device {
            Some(device) if shift.phone.is_empty() => device.to_string(),
            _ => shift.phone.to_string(),
        };
        let leads = self.user.role >= domain::directory::Role::Supervisor;
        json!({
            "Type": "AgentSessionStart", "IISHost": HOST, "VCHost": HOST,
            "BusNo": tenant(self.realm),
            "AgentId": self.user.id,
            "SessionId": (shift.began.0 / 1_000).to_string(),
            "StationId": shift.station,
            "StationPhoneNumber": phone,
            "StationCallerId": phone,
            "DialerCampaign": "", "DialerCampaignStartTime": "",
            "SupervisorPermissionLevel": if leads { "4" } else { "0" },
            "CanMask": "True", "CanRecord": "True", "CanMultiPartyConference": "True",
            "AgentSchedulePermission": "False", "ScoreRecordingsPermission": "False",
            "HideAgentStatePermission": "", "ClientConnectorPort": "0",
            "MaxConcurrentChats": chats.to_string(),
            "EnabledForMCH": "True", "UseCustomerCard": "False",
            "AgentUUId": self.user.id, "EntityMode": "False",
        })
    }

    /// How many contacts of each kind at once.
    pub(super) fn capacity(&self, position: &Position) -> Value {
        let limit = |channel| self.user.limit(channel).to_string();
        json!({
            "Type": "MchAgentSettingsChangeEvent", "IISHost": HOST, "VCHost": HOST,
            "ChatThreshold": limit(Channel::Chat), "SmsThreshold": "0",
            "EmailThreshold": "0", "WorkItemThreshold": "0", "DigitalThreshold": "0",
            "VoiceThreshold": limit(Channel::Voice),
            "TotalContactCount": position.contacts.len().to_string(),
            "ContactAutoFocus": "True", "RequestContact": "False", "DeliveryMode": "multi-contact",
        })
    }

    /// Everything at the agent's hands, oldest first. `changed` says since when each call is as it is.
    pub(super) fn contacts(
        &self,
        position: &Position,
        changed: impl Fn(u64, &'static str, Millis) -> Millis,
    ) -> Vec<Told> {
        let mut all: Vec<(Millis, Told)> = Vec::new();
        for desk in &position.contacts {
            let told = match (&desk.contact.voice, desk.work, &desk.call) {
                (None, Some(_), _) => Some(self.chat(desk, position)),
                (Some(_), None, None) | (None, None, _) => None,
                (Some(_), ..) => self.call(desk, position, &changed),
            };
            all.extend(told.map(|told| (desk.contact.started, told)));
        }
        all.sort_by_key(|(since, told)| (*since, told.id));
        all.into_iter().map(|(_, told)| told).collect()
    }

    fn offset(&self) -> i32 {
        self.directory.realm.as_ref().and_then(|r| r.utc_offset_minutes).unwrap_or(0)
    }

    fn chat(&self, desk: &DeskContact, position: &Position) -> Told {
        let (contact, id) = (&desk.contact, desk.contact.number);
        let master = position.numbers.get(&contact.initial).copied().unwrap_or(id);
        let work = desk.work.as_ref();
        let (status, timeout) = match work.map(|w| (w.stage, w.since)) {
            Some((Stage::Offered { until, .. }, since)) => {
                ("Incoming", (until.since(since).0 / 1_000).to_string())
            }
            Some((Stage::Talking, _)) | None => ("Active", String::new()),
            Some((Stage::WrapUp { .. }, _)) => ("Disconnected", String::new()),
        };
        let since = work.map_or(contact.started, |work| work.since);
        let (utc, local) = (time::utc, |at| time::local(at, self.offset()));
        let mut event = json!({
            "Type": "TextContactEvent", "IISHost": HOST, "VCHost": HOST,
            "ContactID": id.to_string(),
            "RoomId": contact.room(),
            "Status": status,
            "OriginalState": "True",
            "Skill": contact.queue.as_ref().map(QueueId::as_str).unwrap_or_default(),
            "SkillName": self.skill(contact.queue.as_ref()),
            "IsInbound": flag(contact.initiation != Initiation::Outbound),
            "StartTime": local(contact.started), "StartTimeUTC": utc(contact.started),
            "LastStateChangeTime": local(since), "LastStateChangeTimeUTC": utc(since),
            "RefusalTimeout": timeout,
            "IsActive": flag(status == "Active"),
            "MasterID": master.to_string(),
            "ParentContactId": "", "OmniGroupId": "",
            "CustomData": "", "PointOfContactAddress": "",
            "InFocus": flag(self.focus.is_none_or(|focus| focus == id)),
            "FromAddress": contact.customer.name,
            "FinalState": "False", "CustomerCardUrl": "", "Messages": [],
        });
        let asked = desk.attributes.get(POP).map(AsRef::as_ref);
        let names = self.names(id, master, &contact.customer.name, "", contact.queue.as_ref());
        event["ScreenPopUrl"] = self.pop(asked, contact.queue.as_ref(), &names).into();
        Told { id, event }
    }

    fn skill(&self, queue: Option<&QueueId>) -> &str {
        queue.and_then(|id| self.directory.queues.get(id)).map_or("", |queue| &queue.name)
    }

    /// A call that is at the agent's telephone, or is over and not finished with.
    fn call(
        &self,
        desk: &DeskContact,
        position: &Position,
        changed: impl Fn(u64, &'static str, Millis) -> Millis,
    ) -> Option<Told> {
        let (contact, id) = (&desk.contact, desk.contact.number);
        let live = desk.call.as_deref();
        let status = match live {
            Some(live) => status(&live.call, &live.device)?,
            None => "Disconnected",
        };
        let voice = contact.voice.as_ref()?;
        let talked = live.and_then(|live| live.call.party(&live.device)?.talked);
        let since = desk.work.map(|work| work.since).or(talked).unwrap_or(contact.started);
        let since = changed(id, status, since);
        let made = match live {
            Some(live) => outward(&live.call, &live.device),
            None => contact.initiation == Initiation::Outbound,
        };
        let queue = contact.queue.as_ref();
        let master = position.numbers.get(&contact.initial).copied().unwrap_or(id);
        let consults = live.is_some_and(|live| live.call.kind == CallType::Consult);
        // A question on the side belongs to the call that waits for it.
        let parent = contact.previous.filter(|_| consults);
        let parent = parent.and_then(|id| position.numbers.get(&id));
        let until = live.and_then(|live| live.call.until);
        let limit = match (status, until) {
            ("Incoming", Some(until)) => (until.since(since).0 / 1_000).to_string(),
            _ => String::new(),
        };
        let kind = match live.map(|live| live.call.kind) {
            Some(CallType::Consult) => "Consult",
            Some(CallType::Conference) => "Conference",
            _ => "Regular",
        };
        let (ani, dnis) = match live {
            Some(live) => (live.call.caller.as_str(), live.call.dialed.as_str()),
            None if made => ("", voice.customer.as_str()),
            None => (voice.customer.as_str(), ""),
        };
        let recorded = live.is_some_and(|live| live.call.recorded);
        let (utc, local) = (time::utc, |at| time::local(at, self.offset()));
        let names = self.names(id, master, ani, dnis, queue);
        let asked = desk.attributes.get(POP).map(AsRef::as_ref);
        let mut event = json!({
            "Type": "CallContactEvent", "IISHost": HOST, "VCHost": HOST,
            "ContactID": id.to_string(),
            "MasterID": master.to_string(),
            "ParentContactId": parent.map(u64::to_string).unwrap_or_default(),
            "Status": status,
            "OriginalState": "False",
            "CallType": kind,
            "DNIS": dnis, "ANI": ani,
            "Skill": queue.map(QueueId::as_str).unwrap_or_default(),
            "SkillName": self.skill(queue),
            "IsInbound": flag(!made),
            "StartTimeUTC": utc(contact.started), "StartTime": local(contact.started),
            "LastStateChangeTimeUTC": utc(since), "LastStateChangeTime": local(since),
            "ScreenPopUrl": self.pop(asked, queue, &names),
            "IsLogging": flag(recorded),
            "Timeout": limit,
            "AllowDispositions": "True", "IsLinked": "False", "FinalState": "False",
            "InteractionId": voice.cnid,
            "IsRequireManualAccept": "False",
        });
        for name in EMPTY {
            event[name] = "".into();
        }
        Some(Told { id, event })
    }

    fn names(
        &self,
        id: u64,
        master: u64,
        ani: &str,
        dnis: &str,
        queue: Option<&QueueId>,
    ) -> [(&'static str, String); 7] {
        [
            ("{ContactID}", id.to_string()),
            ("{MasterID}", master.to_string()),
            ("{ANI}", ani.to_owned()),
            ("{DNIS}", dnis.to_owned()),
            ("{Skill}", queue.map(ToString::to_string).unwrap_or_default()),
            ("{SkillName}", self.skill(queue).to_owned()),
            ("{AgentId}", self.user.id.to_string()),
        ]
    }

    /// The page that opens with a contact: the one it names, if its origin is allowed, or that of its queue.
    fn pop(
        &self,
        asked: Option<&str>,
        queue: Option<&QueueId>,
        names: &[(&'static str, String); 7],
    ) -> String {
        if let Some(asked) = asked.filter(|url| url.len() <= 2_048) {
            return asked.to_owned();
        }
        let opens = |place: &Place, queues: &std::collections::BTreeSet<QueueId>| {
            *place == Place::Panel
                && (queues.is_empty() || queue.is_some_and(|queue| queues.contains(queue)))
        };
        let panel =
            self.directory.workspaces.values().find(|page| opens(&page.place, &page.queues));
        panel.map_or_else(String::new, |panel| {
            names.iter().fold(panel.url.to_string(), |url, (name, value)| {
                url.replace(name, &encode_segment(value))
            })
        })
    }
}

/// A call's status at a telephone; none for whoever is not shown it.
fn status(call: &Call, device: &DeviceId) -> Option<&'static str> {
    let others = call.speakers().filter(|party| party.device != *device).count();
    Some(match call.link(device)? {
        Link::Alerting => "Incoming",
        Link::Prompted | Link::Initiated => "Dialing",
        Link::Held => "Holding",
        Link::Connected if call.masked => "Masking",
        Link::Connected if others > 1 => "Joined",
        Link::Connected | Link::Listening => "Active",
    })
}

/// The last event of a contact that has left the agent.
pub(super) fn ended(told: &Value, after_work: bool, at: Millis, offset: i32) -> Value {
    let mut event = told.clone();
    if event["Status"] != "Disconnected" {
        event["Status"] = "Disconnected".into();
        event["LastStateChangeTimeUTC"] = time::utc(at).into();
        event["LastStateChangeTime"] = time::local(at, offset).into();
    }
    event["FinalState"] = flag(!after_work).into();
    if event.get("IsActive").is_some() {
        event["IsActive"] = "False".into();
    }
    event
}

/// A line of a chat; none if agents are not to see it, or it is none that is said.
pub(super) fn message(item: &Item) -> Option<Value> {
    let text: &str = match &item.body {
        Body::Message { text, .. } => text,
        Body::File(file) => &file.name,
        Body::Event(_) => return None,
    };
    let role = item.by.as_ref().map(|by| by.role);
    let (number, party) = match role {
        Some(MemberRole::Customer) => ("1", "Customer"),
        Some(MemberRole::Agent | MemberRole::Supervisor) => ("2", "Agent"),
        _ => ("3", "System"),
    };
    let kind = if matches!(item.body, Body::File(_)) { "File" } else { "Text" };
    for_staff(item).then(|| {
        json!({
            "Text": text,
            "PartyTypeId": number,
            "PartyTypeValue": party,
            "Label": item.by.as_ref().map_or("", |by| by.name.as_ref()),
            "Type": kind,
            "Timestamp": time::utc(item.at),
        })
    })
}

/// The session is over.
pub(super) fn over(how: domain::shift::ShiftEnd) -> Value {
    let (kind, message) = match how {
        domain::shift::ShiftEnd::LoggedOut => ("AgentSessionEnd", "Logged out"),
        domain::shift::ShiftEnd::Elsewhere => ("RemoteAgentSessionEnd", "Logged out elsewhere"),
        domain::shift::ShiftEnd::Idle => ("RemoteAgentSessionEnd", "Inactivity"),
    };
    json!({"Type": kind, "IISHost": HOST, "VCHost": HOST, "Message": message, "Success": "True"})
}

/// "Read that list again."
pub(super) fn reread(kind: &'static str) -> Value {
    json!({"Type": kind, "IISHost": HOST, "VCHost": HOST})
}

/// The agent's own telephone.
pub(super) fn leg(device: &str, status: &str) -> Value {
    json!({
        "Type": "AgentLeg", "IISHost": HOST, "VCHost": HOST, "AgentLegId": device,
        "Status": status, "FinalState": flag(status == "Disconnected"),
    })
}

/// Whether the agent is heard.
pub(super) fn mute(muted: bool) -> Value {
    json!({"Type": "Mute", "IISHost": HOST, "VCHost": HOST, "AgentMuted": flag(muted)})
}
