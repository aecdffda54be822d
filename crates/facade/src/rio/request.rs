//! What a message wants: its service, and then its parameters (`nxproxy-rio.md` 5).
//!
//! The order of checks is the wire's own: `fname` there, known, logged in, parameters (`nxproxy-rio.md` 3).

mod agent;
mod login;
mod switch;

use super::code::Code;
use super::read::{Message, Read, Scalar};
use domain::call::Wish;
use domain::id::DeviceId;

pub(super) use login::{LONGEST_ID, LogIn};

/// The services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    LogIn,
    LogOut,
    AddMonitor,
    RemoveMonitor,
    Dial,
    Answer,
    Clear,
    Hold,
    Retrieve,
    SingleStep,
    Consult,
    Confer,
    Transfer,
    BargeIn,
    LogOn,
    LogOff,
    NotReady,
    Ready,
    AfterWork,
}

/// What is wanted, once its parameters are right.
#[derive(Debug)]
pub(super) enum Wanted {
    /// To log in.
    LogIn(LogIn),
    /// To log out, as whom.
    LogOut(String),
    /// To watch a device; to be told how it stands.
    Watch(DeviceId, bool),
    /// To watch it no more.
    Unwatch(DeviceId),
    /// Something of the engine.
    Engine(&'static str, Wish),
}

impl Service {
    /// The service of a name, in any letter case.
    fn of(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "login" => Self::LogIn,
            "logout" => Self::LogOut,
            "addmonitor" => Self::AddMonitor,
            "removemonitor" => Self::RemoveMonitor,
            "dial" => Self::Dial,
            "answer" => Self::Answer,
            "clear" => Self::Clear,
            "hold" => Self::Hold,
            "retrieve" => Self::Retrieve,
            // seed: the chapter is called singletransfer, its `fname` is sstransfer.
            "sstransfer" | "singletransfer" => Self::SingleStep,
            "consult" => Self::Consult,
            "confer" => Self::Confer,
            "transfer" => Self::Transfer,
            "bargein" => Self::BargeIn,
            "logon" => Self::LogOn,
            "logoff" => Self::LogOff,
            "notready" => Self::NotReady,
            "ready" => Self::Ready,
            "afterwork" => Self::AfterWork,
            _ => return None,
        })
    }

    /// The service that a message names.
    pub(super) fn named(message: &Message) -> Read<Self> {
        match message.scalar("fname")? {
            Some(Scalar::Text(name)) => Self::of(&name).ok_or(Code::NotSupported),
            Some(Scalar::Number(_)) | None => Err(Code::BadParameters),
        }
    }

    /// Reads the parameters.
    pub(super) fn wanted(self, message: &Message) -> Read<Wanted> {
        Ok(match self {
            Self::LogIn => Wanted::LogIn(login::log_in(message)?),
            Self::LogOut => Wanted::LogOut(message.needed("id", usize::MAX)?),
            Self::AddMonitor => {
                let snapshot = message.integer("snapshot", 0..=1)? == Some(1);
                Wanted::Watch(login::device(message)?, snapshot)
            }
            Self::RemoveMonitor => Wanted::Unwatch(login::device(message)?),
            Self::Dial => Wanted::Engine("rio.dial", switch::dial(message)?),
            Self::Answer => Wanted::Engine("rio.answer", switch::at(message, Wish::Answer)?),
            Self::Clear => Wanted::Engine("rio.clear", switch::at(message, Wish::Clear)?),
            Self::Hold => Wanted::Engine("rio.hold", switch::at(message, Wish::Hold)?),
            Self::Retrieve => Wanted::Engine("rio.retrieve", switch::at(message, Wish::Retrieve)?),
            Self::SingleStep => Wanted::Engine("rio.sstransfer", switch::single_step(message)?),
            Self::Consult => Wanted::Engine("rio.consult", switch::consult(message)?),
            Self::Confer => Wanted::Engine("rio.confer", switch::two(message, Wish::Confer)?),
            Self::Transfer => Wanted::Engine("rio.transfer", switch::two(message, Wish::Transfer)?),
            Self::BargeIn => Wanted::Engine("rio.bargein", switch::barge_in(message)?),
            Self::LogOn => Wanted::Engine("rio.logon", agent::log_on(message)?),
            Self::LogOff => {
                Wanted::Engine("rio.logoff", agent::state(message, agent::Said::LogOff)?)
            }
            Self::NotReady => {
                Wanted::Engine("rio.notready", agent::state(message, agent::Said::NotReady)?)
            }
            Self::Ready => Wanted::Engine("rio.ready", agent::state(message, agent::Said::Ready)?),
            Self::AfterWork => {
                Wanted::Engine("rio.afterwork", agent::state(message, agent::Said::AfterWork)?)
            }
        })
    }
}
