//! `login`, `logout`, `addmonitor`, `removemonitor` (seed 002 §1.5.2).

use crate::rio::code::Code;
use crate::rio::read::{Message, Read};
use domain::id::DeviceId;

/// Bytes of a log-in's id (seed 002 §1.5.2.1: 24, no Hangul, no special characters).
pub(in crate::rio) const LONGEST_ID: usize = 24;

/// A log-in.
#[derive(Debug)]
pub(in crate::rio) struct LogIn {
    /// As whom.
    pub(in crate::rio) id: String,
    /// The password.
    pub(in crate::rio) password: String,
}

/// `{"fname":"login","id":"cube","pwd":"cube123"}`. An id that nobody can have is no bad parameter: it fails to log in.
pub(super) fn log_in(message: &Message) -> Read<LogIn> {
    let id = message.needed("id", usize::MAX)?;
    let password = message.needed("pwd", 128)?;
    Ok(LogIn { id, password })
}

/// `{"fname":"addmonitor","device":"1001"}`
pub(super) fn device(message: &Message) -> Read<DeviceId> {
    let device = message.number_text("device").map_err(|_| Code::BadParameters)?;
    Ok(DeviceId::from(device.as_str()))
}
