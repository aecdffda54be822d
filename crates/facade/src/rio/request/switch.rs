//! Requests to the switch (seed 002 §1.5.3).

use crate::rio::code::Code;
use crate::rio::read::{Message, Read};
use domain::call::{Attached, Barge, CallId, Wish};
use domain::id::DeviceId;
use std::sync::Arc;

/// The acting telephone: `this`.
pub(super) fn this(message: &Message) -> Read<DeviceId> {
    Ok(DeviceId::from(message.number_text("this")?.as_str()))
}

/// The number that is called, as it was written: `-` and blanks in it are the switch's to leave out.
fn called(message: &Message) -> Read<Arc<str>> {
    let number = message.needed("called", 64)?;
    if number.trim().is_empty() { Err(Code::BadParameters) } else { Ok(number.into()) }
}

/// A call's number: `0 < n < 32767`.
fn call(message: &Message, key: &str) -> Read<CallId> {
    let number = message.integer(key, 1..=i64::from(CallId::LAST))?.ok_or(Code::BadParameters)?;
    u16::try_from(number).map(CallId).map_err(|_| Code::BadParameters)
}

/// `uui`, and `attach` with `uei` and `ci`; these two also at top level.
fn attached(message: &Message) -> Read<Attached> {
    let attach = message.object("attach")?;
    let within = |key: &str| -> Read<String> {
        let inside = attach.as_ref().map_or(Ok(None), |attach| attach.text(key, 1_024))?;
        let text = match inside {
            Some(text) => Some(text),
            None => message.text(key, 1_024)?,
        };
        Ok(text.unwrap_or_default())
    };
    Ok(Attached {
        uui: message.text("uui", 256)?.unwrap_or_default().into(),
        uei: within("uei")?.into(),
        ci: within("ci")?.into(),
        push: "".into(),
    })
}

/// `{"fname":"dial","this":"1001","called":"1002","uui":"U","attach":{"uei":"x","ci":"y"}}`
pub(super) fn dial(message: &Message) -> Read<Wish> {
    let (device, to) = (this(message)?, called(message)?);
    Ok(Wish::Dial { device, to, attached: attached(message)? })
}

/// `{"fname":"answer","this":"1002","c1":2011}`, and its like.
pub(super) fn at(message: &Message, wish: fn(DeviceId, CallId) -> Wish) -> Read<Wish> {
    Ok(wish(this(message)?, call(message, "c1")?))
}

/// `{"fname":"transfer","this":"1001","c1":"1","held":"1002","c2":"2"}`. `held` need only be there: clients put
/// different numbers into it.
pub(super) fn two(message: &Message, wish: fn(DeviceId, CallId, CallId) -> Wish) -> Read<Wish> {
    let (this, one) = (this(message)?, call(message, "c1")?);
    message.needed("held", 64)?;
    Ok(wish(this, one, call(message, "c2")?))
}

/// `{"fname":"consult","this":"1001","c1":"1","called":"1002","mode":"0"}`. The mode is a hint.
pub(super) fn consult(message: &Message) -> Read<Wish> {
    let (device, call) = (this(message)?, call(message, "c1")?);
    let to = called(message)?;
    message.integer("mode", 0..=1)?;
    Ok(Wish::Consult { device, call, to, attached: attached(message)? })
}

/// `{"fname":"sstransfer","this":"1001","c1":"1","called":"1002"}`
pub(super) fn single_step(message: &Message) -> Read<Wish> {
    let (device, call) = (this(message)?, call(message, "c1")?);
    let to = called(message)?;
    Ok(Wish::SingleStep { device, call, to, attached: attached(message)? })
}

/// `{"fname":"bargein","this":"9001","called":"1001"}`
pub(super) fn barge_in(message: &Message) -> Read<Wish> {
    let device = this(message)?;
    let target = DeviceId::from(message.number_text("called")?.as_str());
    let mode = match message.integer("mode", 0..=2)? {
        Some(1) => Barge::Join,
        Some(2) => Barge::Whisper,
        _ => Barge::Listen,
    };
    Ok(Wish::Barge { device, target, mode })
}
