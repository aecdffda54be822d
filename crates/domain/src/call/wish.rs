//! What is wished at a telephone, and what is told of the agent who sits there.

use super::{Attached, Barge, CallId, Cause, Via};
use crate::agent::Channel;
use crate::id::{DeviceId, UserId};
use crate::time::Millis;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What is told of an agent at a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// Logged on.
    LoggedOn,
    /// Logged off.
    LoggedOff,
    /// Not ready.
    NotReady,
    /// Ready.
    Ready,
    /// Finishes earlier work.
    AfterWork,
}

/// What is heard or kept of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sound {
    /// The telephone sends no sound, in any call; or does again.
    Muted(bool),
    /// Nothing of the call is kept for now; or is again.
    Masked(bool),
    /// The call is recorded from now on, as an agent asked.
    Recorded,
}

/// Where an agent sits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    /// At which telephone.
    pub device: DeviceId,
    /// The group named at log-on.
    pub group: u32,
    /// The work mode named at log-on: 1 aux, 2 after call, 3 auto in, 4 manual in.
    pub wmode: u8,
    /// Since when; logging on again begins it anew.
    #[serde(default)]
    pub since: Millis,
}

/// Where a telephone can be reached, in the words of the switch that reaches it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The switch's own words, of which nobody else makes anything.
    pub at: Arc<str>,
    /// Until when it may be good at most: a place that is refreshed is told of now and then, not each time.
    pub until: Millis,
    /// It needs no connection that ends with the switch, or one that the switch can make anew.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lasts: bool,
}

/// What somebody outside does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outside {
    /// Their telephone rings.
    Rings,
    /// They answer.
    Answers,
    /// They were not reached: why. Congestion lets the next trunk be tried.
    Fails(Cause),
    /// They hang up.
    HangsUp,
    /// They are gone without a word.
    Vanishes,
}

/// What somebody at a telephone, or an application for them, may wish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// Call a number.
    Dial {
        /// Who calls.
        device: DeviceId,
        /// The number, as it was given.
        to: Arc<str>,
        /// What the call carries.
        attached: Attached,
    },
    /// Somebody outside calls in over a trunk.
    Arrive {
        /// Their number.
        from: Arc<str>,
        /// The number they dialled.
        to: Arc<str>,
    },
    /// Somebody outside hangs up.
    HangUp {
        /// The call.
        call: CallId,
        /// And no other that has its number by now.
        number: u64,
    },
    /// A telephone can be reached by SIP from now on, at other places than before, or not any more.
    Register {
        /// Which.
        device: DeviceId,
        /// It can be reached.
        here: bool,
        /// Where.
        places: Arc<[Place]>,
    },
    /// The switch has begun anew: what went by its sockets is lost, and so is every place that does not last.
    Restart,
    /// The telephone itself has dialled. While it holds a call, or is in one, that is a consultation; after [`super::PICKUP`]
    /// the number is that of a colleague whose call it takes.
    Dialled {
        /// Which.
        device: DeviceId,
        /// The number.
        to: Arc<str>,
        /// What the call carries.
        attached: Attached,
    },
    /// Somebody outside calls in, by a trunk or from a page.
    Come {
        /// Their number, as they or their network say.
        from: Arc<str>,
        /// The number they dialled.
        to: Arc<str>,
        /// How they come.
        via: Via,
        /// What the call carries.
        attached: Attached,
        /// Every number is open to pages (the demo).
        open: bool,
    },
    /// Somebody outside does something.
    Outside {
        /// The call.
        call: CallId,
        /// And no other that has its number by now.
        number: u64,
        /// Who, as the call has them.
        device: DeviceId,
        /// What.
        did: Outside,
    },
    /// A telephone that is called does not take the call: it says that it is busy (`BUSY`), does not answer (`NOT_ANSWERED`), or
    /// cannot be reached (`OUT_OF_ORDER`).
    Reject {
        /// Which.
        device: DeviceId,
        /// The call.
        call: CallId,
        /// Why.
        cause: Cause,
    },
    /// A telephone has vanished from a call.
    Vanish(DeviceId, CallId),
    /// Take a ringing call. For an application at a registered telephone, that is asked to pick up.
    Answer(DeviceId, CallId),
    /// Leave a call.
    Clear(DeviceId, CallId),
    /// Put a call on hold.
    Hold(DeviceId, CallId),
    /// Take it back.
    Retrieve(DeviceId, CallId),
    /// Ask a third on the side.
    Consult {
        /// Who asks.
        device: DeviceId,
        /// The call that is put on hold.
        call: CallId,
        /// Whom.
        to: Arc<str>,
        /// What the new call carries.
        attached: Attached,
    },
    /// Join two calls, and leave.
    Transfer(DeviceId, CallId, CallId),
    /// Join two calls, and stay.
    Confer(DeviceId, CallId, CallId),
    /// Pass a call on without a word.
    SingleStep {
        /// Who passes it on.
        device: DeviceId,
        /// Which.
        call: CallId,
        /// To whom.
        to: Arc<str>,
        /// What it carries from now on.
        attached: Attached,
    },
    /// Take a call that rings elsewhere.
    Pickup {
        /// Who takes it.
        device: DeviceId,
        /// Where it rings.
        from: DeviceId,
    },
    /// A waiting caller is called back later: the call ends, the system has it.
    CallBack(CallId),
    /// Come into a colleague's call.
    Barge {
        /// The supervisor's telephone.
        device: DeviceId,
        /// The colleague's.
        target: DeviceId,
        /// How.
        mode: Barge,
    },
    /// Send no sound from a telephone, or send it again.
    Mute(DeviceId, bool),
    /// Keep nothing of a call for now, or keep it again.
    Mask(DeviceId, CallId, bool),
    /// Record a call from now on.
    Record(DeviceId, CallId),
    /// Send keys (`0-9*#A-D`) to the other side.
    Keys(DeviceId, CallId, Arc<str>),
    /// An agent logs on at a telephone.
    LogOn {
        /// Where.
        device: DeviceId,
        /// Who.
        agent: UserId,
        /// Which group they name.
        group: u32,
        /// For which channel.
        channel: Channel,
        /// 1 to 4.
        wmode: u8,
    },
    /// An agent at a telephone says what they are ready for, or logs off.
    State {
        /// Where.
        device: DeviceId,
        /// Who.
        agent: UserId,
        /// Which group they name.
        group: Option<u32>,
        /// Which channel; none is all.
        channel: Option<Channel>,
        /// The new state.
        state: crate::agent::AgentState,
    },
}
