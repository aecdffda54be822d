//! Wrong passwords: five on one connection close it; twenty in five minutes from one address, and its log-ins fail for
//! five minutes (`nxproxy-rio.md` 3). Right ones cost nothing, however many there are.

use crate::door::Cx;
use std::net::IpAddr;

/// Wrong passwords on one connection.
pub(super) const WRONG: u32 = 5;

/// Wrong passwords from one address.
const FROM_ADDRESS: f64 = 20.0;

/// Within so many seconds; and so long the address is shut out.
const WITHIN_S: f64 = 300.0;

/// Holds one token while the address is not shut out.
fn shut(peer: IpAddr) -> String {
    format!("rio.shut|{}", peer.to_canonical())
}

/// May this address log in?
pub(super) fn may_try(cx: &Cx<'_>, peer: IpAddr) -> bool {
    cx.site.has(&shut(peer), 1.0 / WITHIN_S, 1.0)
}

/// It was wrong.
pub(super) fn wrong(cx: &Cx<'_>, peer: IpAddr) {
    let wrong = format!("rio.wrong|{}", peer.to_canonical());
    if !cx.site.allow(&wrong, FROM_ADDRESS / WITHIN_S, FROM_ADDRESS - 1.0) {
        cx.site.allow(&shut(peer), 1.0 / WITHIN_S, 1.0);
    }
}
