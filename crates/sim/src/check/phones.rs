//! What monitors were told, replayed: a telephone that knows nothing but its own events must know exactly how it is
//! connected.

use crate::shop;
use domain::call::{CallEvent, CallId, Happening, Link, Switch};
use domain::id::DeviceId;
use std::collections::BTreeMap;

/// How each telephone believes to be connected.
#[derive(Debug, Default)]
pub(super) struct Phones(BTreeMap<(DeviceId, CallId), Link>);

impl Phones {
    /// Everyone who is told of it takes it up, by their own copy alone.
    pub(super) fn hear(&mut self, happening: &Happening) {
        let id = happening.call.id;
        // Queues hear of calls, too, but are connected to none.
        let queue = |device: &DeviceId| {
            device.as_str() == "1000" || shop::QUEUES.contains(&device.as_str())
        };
        for copy in happening.to.iter().filter(|copy| !queue(&copy.device)) {
            let device = &copy.device;
            let key = (device.clone(), id);
            let about_me = copy.subject == *device;
            match happening.event {
                CallEvent::ServiceInitiated => {
                    self.0.insert(key, Link::Prompted);
                }
                CallEvent::Originated => {
                    self.0.insert(key, Link::Initiated);
                }
                CallEvent::Delivered if about_me => {
                    self.0.insert(key, Link::Alerting);
                }
                CallEvent::Established if copy.target.is_some() => {
                    self.0.insert(key, Link::Listening);
                }
                CallEvent::Established if about_me || self.is(&key, Link::Initiated) => {
                    self.0.insert(key, Link::Connected);
                }
                CallEvent::Held if about_me => {
                    self.0.insert(key, Link::Held);
                }
                CallEvent::Retrieved if about_me => {
                    self.0.insert(key, Link::Connected);
                }
                CallEvent::ConnectionCleared | CallEvent::Diverted
                    if about_me || happening.event == CallEvent::Diverted =>
                {
                    self.0.remove(&key);
                }
                CallEvent::CallCleared => {
                    assert!(
                        !self.0.contains_key(&key),
                        "{device} is in call {} that is gone",
                        id.0
                    );
                }
                CallEvent::Conferenced | CallEvent::Transferred => {
                    let merged = happening.merged.map(|merged| (device.clone(), merged));
                    let was = merged.and_then(|merged| self.0.remove(&merged));
                    if about_me && happening.event == CallEvent::Transferred {
                        self.0.remove(&key);
                    } else if about_me {
                        self.0.insert(key, Link::Connected);
                    } else if let Some(was) = was {
                        self.0.insert(key, was);
                    }
                }
                _ => {}
            }
        }
    }

    /// Do they believe what is so?
    pub(super) fn agree(&self, switch: &Switch) {
        let mut real: BTreeMap<(DeviceId, CallId), Link> = BTreeMap::new();
        for call in switch.calls() {
            for party in call.parties.iter().filter(|p| !p.outside) {
                real.insert((party.device.clone(), call.id), party.link);
            }
        }
        assert_eq!(self.0, real, "telephones believe the left, and are connected as on the right");
    }

    fn is(&self, key: &(DeviceId, CallId), link: Link) -> bool {
        self.0.get(key) == Some(&link)
    }
}
