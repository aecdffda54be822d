//! Chat over SIP (`nxwebapi.md` 0, 7.2 and 7.3; RFC 3428): an INVITE without sound opens a room, MESSAGEs inside of it are its
//! lines, BYE ends it. A telephone that is registered may send a MESSAGE to a number without any call.
//!
//! ```text
//!   INVITE, MESSAGE, BYE ──▶ Talk ──open, say, close──▶ a session of the web chat ──▶ the room
//!   180, 200, MESSAGE    ◀──      ◀─joined, said, stored──  (`docs/chat-wire.md`)
//! ```
//!
//! Behind each talk stands a session of the web chat without a socket, so rooms, limits and errors are the web chat's own, and
//! a MESSAGE is answered when its line is on disk. This file translates, and decides nothing.

use super::incoming::{Refused, no};
use super::leg::Who;
use super::phone::record;
use super::{Output, Timer, Turn, Voice};
use crate::door::RealmNo;
use domain::time::Millis;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use sip::event::CallId as Sip;
use sip::flow::{Flow, Transport};
use sip::message::{Address, CSeq, Headers, Method, Name, Request, Response, Uri};
use sip::sdp::Sdp;
use sip::transaction::TxId;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Talks by one flow, or of one telephone, at a time (`nxwebapi.md` 10).
const TALKS: usize = 10;
/// Lines of a talk that are not stored yet; more are told to come back.
const WAITING: usize = 32;
/// How long a room waits for its customer to come back by another connection (`nxwebapi.md` 7.3).
const AWAY: Millis = Millis::from_secs(60);
/// What is understood in a MESSAGE.
pub(super) const KINDS: &str = "application/json, text/plain, application/im-iscomposing+xml";
/// What an INVITE without a body is answered with (`nxwebapi.md` 7.2).
const SDP: &str = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\nm=message 0 TCP/MSRP *\r\na=accept-types:application/json\r\n";

/// What is to be done with the session behind a talk.
#[derive(Debug)]
pub enum Chat {
    /// Make one, for somebody who comes by this flow.
    Begin(Flow),
    /// It is told this frame.
    Say(String),
    /// Nobody listens any more.
    End,
}

/// How a talk goes.
#[derive(Debug)]
enum Carriage {
    /// Within a dialog; with what its INVITE is answered.
    Dialog(Sip, Vec<u8>),
    /// By MESSAGEs to a telephone.
    Telephone(Who),
}

/// One room, as SIP shows it.
#[derive(Debug)]
struct Talk {
    /// The realm's name.
    host: Arc<str>,
    dn: Arc<str>,
    carriage: Carriage,
    flow: Flow,
    joined: bool,
    rang: bool,
    cid: String,
    agent: String,
    /// Before the keys of its lines, which no other room's attempt has.
    prefix: String,
    keys: u64,
    /// MESSAGEs whose lines are not stored yet.
    waiting: BTreeMap<String, (TxId, Request)>,
    /// What was said before there was a room.
    early: Vec<String>,
    /// It has no way to its customer any more.
    away: bool,
}

/// All of them.
#[derive(Default)]
pub(super) struct Talks {
    all: BTreeMap<u64, Talk>,
    by_dialog: BTreeMap<Sip, u64>,
    by_phone: BTreeMap<(Who, Arc<str>), u64>,
    last: u64,
}

/// What a session says (`docs/chat-wire.md` 2), as far as SIP shows it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Told<'a> {
    t: String,
    desc: String,
    cid: String,
    resume: String,
    agent: Option<String>,
    seq: u64,
    dn: String,
    own: bool,
    resumed: bool,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    key: String,
    code: u16,
    on: bool,
    retry: Option<u32>,
}

fn named(name: &str) -> Name {
    Name::Other(name.into())
}

/// Does it open a chat? It says so, or its offer has neither sound nor pictures.
pub(super) fn is_chat(invite: &Request) -> bool {
    let kind = invite.headers.get(&named("X-NX-Kind")).map(str::trim);
    if let Some(kind) = kind {
        return kind.eq_ignore_ascii_case("chat");
    }
    let heard = |sdp: Sdp| sdp.media.iter().any(|media| matches!(&*media.kind, "audio" | "video"));
    invite
        .body_of("application/sdp")
        .and_then(|offer| Sdp::parse(offer).ok())
        .is_some_and(|sdp| !sdp.media.is_empty() && !heard(sdp))
}

/// The answer to a chat's offer: its lines, none of which is opened.
fn answer_to(invite: &Request) -> Vec<u8> {
    let offer = invite.body_of("application/sdp").and_then(|offer| Sdp::parse(offer).ok());
    let Some(mut sdp) = offer else { return SDP.into() };
    for media in &mut sdp.media {
        media.port = 0;
    }
    sdp.to_string().into_bytes()
}

/// What a MESSAGE says, as the web chat's content.
///
/// # Errors
///
/// The status to refuse it with.
fn content(request: &Request) -> Result<Value, u16> {
    if let Some(body) = request.body_of("application/json") {
        let value: Value = serde_json::from_slice(body).map_err(|_| 400_u16)?;
        return if value.is_object() { Ok(value) } else { Err(400) };
    }
    let Some(body) = request.body_of("text/plain") else { return Err(415) };
    let text = std::str::from_utf8(body).map_err(|_| 400_u16)?;
    Ok(json!({ "type": "text", "message": text }))
}

/// Is somebody writing (RFC 3994)? None: that is not what it says.
fn composing(request: &Request) -> Option<bool> {
    let body = request.body_of("application/im-iscomposing+xml")?;
    let text = String::from_utf8_lossy(body);
    Some(
        text.split_once("<state>").is_some_and(|(_, rest)| rest.trim_start().starts_with("active")),
    )
}

impl Talks {
    fn of_dialog(&self, sip: Sip) -> Option<u64> {
        self.by_dialog.get(&sip).copied()
    }

    /// Is this dialog a talk?
    pub(super) fn has(&self, sip: Sip) -> bool {
        self.by_dialog.contains_key(&sip)
    }

    fn at(&self, flow: Flow) -> usize {
        self.all.values().filter(|talk| talk.flow == flow).count()
    }

    fn remove(&mut self, no: u64) -> Option<Talk> {
        let talk = self.all.remove(&no)?;
        match &talk.carriage {
            Carriage::Dialog(sip, _) => _ = self.by_dialog.remove(sip),
            Carriage::Telephone(who) => {
                self.by_phone.remove(&(who.clone(), talk.dn.clone()));
            }
        }
        Some(talk)
    }
}

impl Voice {
    /// An INVITE that opens a chat, or takes one up by its token.
    pub(super) fn chat_invited(
        &mut self,
        turn: &mut Turn<'_, '_>,
        sip: Sip,
        invite: &Request,
        flow: Flow,
        replaces: Option<Sip>,
    ) {
        if let Err((status, headers)) = self.take_chat(turn, sip, invite, flow, replaces) {
            let _ = self.endpoint.reject(turn.now(), sip, status, &headers);
        }
    }

    fn take_chat(
        &mut self,
        turn: &mut Turn<'_, '_>,
        sip: Sip,
        invite: &Request,
        flow: Flow,
        replaces: Option<Sip>,
    ) -> Result<(), Refused> {
        let token = invite.headers.get(&named("X-NX-Resume")).map(str::trim);
        if replaces.is_some() && token.is_none() {
            return Err(no(403));
        }
        let (realm, tel) = self.chatter(turn, invite, flow)?;
        if self.talks.at(flow) >= TALKS {
            return Err(no(503));
        }
        let dn: Arc<str> = invite.uri.user().unwrap_or_default().as_ref().into();
        let carriage = Carriage::Dialog(sip, answer_to(invite));
        let talk = self.begin_talk(realm, dn, carriage, flow);
        let seq = invite.headers.get(&named("X-NX-Seq")).and_then(|seq| seq.trim().parse().ok());
        match token {
            Some(token) => {
                if let Some(old) = replaces.and_then(|old| self.talks.of_dialog(old)) {
                    self.drop_talk(turn, old, false);
                }
                let seq: u32 = seq.unwrap_or(0);
                self.tell_chat(
                    talk,
                    &json!({ "t": "resume", "id": 1, "token": token, "seq": seq }),
                );
            }
            None => self.open_room(talk, &tel),
        }
        Ok(())
    }

    /// Who chats? A telephone by its password or its connection; on a WebSocket anybody who says that it is a chat.
    fn chatter(
        &mut self,
        turn: &Turn<'_, '_>,
        invite: &Request,
        flow: Flow,
    ) -> Result<(RealmNo, String), Refused> {
        let page = matches!(flow.transport, Transport::Ws | Transport::Wss);
        if page && invite.headers.has(&named("X-NX-Kind")) {
            let host = invite.uri.as_sip().map(|uri| uri.host.to_ascii_lowercase());
            let realm = host.and_then(|host| turn.cx.site.realm(&host)).ok_or(no(404))?;
            if self.realms.get(&realm).is_none_or(|known| known.gate.is_none()) {
                return Err(no(503));
            }
            let from = invite.from().map_err(|_| no(400))?;
            let tel = from.uri.user().map(std::borrow::Cow::into_owned).unwrap_or_default();
            return Ok((realm, tel));
        }
        let who = self.phone_of(turn, invite, flow)?;
        self.spend(turn, &who)?;
        Ok((who.realm, who.device.as_str().to_owned()))
    }

    fn begin_talk(&mut self, realm: RealmNo, dn: Arc<str>, carriage: Carriage, flow: Flow) -> u64 {
        self.talks.last += 1;
        let no = self.talks.last;
        match &carriage {
            Carriage::Dialog(sip, _) => _ = self.talks.by_dialog.insert(*sip, no),
            Carriage::Telephone(who) => {
                self.talks.by_phone.insert((who.clone(), dn.clone()), no);
            }
        }
        let known = self.realms.get(&realm).and_then(|known| known.directory.realm.as_ref());
        let host = known.map_or_else(|| "localhost".into(), |realm| realm.name.clone());
        let prefix = self.endpoint.mint().name();
        let talk = Talk {
            host,
            dn,
            carriage,
            flow,
            joined: false,
            rang: false,
            cid: String::new(),
            agent: String::new(),
            prefix,
            keys: 0,
            waiting: BTreeMap::new(),
            early: Vec::new(),
            away: false,
        };
        self.talks.all.insert(no, talk);
        self.out.push_back(Output::Chat(no, Chat::Begin(flow)));
        no
    }

    fn open_room(&mut self, no: u64, tel: &str) {
        let Some(talk) = self.talks.all.get(&no) else { return };
        let (realm, dn) = (talk.host.clone(), talk.dn.clone());
        let key = self.endpoint.mint().call_id();
        let open = json!({
            "t": "open", "id": 1, "realm": &*realm, "dn": &*dn, "tel": tel, "key": key,
        });
        self.tell_chat(no, &open);
    }

    fn tell_chat(&mut self, no: u64, frame: &Value) {
        self.out.push_back(Output::Chat(no, Chat::Say(frame.to_string())));
    }

    /// A MESSAGE of a telephone, outside of any dialog.
    pub(super) fn chat_message(
        &mut self,
        turn: &mut Turn<'_, '_>,
        tx: TxId,
        request: &Request,
        flow: Flow,
    ) {
        if let Err((status, headers)) = self.take_message(turn, tx, request, flow) {
            let mut response = Response::to_request(request, status);
            for (name, value) in headers.iter() {
                response.headers.push(name.clone(), value);
            }
            self.endpoint.respond(turn.now(), tx, response);
        }
    }

    fn take_message(
        &mut self,
        turn: &mut Turn<'_, '_>,
        tx: TxId,
        request: &Request,
        flow: Flow,
    ) -> Result<(), Refused> {
        let who = self.phone_of(turn, request, flow)?;
        let dn: Arc<str> = request.uri.user().unwrap_or_default().as_ref().into();
        let known = self.talks.by_phone.get(&(who.clone(), dn.clone())).copied();
        if composing(request).is_none() {
            content(request).map_err(|status| kinds(no(status)))?;
        } else if known.is_none() {
            // Nobody is there to see it.
            self.endpoint.respond(turn.now(), tx, Response::to_request(request, 200));
            return Ok(());
        }
        let talk = if let Some(talk) = known {
            talk
        } else {
            let of = self.talks.by_phone.range((who.clone(), Arc::from(""))..);
            if of.take_while(|((of, _), _)| *of == who).count() >= TALKS {
                return Err(no(503));
            }
            let tel = who.device.as_str().to_owned();
            let talk = self.begin_talk(who.realm, dn, Carriage::Telephone(who), flow);
            self.open_room(talk, &tel);
            talk
        };
        self.say_in(turn, talk, tx, request, flow);
        Ok(())
    }

    /// A request inside of a chat's dialog.
    pub(super) fn chat_inside(
        &mut self,
        turn: &mut Turn<'_, '_>,
        tx: TxId,
        sip: Sip,
        request: &Request,
        flow: Flow,
    ) {
        let status = match (&request.method, self.talks.of_dialog(sip)) {
            (Method::Message, Some(talk)) => return self.say_in(turn, talk, tx, request, flow),
            (Method::Options | Method::Notify | Method::Info, Some(_)) => 200,
            (Method::Refer, Some(_)) => 403,
            _ => 405,
        };
        self.endpoint.respond(turn.now(), tx, Response::to_request(request, status));
    }

    fn say_in(
        &mut self,
        turn: &mut Turn<'_, '_>,
        no: u64,
        tx: TxId,
        request: &Request,
        flow: Flow,
    ) {
        let now = turn.now();
        let Some(talk) = self.talks.all.get_mut(&no) else { return };
        (talk.flow, talk.away) = (flow, false);
        if let Some(on) = composing(request) {
            let frame = json!({ "t": "typing", "id": 1, "on": on });
            if talk.joined {
                self.tell_chat(no, &frame);
            }
            self.endpoint.respond(now, tx, Response::to_request(request, 200));
            return;
        }
        let said = content(request);
        let (Ok(content), true) = (&said, talk.waiting.len() < WAITING) else {
            let status = said.err().unwrap_or(503);
            let (_, headers) = kinds(super::incoming::no(status));
            let mut response = Response::to_request(request, status);
            for (name, value) in headers.iter() {
                response.headers.push(name.clone(), value);
            }
            self.endpoint.respond(now, tx, response);
            return;
        };
        talk.keys += 1;
        let key = format!("{}-{}", talk.prefix, talk.keys);
        let to = request.headers.get(&named("X-NX-SendType")).map_or("BOTH", str::trim);
        let frame = json!({ "t": "say", "id": 1, "key": key, "content": content, "to": to });
        talk.waiting.insert(key, (tx, request.clone()));
        if talk.joined {
            self.tell_chat(no, &frame);
        } else {
            talk.early.push(frame.to_string());
        }
    }

    /// The session behind a talk says something; none: it is over without a word.
    pub(super) fn chat_told(&mut self, turn: &mut Turn<'_, '_>, no: u64, frame: Option<&str>) {
        let told: Option<Told<'_>> = frame.and_then(|frame| serde_json::from_str(frame).ok());
        let Some(told) = told else {
            if frame.is_none() {
                self.close_talk(turn, no, 503, None);
            }
            return;
        };
        if !self.talks.all.contains_key(&no) {
            if told.t == "closed" {
                self.out.push_back(Output::Chat(no, Chat::End));
            }
            return;
        }
        if let Some(agent) = &told.agent
            && let Some(talk) = self.talks.all.get_mut(&no)
        {
            talk.agent.clone_from(agent);
        }
        match &*told.t {
            "ringing" => self.chat_rings(turn, no, told.desc == "Queued"),
            "joined" => {
                self.chat_joined(turn, no, &told);
                if told.resumed {
                    self.chat_moved(turn, no, &told.cid);
                }
            }
            "said" if !told.own => {
                let Some(said) = told.content else { return };
                // What is no JSON in the room is a text here.
                let (kind, body) = match serde_json::from_str::<String>(said.get()) {
                    Ok(text) => ("text/plain;charset=utf-8", text.into_bytes()),
                    Err(_) => ("application/json;charset=utf-8", said.get().as_bytes().to_vec()),
                };
                let mut headers = self.chat_headers(no);
                headers.push(named("X-NX-Dn"), &told.dn);
                headers.push(named("X-NX-Seq"), told.seq);
                self.chat_send(turn, no, headers, kind, body);
            }
            "typing" => {
                let (state, refresh) =
                    if told.on { ("active", "<refresh>60</refresh>") } else { ("idle", "") };
                let body = format!(
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><isComposing \
                     xmlns=\"urn:ietf:params:xml:ns:im-iscomposing\"><state>{state}</state>{refresh}</isComposing>"
                );
                let mut headers = self.chat_headers(no);
                headers.push(named("X-NX-Dn"), &told.dn);
                let kind = "application/im-iscomposing+xml";
                self.chat_send(turn, no, headers, kind, body.into_bytes());
            }
            "stored" => {
                // Nobody serves yet: it is stored, and will be read (`nxwebapi.md` 7.3).
                let talk = self.talks.all.get(&no);
                let status = if talk.is_some_and(|t| t.agent.is_empty()) { 202 } else { 200 };
                self.chat_answer(turn, no, &told.key, status, Some(told.seq));
            }
            "failed" => self.chat_answer(turn, no, &told.key, told.code, None),
            "closed" => self.close_talk(turn, no, told.code, told.retry),
            _ => {}
        }
    }

    fn chat_headers(&self, no: u64) -> Headers {
        let mut headers = Headers::default();
        let Some(talk) = self.talks.all.get(&no) else { return headers };
        for (name, value) in [("X-NX-Cid", &talk.cid), ("X-NX-VirtualAgent", &talk.agent)] {
            if !value.is_empty() {
                headers.push(named(name), value);
            }
        }
        headers
    }

    fn chat_rings(&mut self, turn: &Turn<'_, '_>, no: u64, queued: bool) {
        let headers = self.chat_headers(no);
        let Some(talk) = self.talks.all.get_mut(&no) else { return };
        talk.rang |= !queued;
        if let Carriage::Dialog(sip, _) = talk.carriage {
            let status = if queued { 182 } else { 180 };
            let _ = self.endpoint.ring(turn.now(), sip, status, &headers, None);
        }
    }

    fn chat_joined(&mut self, turn: &Turn<'_, '_>, no: u64, told: &Told<'_>) {
        let Some(talk) = self.talks.all.get_mut(&no) else { return };
        talk.cid.clone_from(&told.cid);
        let first = !std::mem::replace(&mut talk.joined, true);
        let early = std::mem::take(&mut talk.early);
        let rang = std::mem::replace(&mut talk.rang, true);
        let dialog = match &mut talk.carriage {
            Carriage::Dialog(sip, sdp) if first => Some((*sip, sdp.clone())),
            _ => None,
        };
        let mut headers = self.chat_headers(no);
        if let Some((sip, sdp)) = dialog {
            // 180 comes before 200, so that the order of callbacks holds (`nxwebapi.md` 7.2).
            if !rang {
                let _ = self.endpoint.ring(turn.now(), sip, 180, &headers, None);
            }
            if !told.resume.is_empty() {
                headers.push(named("X-NX-Resume"), &told.resume);
            }
            headers.push(named("X-NX-Seq"), told.seq);
            let _ = self.endpoint.answer(turn.now(), sip, &headers, Some(sdp));
        }
        for frame in early {
            self.out.push_back(Output::Chat(no, Chat::Say(frame)));
        }
    }

    /// A customer has come back: whatever still waits for them elsewhere need not.
    fn chat_moved(&mut self, turn: &Turn<'_, '_>, no: u64, cid: &str) {
        let before = self.talks.all.iter();
        let before = before.filter(|(other, talk)| **other != no && talk.away && talk.cid == cid);
        for other in before.map(|(other, _)| *other).collect::<Vec<_>>() {
            self.drop_talk(turn, other, false);
        }
    }

    /// Answers the MESSAGE of a line.
    fn chat_answer(
        &mut self,
        turn: &Turn<'_, '_>,
        no: u64,
        key: &str,
        status: u16,
        seq: Option<u64>,
    ) {
        let headers = self.chat_headers(no);
        let waiting = self.talks.all.get_mut(&no).and_then(|talk| talk.waiting.remove(key));
        let Some((tx, request)) = waiting else { return };
        let mut response = Response::to_request(&request, status);
        for (name, value) in headers.iter() {
            response.headers.push(name.clone(), value);
        }
        if let Some(seq) = seq {
            response.headers.push(named("X-NX-Seq"), seq);
        }
        if matches!(status, 429 | 503) {
            response.headers.push(Name::RetryAfter, 5);
        }
        self.endpoint.respond(turn.now(), tx, response);
    }

    /// Sends a MESSAGE to the customer's side.
    fn chat_send(
        &mut self,
        turn: &Turn<'_, '_>,
        no: u64,
        headers: Headers,
        kind: &str,
        body: Vec<u8>,
    ) {
        let now = turn.now();
        let Some(talk) = self.talks.all.get(&no).filter(|talk| !talk.away) else { return };
        match &talk.carriage {
            Carriage::Dialog(sip, _) => {
                let body = Some((kind, body));
                let _ = self.endpoint.say(now, *sip, Method::Message, &headers, body);
            }
            Carriage::Telephone(who) => {
                let (Ok(from), Ok(to)) = (
                    Uri::sip(Some(&*talk.dn), &talk.host),
                    Uri::sip(Some(who.device.as_str()), &talk.host),
                ) else {
                    return;
                };
                let contacts = self.registrar.contacts(now, &record(who.realm, &who.device));
                let contacts: Vec<_> = contacts.into_iter().cloned().collect();
                for contact in contacts {
                    let mut request = Request::new(Method::Message, contact.contact.uri.clone());
                    for hop in &contact.path {
                        request.headers.push(Name::Route, hop);
                    }
                    let tag = self.endpoint.mint().name();
                    request.headers.push(Name::From, Address::new(from.clone()).tagged(&tag));
                    request.headers.push(Name::To, Address::new(to.clone()));
                    let call_id = self.endpoint.mint().call_id();
                    request.headers.push(Name::CallId, call_id);
                    let number = CSeq { number: 1, method: Method::Message };
                    request.headers.push(Name::CSeq, number);
                    for (name, value) in headers.iter() {
                        request.headers.push(name.clone(), value);
                    }
                    request.set_body(kind, body.clone());
                    let _ = self.endpoint.request(now, request, contact.flow);
                }
            }
        }
    }

    /// A room is over, or there is none.
    fn close_talk(&mut self, turn: &Turn<'_, '_>, no: u64, code: u16, retry: Option<u32>) {
        let Some(talk) = self.talks.remove(no) else { return };
        self.out.push_back(Output::Chat(no, Chat::End));
        let now = turn.now();
        let status = if (300..700).contains(&code) { code } else { 480 };
        let mut headers = Headers::default();
        if status == 503 {
            headers.push(Name::RetryAfter, retry.unwrap_or(5));
        }
        for (tx, request) in talk.waiting.into_values() {
            let mut response = Response::to_request(&request, status);
            for (name, value) in headers.iter() {
                response.headers.push(name.clone(), value);
            }
            self.endpoint.respond(now, tx, response);
        }
        if let Carriage::Dialog(sip, _) = talk.carriage {
            // What ended within the same bytes has nothing left to be told.
            let _ = if talk.joined {
                self.endpoint.hang_up(now, sip, None)
            } else {
                self.endpoint.reject(now, sip, status, &headers)
            };
        }
    }

    /// A talk's customer has gone, by BYE or CANCEL; or (not `ends`) goes on by another dialog.
    fn drop_talk(&mut self, turn: &Turn<'_, '_>, no: u64, ends: bool) {
        let Some(talk) = self.talks.remove(no) else { return };
        if ends {
            // Its session goes when the room is left.
            self.tell_chat(no, &json!({ "t": "close", "id": 1 }));
        } else {
            self.out.push_back(Output::Chat(no, Chat::End));
        }
        for (tx, request) in talk.waiting.into_values() {
            self.endpoint.respond(turn.now(), tx, Response::to_request(&request, 481));
        }
        if let Carriage::Dialog(sip, _) = talk.carriage {
            let _ = self.endpoint.hang_up(turn.now(), sip, None);
        }
    }

    /// A chat's dialog is over.
    pub(super) fn chat_ended(&mut self, turn: &Turn<'_, '_>, sip: Sip) {
        if let Some(no) = self.talks.of_dialog(sip) {
            self.drop_talk(turn, no, true);
        }
    }

    /// A re-INVITE in a chat's dialog: its session is as it was.
    pub(super) fn chat_offered(&mut self, turn: &Turn<'_, '_>, sip: Sip) {
        let talk = self.talks.of_dialog(sip).and_then(|no| self.talks.all.get(&no));
        let Some(Carriage::Dialog(_, sdp)) = talk.map(|talk| &talk.carriage) else { return };
        let _ = self.endpoint.accept(turn.now(), sip, sdp.clone());
    }

    /// A connection is gone: its customers may come back by another.
    pub(super) fn chats_lost(&mut self, turn: &Turn<'_, '_>, flow: Flow) {
        let here = self.talks.all.iter_mut().filter(|(_, talk)| talk.flow == flow);
        for (no, talk) in here.filter(|(_, talk)| matches!(talk.carriage, Carriage::Dialog(..))) {
            talk.away = true;
            self.timers.insert((turn.cx.now.plus(AWAY), Timer::Away(*no)));
        }
    }

    /// A customer's time to come back is over.
    pub(super) fn chat_away(&mut self, turn: &Turn<'_, '_>, no: u64) {
        if self.talks.all.get(&no).is_some_and(|talk| talk.away) {
            self.drop_talk(turn, no, true);
        }
    }
}

/// The kinds of body that are understood, with a 415.
fn kinds((status, mut headers): Refused) -> Refused {
    if status == 415 {
        headers.push(Name::Accept, KINDS);
    }
    (status, headers)
}
