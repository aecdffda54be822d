//! A push token that came with a call, on its way to the realm's webhook.

use crate::id::DeviceId;
use crate::time::Millis;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// So long it is tried to give a token to the webhook.
pub const TRIED: Millis = Millis(60 * 60 * 1_000);

/// A token, and what its receiver must know of the call it came with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Push {
    /// The push service's own words.
    pub token: Arc<str>,
    /// Who calls: a claim, as all that a page says of itself.
    pub customer: DeviceId,
    /// The number that was called.
    pub dialed: DeviceId,
    /// The matter's number.
    pub cnid: Arc<str>,
    /// When it came.
    pub at: Millis,
}
