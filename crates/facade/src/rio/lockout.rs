//! Wrong passwords: five on one connection close it; twenty in five minutes from one address, and its log-ins fail for
//! five minutes (`nxproxy-rio.md` 3).
//!
//! Buckets can be drawn from but not be looked into, so there are two: `wrong` counts, and `try`, which is deep, is
//! emptied when `wrong` is.

use crate::door::Cx;
use std::net::IpAddr;

/// Wrong passwords on one connection.
pub(super) const WRONG: u32 = 5;

/// Wrong passwords from one address.
const FROM_ADDRESS: f64 = 20.0;

/// Within so many seconds.
const WITHIN_S: f64 = 300.0;

/// Tries in a row from one address that are right.
const DEPTH: u32 = 10_000;

fn draw(cx: &Cx<'_>, peer: IpAddr, which: &str, depth: f64, per_second: f64) -> bool {
    cx.site.allow(&format!("rio.{which}|{}", peer.to_canonical()), per_second, depth)
}

/// May this address try at all?
pub(super) fn may_try(cx: &Cx<'_>, peer: IpAddr) -> bool {
    draw(cx, peer, "try", f64::from(DEPTH), 1.0 / WITHIN_S)
}

/// It was wrong.
pub(super) fn wrong(cx: &Cx<'_>, peer: IpAddr) {
    if !draw(cx, peer, "wrong", FROM_ADDRESS - 1.0, FROM_ADDRESS / WITHIN_S) {
        // No deeper than it is: a site without limits must not hold us up.
        let _ = (0..DEPTH)
            .take_while(|_| draw(cx, peer, "try", f64::from(DEPTH), 1.0 / WITHIN_S))
            .count();
    }
}
