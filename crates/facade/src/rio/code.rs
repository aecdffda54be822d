//! Result codes, with the names of seed 002 §1.6.1 (`nxproxy-rio.md` 3).

use crate::door::Fault;
use domain::refusal::Refusal;

/// How a request came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub(super) enum Code {
    /// SUCCSSS (sic).
    Success = 1,
    /// `NOT_SUPPORT`: no such service.
    NotSupported = -4001,
    /// `RESPONSE_FAIL`: the engine refused.
    Refused = -4005,
    /// `TIME_OUT`: the engine did not answer.
    TimedOut = -4006,
    /// `LOGIN_FAIL`.
    LoginFailed = -4007,
    /// `BAD_LOGIN`: not logged in.
    NotLoggedIn = -4008,
    /// `MONITOR_ADD_FALL` (sic).
    NotMonitored = -4009,
    /// `INVALID_JSON_TYPE`.
    NotJson = -4010,
    /// `INVALID_PARAMS`.
    BadParameters = -4011,
    /// `SERVER_UNKNOWN`: no link to the engine.
    NoLink = -4901,
}

impl Code {
    /// Its number.
    pub(super) const fn number(self) -> i32 {
        self as i32
    }

    /// What the engine's refusal is here; all are alike.
    pub(super) const fn of_refusal(_: &Refusal) -> Self {
        Self::Refused
    }

    /// What a fault is here: the engine is not there, or cannot write.
    pub(super) const fn of_fault(_: Fault) -> Self {
        Self::NoLink
    }
}
