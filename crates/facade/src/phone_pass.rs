//! The pass by which a desk's browser registers as its agent's telephone, so that nobody types a second password and the
//! telephone's own never leaves the server.
//!
//! It is a user name that says until when, and a password that is the server's code of that name; the switch makes the code
//! again, so nothing is kept (the scheme of draft-uberti-behave-turn-rest-00 §2.2). It opens one telephone, for
//! [`LIFE`]; a registration that stands goes on until its own end.

use crate::door::{RealmNo, Site};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::id::DeviceId;
use domain::time::Millis;

/// How long a pass is good.
pub(crate) const LIFE: Millis = Millis::from_mins(5);

/// Between the number and the end in the user name; no telephone's number has it.
const MARK: &str = "@desk.";

/// A SIP user name with its password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PhonePass {
    /// `1001@desk.1763736300000`.
    pub(crate) user: String,
    /// Never logged, and kept by nobody.
    pub(crate) password: String,
    /// It is good until then.
    pub(crate) until: Millis,
}

impl PhonePass {
    /// A pass for this telephone; none where the server has no key for it.
    pub(crate) fn issue(
        site: &dyn Site,
        realm: RealmNo,
        device: &DeviceId,
        now: Millis,
    ) -> Option<Self> {
        let until = now.plus(LIFE);
        let user = format!("{device}{MARK}{}", until.0);
        let password = password(site, realm, &user)?;
        Some(Self { user, password, until })
    }

    /// The password of a user name that is a pass; none if it is none, or too old.
    pub(crate) fn password_of(
        site: &dyn Site,
        realm: RealmNo,
        user: &str,
        now: Millis,
    ) -> Option<String> {
        let (_, until) = user.split_once(MARK)?;
        let until = Millis(until.parse().ok()?);
        // One that is good for longer was never given.
        let good = now < until && until <= now.plus(LIFE);
        good.then(|| password(site, realm, user))?
    }
}

fn password(site: &dyn Site, realm: RealmNo, user: &str) -> Option<String> {
    let said = [b"desk.phone".as_slice(), &realm.0.to_be_bytes(), user.as_bytes()].concat();
    Some(URL_SAFE_NO_PAD.encode(site.mac(&said)?))
}
