//! Where telephones are, over a restart: contacts are told to the domain as places, and taken back from it.
//!
//! ```text
//!   REGISTER ──▶ registrar ──Wish::Register──▶ domain ── a restart ──▶ Query::Phones
//!                    ▲                                                    │
//!                    ├───── by datagram: at once ─────────────────────────┤
//!                    └───── by TCP: when a connection to it stands ◀──────┘
//! ```
//!
//! A telephone that came by datagrams is where it was. One that came by TCP is called back at the address it named, if that is
//! the one it came from: nobody makes us connect elsewhere. TLS and WebSocket end with their connection, for a telephone has
//! no certificate to show, and a browser takes no calls.
//!
//! A refresh is told of only when the domain's time has run out: a place is good for half of its time longer than was told.

use super::phone::record;
use super::{Output, Turn, Voice};
use crate::door::RealmNo;
use domain::call::Place;
use domain::id::DeviceId;
use domain::time::Millis;
use serde::{Deserialize, Serialize};
use sip::flow::{Flow, Transport};
use sip::message::{Address, Field as _, Uri};
use sip::register::Binding;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// Connections to telephones that are made at a time.
const AT_A_TIME: usize = 64;

/// A contact, as the domain keeps it.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    contact: Box<str>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    path: Vec<String>,
    by: Box<str>,
    /// The datagram socket's place.
    #[serde(default)]
    socket: u64,
    peer: SocketAddr,
    /// For how long it is kept, in seconds.
    seconds: u32,
    call: Box<str>,
    number: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    instance: Option<(Box<str>, Box<str>)>,
}

/// Telephones that are called back by TCP, by the number of the way that is looked for; and those whose turn comes.
#[derive(Default)]
pub(super) struct Returning {
    asked: BTreeMap<u64, (RealmNo, DeviceId, Binding)>,
    waiting: VecDeque<(RealmNo, DeviceId, Binding)>,
}

/// Until when a contact may be good without a word to the domain.
pub(super) fn lease(binding: &Binding) -> sip::time::Millis {
    binding.until.plus(sip::time::Millis(u64::from(binding.seconds).saturating_mul(500)))
}

/// A contact in words that the domain keeps.
pub(super) fn place(binding: &Binding) -> Place {
    let udp = binding.flow.transport == Transport::Udp;
    let kept = Kept {
        contact: binding.contact.to_string().into(),
        path: binding.path.iter().map(Address::to_string).collect(),
        by: binding.flow.transport.as_str().into(),
        socket: if udp { binding.flow.id } else { 0 },
        peer: binding.flow.peer,
        seconds: binding.seconds,
        call: binding.call_id.clone(),
        number: binding.number,
        instance: binding.instance.clone(),
    };
    Place {
        at: serde_json::to_string(&kept).unwrap_or_default().into(),
        until: Millis(lease(binding).0),
        lasts: udp || door(binding).is_some(),
    }
}

/// The contact that a place was made of. A connection's flow is none yet.
fn binding(place: &Place) -> Option<Binding> {
    let kept: Kept = serde_json::from_str(&place.at).ok()?;
    let transport = match &*kept.by {
        "UDP" => Transport::Udp,
        "TCP" => Transport::Tcp,
        _ => return None,
    };
    let path: Result<Vec<Address>, _> = kept.path.iter().map(|hop| Address::parse(hop)).collect();
    Some(Binding {
        contact: Address::parse(&kept.contact).ok()?,
        path: path.ok()?,
        flow: Flow { transport, id: kept.socket, peer: kept.peer },
        until: sip::time::Millis(place.until.0),
        seconds: kept.seconds,
        call_id: kept.call,
        number: kept.number,
        instance: kept.instance,
    })
}

/// Where a telephone that came by TCP can be called back: at the address it came from, where it says that it listens.
fn door(binding: &Binding) -> Option<Arc<str>> {
    let Uri::Sip(uri) = &binding.contact.uri else { return None };
    let ip: IpAddr = uri.host.trim_matches(['[', ']']).parse().ok()?;
    let own = binding.flow.transport == Transport::Tcp
        && binding.path.is_empty()
        && ip == binding.flow.peer.ip()
        && !uri.secure;
    own.then(|| SocketAddr::new(ip, uri.port.unwrap_or(5_060)).to_string().into())
}

impl Voice {
    /// The telephones of a realm, as the domain has them after a restart.
    pub(super) fn come_back(
        &mut self,
        turn: &Turn<'_, '_>,
        realm: RealmNo,
        phones: Vec<(DeviceId, Arc<[Place]>)>,
    ) {
        let there: BTreeSet<DeviceId> = phones.iter().map(|(device, _)| device.clone()).collect();
        let ours: Vec<DeviceId> = self.phones_of(realm);
        for (device, places) in phones {
            let phone = self.phones.entry((realm, device.clone())).or_default();
            let (at_once, by_tcp): (Vec<Binding>, Vec<Binding>) = places
                .iter()
                .filter_map(binding)
                .partition(|binding| binding.flow.transport == Transport::Udp);
            phone.believed(true, at_once.clone());
            if !phone.is_here() {
                phone.returning += by_tcp.len();
                let by_tcp = by_tcp.into_iter().map(|binding| (realm, device.clone(), binding));
                self.returning.waiting.extend(by_tcp);
            }
            for binding in at_once {
                self.registrar.restore(turn.now(), &record(realm, &device), binding);
            }
            self.changed(turn, realm, &device);
        }
        for device in ours.iter().filter(|device| !there.contains(*device)) {
            let phone = self.phones.entry((realm, device.clone())).or_default();
            phone.believed(false, Vec::new());
            self.presence(turn, realm, device);
        }
        if let Some(known) = self.realms.get_mut(&realm) {
            known.there = there;
        }
        self.call_back();
    }

    /// Connects to the telephones whose turn it is.
    fn call_back(&mut self) {
        while self.returning.asked.len() < AT_A_TIME
            && let Some((realm, device, binding)) = self.returning.waiting.pop_front()
        {
            self.last_ticket += 1;
            let ticket = self.last_ticket;
            let host = door(&binding).unwrap_or_default();
            self.returning.asked.insert(ticket, (realm, device, binding));
            self.out.push_back(Output::Open { ticket, transport: Transport::Tcp, host });
        }
    }

    /// A connection to a telephone stands, or none could be made. False: it was for somebody else.
    pub(super) fn called_back(
        &mut self,
        turn: &Turn<'_, '_>,
        ticket: u64,
        way: Option<Flow>,
    ) -> bool {
        let Some((realm, device, mut binding)) = self.returning.asked.remove(&ticket) else {
            return false;
        };
        if let Some(flow) = way {
            binding.flow = flow;
            self.registrar.restore(turn.now(), &record(realm, &device), binding);
        }
        if let Some(phone) = self.phones.get_mut(&(realm, device.clone())) {
            phone.returning = phone.returning.saturating_sub(1);
        }
        self.changed(turn, realm, &device);
        self.call_back();
        true
    }
}
