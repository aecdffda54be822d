//! Our own registration with a trunk: asked for, challenged, refreshed, tried again.
//!
//! ```text
//!             start                200                 at half of the time
//!   Idle ───────────▶ Asking ─────────────▶ Registered ───────────────────┐
//!    ▲                 │  ▲ 401, 407: with password (once; again if stale) │
//!    │ 200 to expires=0│  └───────────────────────────────────────────────┘
//!    │                 │ refused, no answer
//!   Leaving ◀── stop   └──▶ Failed ── after 30 s, doubling to 30 min ──▶ Asking
//! ```
//!
//! Source: RFC 3261 §10.2; the waiting follows RFC 5626 §4.5.

use crate::digest::Credentials;
use crate::message::{Address, CSeq, Contact, Method, Name, Request, Response, Seconds, Uri};
use crate::mint::Mint;
use crate::time::Millis;

const FIRST_WAIT: Millis = Millis::from_secs(30);
const LONGEST_WAIT: Millis = Millis::from_secs(1_800);

/// Where a registration stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Not wanted.
    Idle,
    /// A REGISTER is under way.
    Asking,
    /// The trunk knows us.
    Registered,
    /// The trunk refused, or did not answer; it is tried again.
    Failed,
    /// A REGISTER that takes us away is under way.
    Leaving,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Send this REGISTER outside of any call, and give the answer to [`Registration::answered`], or none to
    /// [`Registration::unanswered`].
    Send(Box<Request>),
    /// Call [`Registration::timeout`] at this time.
    Wait(Millis),
    /// Nothing, until something else happens.
    Nothing,
}

/// One registration of ours.
#[derive(Debug)]
pub struct Registration {
    registrar: Uri,
    account: Address,
    contact: Address,
    credentials: Credentials,
    expires: u32,
    call_id: String,
    tag: String,
    number: u32,
    state: State,
    /// The request under way.
    asked: Option<Request>,
    challenged: bool,
    wait: Millis,
    at: Option<Millis>,
}

impl Registration {
    /// A registration of `account` at `registrar`, to be reached at `contact`, for so many seconds.
    pub fn new(
        registrar: Uri,
        account: Address,
        contact: Address,
        credentials: Credentials,
        expires: u32,
        mint: &mut Mint,
    ) -> Self {
        Self {
            registrar,
            account,
            contact,
            credentials,
            expires: expires.max(60),
            call_id: mint.call_id(),
            tag: mint.name(),
            number: 0,
            state: State::Idle,
            asked: None,
            challenged: false,
            wait: FIRST_WAIT,
            at: None,
        }
    }

    /// Where it stands.
    pub const fn state(&self) -> State {
        self.state
    }

    /// Begins, or asks again at once.
    pub fn start(&mut self) -> Step {
        self.state = State::Asking;
        self.ask(self.expires)
    }

    /// Takes us away.
    pub fn stop(&mut self) -> Step {
        if self.state == State::Idle {
            return Step::Nothing;
        }
        self.state = State::Leaving;
        self.ask(0)
    }

    fn ask(&mut self, expires: u32) -> Step {
        self.challenged = false;
        self.at = None;
        let mut request = Request::new(Method::Register, self.registrar.clone());
        request.headers.push(Name::From, self.account.clone().tagged(&self.tag));
        request.headers.push(Name::To, &self.account);
        request.headers.push(Name::CallId, &self.call_id);
        request.headers.push(Name::Contact, &self.contact);
        request.headers.push(Name::Expires, expires);
        request.headers.push(Name::Supported, "path");
        self.send(request)
    }

    fn send(&mut self, mut request: Request) -> Step {
        self.number = self.number.saturating_add(1);
        request.headers.set(Name::CSeq, CSeq { number: self.number, method: Method::Register });
        self.asked = Some(request.clone());
        Step::Send(Box::new(request))
    }

    /// The trunk answered.
    pub fn answered(&mut self, now: Millis, response: &Response, mint: &mut Mint) -> Step {
        if response.is_provisional() {
            return Step::Nothing;
        }
        let Some(asked) = self.asked.take() else { return Step::Nothing };
        match response.status {
            200..300 if self.state == State::Leaving => {
                self.state = State::Idle;
                Step::Nothing
            }
            200..300 => {
                self.state = State::Registered;
                self.wait = FIRST_WAIT;
                let half = u64::from(self.granted(response).max(20)).saturating_mul(500);
                self.wake(now, Millis(half))
            }
            401 | 407 => self.challenge(now, asked, response, mint),
            423 => {
                let least = response
                    .headers
                    .one::<Seconds>(&Name::MinExpires)
                    .ok()
                    .flatten()
                    .map_or(0, |s| s.0);
                // Asked for once more only if that makes a difference, so that two cannot argue for ever.
                if least > self.expires && least <= 86_400 {
                    self.expires = least;
                    return self.ask(least);
                }
                self.fail(now, None)
            }
            _ => {
                let after = response.headers.one::<Seconds>(&Name::RetryAfter).ok().flatten();
                self.fail(now, after.map(|after| Millis::from_secs(after.0.into())))
            }
        }
    }

    fn challenge(
        &mut self,
        now: Millis,
        mut asked: Request,
        response: &Response,
        mint: &mut Mint,
    ) -> Step {
        let fresh = !self.challenged || crate::call::is_stale(response);
        let answer =
            crate::call::answer_challenge(&self.credentials, response, &asked, &mint.name());
        match answer.filter(|_| fresh) {
            Some((name, auth)) => {
                // A nonce that is stale at once is stale for ever.
                self.challenged = true;
                asked.headers.remove(&name);
                asked.headers.push(name, auth);
                self.send(asked)
            }
            None => self.fail(now, None),
        }
    }

    /// How long the trunk keeps us, in seconds: what it says beside our contact, or at all.
    fn granted(&self, response: &Response) -> u32 {
        let contacts: Vec<Contact> = response.headers.list(&Name::Contact).unwrap_or_default();
        let ours = contacts.iter().find_map(|contact| match contact {
            Contact::At(address) if address.uri.same(&self.contact.uri) => {
                address.params.get("expires")
            }
            _ => None,
        });
        let beside = ours.and_then(|text| text.parse().ok());
        let at_all = || response.headers.one::<Seconds>(&Name::Expires).ok().flatten().map(|s| s.0);
        beside.or_else(at_all).unwrap_or(self.expires).min(self.expires)
    }

    /// The trunk did not answer.
    pub fn unanswered(&mut self, now: Millis) -> Step {
        self.asked = None;
        self.fail(now, None)
    }

    fn fail(&mut self, now: Millis, after: Option<Millis>) -> Step {
        if self.state == State::Leaving {
            self.state = State::Idle;
            return Step::Nothing;
        }
        self.state = State::Failed;
        let wait = after.unwrap_or(self.wait).min(LONGEST_WAIT);
        self.wait = self.wait.doubled().min(LONGEST_WAIT);
        self.wake(now, wait)
    }

    fn wake(&mut self, now: Millis, after: Millis) -> Step {
        let at = now.plus(after);
        self.at = Some(at);
        Step::Wait(at)
    }

    /// Time has passed.
    pub fn timeout(&mut self, now: Millis) -> Step {
        match self.at {
            Some(at) if at <= now => self.start(),
            Some(at) => Step::Wait(at),
            None => Step::Nothing,
        }
    }
}
