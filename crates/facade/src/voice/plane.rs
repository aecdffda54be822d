//! The media plane, as the switch needs it: legs, what each of them hears, and what is kept of it.
//!
//! The switch never reads SDP and never sees a packet. It says of each leg what it hears, as a whole and not as a change, so
//! that the picture of a call is a plain function of the call; the plane finds the cheapest way to bring that about. Nothing
//! here waits: a leg's socket is bound by the call that makes it.

use crate::door::RealmNo;
use domain::id::ContactId;
use domain::time::Millis;
use std::sync::Arc;

/// One end of sound: a telephone's, a trunk's, a browser's. Named by whoever opens it, never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Leg(pub u64);

/// A recording that runs, named by whoever starts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tape(pub u64);

/// What a tape is of, so that it is found again even if the server is cut short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About {
    /// The realm.
    pub realm: RealmNo,
    /// The segment of the call.
    pub contact: ContactId,
    /// When it begins.
    pub began: Millis,
}

/// Why nothing of what is said is on a tape for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pause {
    /// Nobody talks with anybody: the call is on hold.
    Paused,
    /// What is said must not be kept.
    Masked,
}

/// How a leg's sound travels. For a leg that answers, the offer says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// RTP as it is (RFC 3550).
    Plain,
    /// SRTP, its keys in the SDP (RFC 4568): only over TLS or WSS.
    Sdes,
    /// ICE and DTLS-SRTP (RFC 8445, 5764), as browsers do.
    Web,
}

/// Whether the other side sends and hears, as its SDP says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way {
    /// It sends sound.
    pub sends: bool,
    /// It wants to hear some.
    pub hears: bool,
}

/// An answer to an offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// The SDP to answer with.
    pub sdp: String,
    /// What the other side does.
    pub way: Way,
}

/// Something that sounds without anybody who speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sound {
    /// Ringback.
    Ringback,
    /// Busy.
    Busy,
    /// 440 Hz, loud: the test number 3998.
    Test,
    /// 350 Hz, quiet: what a virtual telephone says, so that the far ear can tell it from silence.
    Quiet,
    /// Music on hold: a file of this name from the sounds' folder, in a loop; a built-in tune if it is empty or not there.
    Music(Arc<str>),
    /// Files of these names one after the other, then music. Names that are not there are passed over.
    Announce(Arc<[Arc<str>]>),
}

/// What a leg hears.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Hear {
    /// Nothing at all.
    #[default]
    Nothing,
    /// A sound.
    Sound(Sound),
    /// Itself: the test number 3999.
    Itself,
    /// Everything these say. One is relayed; several (up to 8) are mixed. Sounds stand for virtual telephones among them.
    Those(Vec<Leg>, Vec<Sound>),
}

/// Why the plane says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlaneFault {
    /// No port is left, or the machine gives no socket.
    #[error("no media port is free")]
    Full,
    /// No codec, no transport or no security in common: 488.
    #[error("nothing in the offer can be used")]
    Unfit,
    /// It is no SDP: 400.
    #[error("the session description cannot be read")]
    Unreadable,
    /// There is no such leg, or it is not in a state for this.
    #[error("the leg is not in a state for this")]
    WrongState,
}

/// What the plane tells by itself.
#[derive(Debug, Clone, PartialEq)]
pub enum Noticed {
    /// A key was pressed (RFC 4733): `0`-`9`, `*`, `#`, `A`-`D`.
    Key(Leg, char),
    /// Nothing has come from a leg that sends for so many milliseconds: the phone has vanished.
    Silent(Leg, u64),
    /// A leg ended; how good it was.
    Report(Leg, Quality),
}

/// How good a leg was.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Quality {
    /// Packets that came.
    pub received: u64,
    /// Packets that went.
    pub sent: u64,
    /// Packets that were lost on the way to us.
    pub lost: u64,
    /// Jitter, in microseconds.
    pub jitter: u32,
    /// The estimated mean opinion score, 1.0 to 4.5; 0 if nothing came.
    pub mos: f32,
}

/// The media plane.
pub trait Plane {
    /// Opens a leg and makes an offer for it. `like` is the leg it will mostly be joined to: its codec is offered first.
    ///
    /// # Errors
    /// [`PlaneFault::Full`].
    fn offer(&mut self, leg: Leg, wire: Wire, like: Option<Leg>) -> Result<String, PlaneFault>;
    /// Takes the answer to an offer. One in the clear to an offer with keys is none (RFC 3264 §6, RFC 4568 §5.1.3).
    ///
    /// # Errors
    /// [`PlaneFault::Unreadable`], [`PlaneFault::Unfit`], [`PlaneFault::WrongState`].
    fn conclude(&mut self, leg: Leg, answer: &[u8]) -> Result<Way, PlaneFault>;
    /// Opens a leg by somebody's offer, or takes a new offer for a leg that is open.
    ///
    /// # Errors
    /// All but [`PlaneFault::WrongState`].
    fn answer(&mut self, leg: Leg, offer: &[u8]) -> Result<Agreed, PlaneFault>;
    /// The answer to a leg's offer, now that it is known whom it will talk to: what that one cannot show is refused. None: it
    /// stays as it is.
    fn settle(&mut self, leg: Leg, with: Option<Leg>) -> Option<String>;
    /// The SDP of an open leg once more, as an offer: for a re-INVITE. `hold` makes it `sendonly`.
    ///
    /// # Errors
    /// [`PlaneFault::WrongState`].
    fn again(&mut self, leg: Leg, hold: bool) -> Result<String, PlaneFault>;
    /// Whether somebody's offer can only be taken with sound that is kept secret.
    fn is_secret(&self, offer: &[u8]) -> bool;
    /// What a leg hears from now on.
    fn hear(&mut self, leg: Leg, what: Hear);
    /// Plays a key to a leg for so many milliseconds.
    fn press(&mut self, leg: Leg, key: char, millis: u32);
    /// Ends a leg. A report follows.
    fn close(&mut self, leg: Leg);
    /// Begins a tape. What becomes of it is the business of whoever keeps tapes.
    fn begin(&mut self, tape: Tape, about: About);
    /// Who is on a tape from now on: its left channel is what the first say, its right what the others do.
    fn record(&mut self, tape: Tape, left: &[Leg], right: &[Leg]);
    /// Silence on a tape instead of what is said, under a mark that says why; until it is lifted.
    fn pause(&mut self, tape: Tape, why: Option<Pause>);
    /// Ends a tape.
    fn stop(&mut self, tape: Tape);

    /// From now on, what is asked may wait until [`Plane::flush`]: whoever asks for much at once disturbs a plane once.
    fn gather(&mut self) {}

    /// What was asked for since [`Plane::gather`] is done now.
    fn flush(&mut self) {}
}
