//! The one request under way: requests of a connection are carried out one after the other, and what they cause is told
//! after their answers (`nxproxy-rio.md` 1, "Order").

use super::code::Code;
use super::read::Message;
use domain::directory::CtiProfile;
use domain::id::{DeviceId, UserId};
use domain::time::Millis;

/// What is waited for.
#[derive(Debug)]
pub(super) enum Awaited {
    /// Is the password right?
    Password(String),
    /// The engine's word.
    Engine,
    /// The engine's word on an agent who logs on.
    LogOn(UserId),
    /// The engine's word on barging in: that joins a call, and makes none.
    Joining,
    /// How a device stands.
    Device(DeviceId, bool),
}

/// A request under way.
#[derive(Debug)]
pub(super) struct Pending {
    /// The request, to be echoed.
    pub(super) message: Message,
    /// Under this number the answer comes.
    pub(super) ticket: u64,
    /// What is waited for.
    pub(super) awaited: Awaited,
    /// Not longer than until then.
    pub(super) until: Millis,
}

/// A response.
pub(super) fn response(
    message: &Message,
    code: Code,
    call: Option<u16>,
    profile: CtiProfile,
) -> String {
    let number = match call.filter(|_| profile.dial_call_id && code == Code::Success) {
        Some(call) => i32::from(call),
        None => code.number(),
    };
    let result = if profile.result_text { format!("\"{number}\"") } else { number.to_string() };
    message.echo(&result, call.filter(|_| code == Code::Success))
}
