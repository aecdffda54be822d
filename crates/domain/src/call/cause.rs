//! Why something happened to a call.

use serde::{Deserialize, Serialize};

/// Why an event happened: the values of TSAPI (`nxproxy-rio.md` 7.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cause(pub i16);

#[allow(missing_docs, reason = "the standard's own names")]
impl Cause {
    pub const NONE: Self = Self(-1);
    pub const ACTIVE_MONITOR: Self = Self(1);
    pub const BUSY: Self = Self(3);
    pub const CALL_BACK: Self = Self(4);
    pub const CANCELLED: Self = Self(5);
    pub const FORWARD_ALWAYS: Self = Self(6);
    pub const FORWARD_BUSY: Self = Self(7);
    pub const FORWARD_NO_ANSWER: Self = Self(8);
    pub const NOT_ANSWERED: Self = Self(10);
    pub const PICKUP: Self = Self(11);
    pub const NOT_OBTAINABLE: Self = Self(13);
    pub const DO_NOT_DISTURB: Self = Self(14);
    pub const MAINTENANCE: Self = Self(19);
    pub const CONGESTION: Self = Self(20);
    pub const NEW_CALL: Self = Self(22);
    pub const NO_AGENTS: Self = Self(23);
    pub const OVERRIDE: Self = Self(24);
    pub const OVERFLOW: Self = Self(26);
    pub const RECALL: Self = Self(27);
    pub const REDIRECTED: Self = Self(28);
    pub const NO_RESOURCES: Self = Self(30);
    pub const SILENT_MONITOR: Self = Self(31);
    pub const TRANSFER: Self = Self(32);
    pub const TRUNKS_BUSY: Self = Self(33);
    pub const SINGLE_STEP: Self = Self(52);
    pub const OUT_OF_ORDER: Self = Self(65);
}

impl Cause {
    /// A stable name for why somebody was not reached.
    pub const fn unreached(self) -> &'static str {
        match self {
            Self::BUSY => "busy",
            Self::NOT_ANSWERED => "no_answer",
            Self::DO_NOT_DISTURB => "do_not_disturb",
            Self::NOT_OBTAINABLE => "no_such_number",
            Self::OUT_OF_ORDER => "out_of_order",
            Self::NO_AGENTS => "closed",
            Self::NO_RESOURCES => "full",
            _ => "unreached",
        }
    }
}
