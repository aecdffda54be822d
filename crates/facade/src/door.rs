//! The shapes a façade may take, and what it may ask of its server. Nothing here waits, reads a clock or a socket.
//!
//! - An **exchange** is one HTTP request. It is a chain of [`Step`]s: each says what it needs and what shall be done
//!   with the answer, until one is a [`Step::Reply`].
//! - A [`Session`] is one WebSocket. It is told what comes and puts [`Effect`]s out. One that stands without a socket is
//!   asked by exchanges ([`Step::Ask`]): so a request waits for what happens (a long poll).
//!
//! Both are driven alike by `server` (sockets, disk) and by `sim` (one seed).

use domain::chance::Chance;
use domain::command::{Command, Done};
use domain::directory::CtiUser;
use domain::id::{FileId, KeyId, TokenHash};
use domain::node::{Published, Topic};
use domain::query::{Answer, Query};
use domain::refusal::Refusal;
use domain::signal::Signal;
use domain::time::Millis;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

/// A tenant, by its place in the server's list: it stands in tokens, so that their realm is known at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RealmNo(pub u16);

/// Everything a step may use: the time, chance, and what is known of the server.
pub struct Cx<'a> {
    /// Now.
    pub now: Millis,
    /// Chance.
    pub chance: &'a mut dyn Chance,
    /// The server.
    pub site: &'a dyn Site,
}

/// What a façade may know of its server.
pub trait Site {
    /// The switches of the configuration that concern façades.
    fn settings(&self) -> &Settings;
    /// An access key of any realm, with its secret unsealed.
    fn key(&self, id: &str) -> Option<AccessKey>;
    /// The realm of an instance id (as text, lower case), a name or an alias.
    fn realm(&self, name: &str) -> Option<RealmNo>;
    /// The realm that a page uses which names none: the first.
    fn default_realm(&self) -> RealmNo;
    /// Takes one from the bucket of this name; false when it is empty. Buckets refill at `rate` a second to `burst`.
    fn allow(&self, bucket: &str, rate: f64, burst: f64) -> bool;
    /// Is there one in the bucket of this name? Takes none.
    fn has(&self, bucket: &str, rate: f64, burst: f64) -> bool;
    /// Unseals a secret of the directory.
    fn unseal(&self, sealed: &str) -> Option<Vec<u8>>;
    /// Seals a secret for the directory.
    fn seal(&self, secret: &[u8]) -> String;
    /// A code that nobody else can make for these bytes, the same each time: it makes a name of them that cannot be
    /// guessed. None where there is no key for it.
    fn mac(&self, _what: &[u8]) -> Option<[u8; 32]> {
        None
    }
    /// What a compact JWS says, if one of these keys (a JWK Set) has signed it by RS256 or ES256.
    fn signed(&self, _token: &str, _keys: &[u8]) -> Option<Vec<u8>> {
        None
    }
    /// A CTI user of any realm. Known without asking the realm, so that logging in works while it is away.
    fn cti_user(&self, _id: &str) -> Option<CtiLogin> {
        None
    }
}

/// A CTI user, and where they belong.
#[derive(Debug, Clone)]
pub struct CtiLogin {
    /// Their realm.
    pub realm: RealmNo,
    /// Who they are, and what they may do.
    pub user: Arc<CtiUser>,
    /// The realm's local time is so many minutes ahead of UTC.
    pub utc_offset_minutes: i32,
}

/// An access key.
#[derive(Clone)]
pub struct AccessKey {
    /// Its public half.
    pub id: KeyId,
    /// Its realm.
    pub realm: RealmNo,
    /// Its secret half.
    pub secret: Arc<str>,
    /// What it may do.
    pub actions: Vec<Arc<str>>,
}

/// Requests per second, and how many at once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Refill per second.
    pub per_second: f64,
    /// Size of the bucket.
    pub burst: f64,
}

/// Switches of the configuration that concern façades.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The address clients use, such as `https://chat.example.com/aws`; none: as each request names it.
    pub public_url: Option<String>,
    /// The path below which everything lies, such as `/aws`; empty for none.
    pub base_path: String,
    /// The version of the server, for people.
    pub version: &'static str,
    /// The demo: public passwords, so only loopback names are answered.
    pub demo: bool,
    /// Request rates by bucket name, such as `connect.StartChatContact` or `participant.SendMessage`; absent: unlimited.
    pub rates: BTreeMap<String, Rate>,
    /// A bot may be let in although an agent is there (the real service refuses).
    pub bots_beside_agents: bool,
    /// The server's local time is so many minutes ahead of UTC: a day of realms that say nothing else begins by it.
    pub utc_offset_minutes: i32,
    /// AWS account number shown in ARNs.
    pub account: String,
    /// AWS region shown in ARNs when the caller names none.
    pub region: String,
    /// File name endings that may be sent, lower case, with their dot.
    pub file_types: Vec<String>,
    /// Addresses of the listeners by name (`http`, `https`, …), for `/api/v1/about`.
    pub listeners: BTreeMap<String, String>,
    /// Origins of sites that may show the web chat in a frame, such as `https://www.example.com`.
    pub chat_sites: Vec<String>,
    /// Origins of sites that may show the desk in a frame, such as `https://crm.example.com`.
    pub desk_sites: Vec<String>,
    /// Sockets of other servers that the web chat's page may be pointed at, such as `wss://other.example.com:6081`.
    pub chat_sockets: Vec<String>,
}

/// The first part of a request.
#[derive(Debug, Clone)]
pub struct Head {
    /// Upper case.
    pub method: String,
    /// As sent, still percent-encoded, without the query.
    pub path: String,
    /// As sent, without the question mark; empty for none.
    pub query: String,
    /// Names in lower case, in the order received; a name may come more than once.
    pub headers: Vec<(String, String)>,
    /// It came over TLS.
    pub tls: bool,
    /// Who sent it (behind a trusted proxy: whom the proxy names).
    pub peer: IpAddr,
}

impl Head {
    /// The first header of this name (lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// A whole request.
#[derive(Debug, Clone)]
pub struct Request {
    /// Its first part.
    pub head: Head,
    /// Its body; empty where [`BodyWanted::Streamed`] was asked for.
    pub body: Vec<u8>,
}

/// How the server shall read a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyWanted {
    /// Whole, up to so many bytes; a longer one is answered 413 by the façade's own error.
    Whole(usize),
    /// By [`Step::Receive`].
    Streamed,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What is done with an answer.
pub type Then<T> = Box<dyn FnOnce(&mut Cx<'_>, T) -> Step + Send>;

/// How an upload ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// All bytes are stored.
    Stored {
        /// How many.
        size: u64,
        /// The first bytes (up to 512), from which the type is told.
        start: Vec<u8>,
    },
    /// More or fewer bytes than declared.
    WrongSize,
    /// The client went away, or was too slow.
    Broken,
    /// The disk is full, or the like.
    Fault,
}

/// A file in a form (RFC 7578), of which only the head has been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The name that its sender gave it.
    pub name: String,
}

/// The outline of a recording.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outline {
    /// The lowest and the highest sample of each stretch, of the left side and of the right.
    pub sides: [Vec<(i16, i16)>; 2],
    /// Where nothing was kept, in order.
    pub silences: Vec<Silence>,
}

/// A stretch of a recording of which nothing was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Silence {
    /// `masked` or `paused`.
    pub why: &'static str,
    /// Where it begins, in milliseconds.
    pub from: u64,
    /// How long it is.
    pub length: u64,
}

/// A call to somebody else's server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Where to.
    pub url: String,
    /// Headers to send with it.
    pub headers: Vec<(&'static str, String)>,
    /// What is posted; none asks by GET.
    pub body: Option<String>,
}

/// Why a call came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallFault {
    /// Nobody answered in time, or it may not be called.
    Away,
    /// It answered with this status, which is none of success.
    Refused(u16),
}

/// What one request needs next.
pub enum Step {
    /// Nothing more: this is the answer.
    Reply(Response),
    /// A command; a fault is answered 500 (503 when the disk is full) by the server through [`Fault`].
    Do(RealmNo, &'static str, Box<Command>, Then<Result<Done, Refusal>>),
    /// A question.
    Read(RealmNo, Box<Query>, Then<Result<Answer, Refusal>>),
    /// Is this the password of this argon2 hash? Costs 20 ms of CPU, elsewhere. `None` burns the same time and says no.
    Verify {
        /// The password.
        password: String,
        /// The hash (PHC string).
        hash: Option<Arc<str>>,
        /// What then.
        then: Then<bool>,
    },
    /// Hash a new password by argon2.
    Hash {
        /// The password.
        password: String,
        /// What then.
        then: Then<Arc<str>>,
    },
    /// Take the request's body as the bytes of a file.
    Receive {
        /// The file.
        file: FileId,
        /// Exactly so many bytes.
        size: u64,
        /// What then.
        then: Then<Received>,
    },
    /// Read the request's body, a streamed one, as a form up to the head of its first file; none if it is no form, or has
    /// no file.
    Form {
        /// What then.
        then: Then<Option<Part>>,
    },
    /// Take the file that the form has come to.
    ReceivePart {
        /// The file.
        file: FileId,
        /// At most so many bytes; more are [`Received::WrongSize`].
        most: u64,
        /// What then.
        then: Then<Received>,
    },
    /// Answer with the bytes of a file; ranges are honoured.
    Send {
        /// The file.
        file: FileId,
        /// Its thumbnail instead, if it has one.
        thumbnail: bool,
        /// Headers to send with it.
        headers: Vec<(&'static str, String)>,
    },
    /// Draw the outline of a recording's sound.
    Peaks {
        /// The file.
        file: FileId,
        /// In so many stretches; in fewer where it is that short.
        points: u16,
        /// What then. None: its bytes are not there, or are no recording.
        then: Then<Option<Outline>>,
    },
    /// Ask a standing session: one without a socket, kept by the server under a name. The answer may take a while.
    Ask {
        /// Its realm.
        realm: RealmNo,
        /// Its name.
        name: Arc<str>,
        /// Makes it, if it does not stand yet; none asks it only if it stands.
        make: Option<Box<dyn FnOnce() -> Box<dyn Session> + Send>>,
        /// What is asked.
        ask: Arc<str>,
        /// What then. None: it does not stand, it fell before it had answered, the server has too many, or stops.
        then: Then<Option<Arc<str>>>,
    },
    /// Call somebody else's server, by the one client there is and within its limits.
    Call {
        /// For which realm: its list says which hosts may be called although they are not public.
        realm: RealmNo,
        /// What for.
        call: Box<Call>,
        /// What then: the body of a success.
        then: Then<Result<Vec<u8>, CallFault>>,
    },
    /// Take the connection over as a WebSocket.
    Upgrade {
        /// The sub-protocol to name in the answer.
        protocol: Option<&'static str>,
        /// Headers to send with it.
        headers: Vec<(&'static str, String)>,
        /// What limits it.
        limits: SocketLimits,
        /// Its realm.
        realm: RealmNo,
        /// Who drives it.
        session: Box<dyn Session>,
    },
}

/// The world broke while a request was under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing can be written: the disk is full. Reading goes on.
    Full,
    /// Anything else; the log knows more.
    Broken,
    /// The realm is not ready: it is being rebuilt, or the server stops.
    Unready,
    /// The body was longer than wanted.
    TooLarge,
    /// The request did not arrive in time.
    Slow,
}

/// What limits a socket. Each number is enforced by the server, with the close code in brackets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SocketLimits {
    /// Bytes of one frame (1009).
    pub frame: usize,
    /// Frames a second (1008).
    pub frames_per_second: u32,
    /// Bytes not yet taken by the other side (1013).
    pub unsent: usize,
    /// Silence, pongs counted as sound ([`Self::silent`]).
    pub silence: Millis,
    /// How often the other side is asked for a sign of life; seldomer while frames are sent to it and silence is far off.
    pub ping: Millis,
    /// What one that was silent for too long is closed with; none drops the connection without a word.
    pub silent: Option<u16>,
    /// What everyone is closed with when the server stops.
    pub stopping: u16,
}

impl SocketLimits {
    /// The usual time between pings.
    pub const PING: Millis = Millis::from_secs(25);
}

/// What a session wants.
#[derive(Debug)]
pub enum Effect {
    /// Send a text frame. What many are sent alike is shared.
    Send(Arc<str>),
    /// Close.
    Close(u16, &'static str),
    /// A command; its outcome comes back under this number.
    Do(u64, &'static str, Box<Command>),
    /// A question; its answer comes back under this number.
    Read(u64, Box<Query>),
    /// Tell me all that is published on this topic from now on.
    Watch(Topic),
    /// No more.
    Unwatch(Topic),
    /// Call [`Session::on_time`] then; a later wish replaces an earlier one.
    Wake(Millis),
    /// Is this the password of this argon2 hash? The word comes back under this number. `None` burns the same time.
    Verify(u64, String, Option<Arc<str>>),
    /// The answer to what was asked under this number. Only standing sessions are asked.
    Answer(u64, Arc<str>),
    /// From now on this realm is meant; what was watched in another is not watched any more.
    Enter(RealmNo),
}

/// Where effects are laid, oldest first.
pub type Out = Vec<Effect>;

/// One WebSocket.
pub trait Session: Send {
    /// It is open.
    fn on_open(&mut self, cx: &mut Cx<'_>, out: &mut Out);
    /// A text frame came.
    fn on_text(&mut self, cx: &mut Cx<'_>, text: &str, out: &mut Out);
    /// A command was carried out, refused, or met a fault.
    fn on_outcome(
        &mut self,
        cx: &mut Cx<'_>,
        ticket: u64,
        outcome: Result<Result<Done, Refusal>, Fault>,
        out: &mut Out,
    );
    /// A question was answered; with the number of the newest deed the answer rests on.
    fn on_answer(
        &mut self,
        cx: &mut Cx<'_>,
        ticket: u64,
        answer: Result<Result<Answer, Refusal>, Fault>,
        seq: u64,
        out: &mut Out,
    );
    /// A fact was published on a watched topic. Each fact comes once, whatever number of its topics is watched.
    fn on_fact(&mut self, cx: &mut Cx<'_>, fact: &Arc<Published>, out: &mut Out);
    /// A signal was.
    fn on_signal(&mut self, cx: &mut Cx<'_>, signal: &Arc<Signal>, out: &mut Out);
    /// The time it asked for has come.
    fn on_time(&mut self, cx: &mut Cx<'_>, out: &mut Out);
    /// A standing session is asked; answered by [`Effect::Answer`] under this number. Whoever asked may have gone by then.
    fn on_ask(&mut self, _: &mut Cx<'_>, _: u64, _: &str, _: &mut Out) {}
    /// A password was looked at.
    fn on_verified(&mut self, _: &mut Cx<'_>, _: u64, _: Result<bool, Fault>, _: &mut Out) {}
    /// It is closed; only commands are still carried out.
    fn on_close(&mut self, cx: &mut Cx<'_>, out: &mut Out);
}

/// A fresh secret for a realm, and its hash.
///
/// The secret is base64url of the realm's place and 32 random bytes: header-safe, 46 characters.
pub fn mint(cx: &mut Cx<'_>, realm: RealmNo) -> (String, TokenHash) {
    use base64::Engine as _;
    let mut bytes = [0; 34];
    bytes[..2].copy_from_slice(&realm.0.to_be_bytes());
    bytes[2..].copy_from_slice(&cx.chance.bytes());
    let secret = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
    let hash = hash_of(&secret);
    (secret, hash)
}

/// The realm that a secret names, and its hash; none if it is not one of ours.
pub fn open(secret: &str) -> Option<(RealmNo, TokenHash)> {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(secret)
        .ok()
        .filter(|b| b.len() == 34)?;
    Some((RealmNo(u16::from_be_bytes([bytes[0], bytes[1]])), hash_of(secret)))
}

fn hash_of(secret: &str) -> TokenHash {
    use sha2::Digest as _;
    TokenHash(sha2::Sha256::digest(secret.as_bytes()).into())
}

/// The key by which a client's repeat is known: its token, hashed with what it is for.
pub fn client_key(scope: &str, token: &str) -> domain::id::ClientKey {
    use sha2::Digest as _;
    let mut hash = sha2::Sha256::new();
    hash.update(scope.as_bytes());
    hash.update([0]);
    hash.update(token.as_bytes());
    let hash: [u8; 32] = hash.finalize().into();
    let mut key = [0; 16];
    key.copy_from_slice(&hash[..16]);
    domain::id::ClientKey(key)
}
