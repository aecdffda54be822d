//! Causes of the trade and statuses of SIP (`nxproxy-rio.md` 7.4).

use domain::call::Cause;
use domain::refusal::Refusal;
use sip::event;

/// What a caller is answered whose call came to nothing for this cause.
pub(super) const fn status(cause: Cause) -> u16 {
    match cause {
        Cause::BUSY => 486,
        Cause::NOT_OBTAINABLE => 404,
        Cause::CANCELLED => 487,
        Cause::CONGESTION | Cause::TRUNKS_BUSY | Cause::NO_RESOURCES | Cause::MAINTENANCE => 503,
        // Not answered, do not disturb, closed, out of order.
        _ => 480,
    }
}

/// What a caller is answered whose wish was refused.
pub(super) const fn refused(refusal: &Refusal) -> u16 {
    match refusal {
        Refusal::NoSuchDevice => 404,
        Refusal::WrongState(_) => 486,
        _ => 403,
    }
}

/// Why another side did not take a call.
pub(super) fn cause(end: &event::Cause) -> Cause {
    match end {
        event::Cause::Refused(response) => match response.status {
            486 | 600 | 603 | 607 | 608 => Cause::BUSY,
            408 | 480 | 487 => Cause::NOT_ANSWERED,
            404 | 410 | 484 | 604 => Cause::NOT_OBTAINABLE,
            500..600 => Cause::CONGESTION,
            _ => Cause::OUT_OF_ORDER,
        },
        event::Cause::TimedOut | event::Cause::Lost => Cause::CONGESTION,
        _ => Cause::NOT_ANSWERED,
    }
}

/// The same of a telephone of ours: whatever is wrong with the way to it, it is out of order.
pub(super) fn of_phone(end: &event::Cause) -> Cause {
    match cause(end) {
        known @ (Cause::BUSY | Cause::NOT_ANSWERED) => known,
        _ => Cause::OUT_OF_ORDER,
    }
}
