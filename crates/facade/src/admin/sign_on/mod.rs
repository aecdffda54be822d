//! `/api/v1/sign-on`: log-in by an identity provider (`OpenID` Connect: code flow with PKCE; `docs/oidc.md`).
//!
//! What has been begun is kept by the browser that began it, sealed, in a cookie of its own: so nothing is kept here that
//! nobody ends, nobody else can end it, and a restart in between does no harm.
//!
//! - [`provider`]: what is said to the provider; [`token`]: what it says of somebody.

mod provider;
mod token;

use super::caller::actor;
use super::cookie::Jar;
use super::lockout::{Lockout, network};
use super::origin::{self, Source};
use super::session::{self, Denied};
use super::{body, cookie, problem, second, totp};
use crate::door::{Cx, Head, RealmNo, Request, Response, Step};
use crate::percent::{encode_segment, parse_query};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::audit::Wrong;
use domain::command::Proof;
use domain::directory::{Directory, SignOn, User};
use domain::fact::Code;
use domain::id::UserId;
use domain::query::{Answer, Query};
use domain::refusal::Refusal;
use domain::time::Millis;
use provider::Discovery;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;

/// What was begun is to be ended within this.
const PENDING: Millis = Millis::from_mins(10);

/// A code of ours is to be given within this.
const PROVED: Millis = Millis::from_mins(5);

/// Pages that one may come back to; the first if none is named.
const PAGES: [&str; 4] = ["desk", "admin", "wall", "reports"];

/// Begun from one address: one more every two seconds, and so many at once.
const BEGUN: (f64, f64) = (0.5, 30.0);

/// What else the server seals is none of these.
const BEGAN: &str = "sign-on";
const KNOWN: &str = "sign-on.known";

/// Somebody has been sent to the provider.
#[derive(Serialize, Deserialize)]
struct Pending {
    purpose: String,
    realm: u16,
    page: String,
    state: String,
    nonce: String,
    verifier: String,
    redirect: String,
    token_endpoint: String,
    jwks_uri: String,
    secret_in_body: bool,
    until: Millis,
}

/// The provider has named somebody of whom a code of ours is wanted.
#[derive(Serialize, Deserialize)]
struct Known {
    purpose: String,
    realm: u16,
    user: UserId,
    several: bool,
    until: Millis,
}

/// How it came out, as the page is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// They changed their mind.
    Cancelled,
    /// It was begun elsewhere, too long ago, or has been ended already.
    Stale,
    /// The provider does not answer, or not as one.
    Away,
    /// The provider would not, or what it says does not hold.
    Refused,
    /// Nobody here has this name.
    Unknown,
    /// A code is wanted.
    Code,
    /// A second factor must be set first.
    Enrol,
    /// Too often.
    Busy,
    /// There is no provider (any more).
    Off,
}

impl End {
    const fn word(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Stale => "stale",
            Self::Away => "away",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
            Self::Code => "code",
            Self::Enrol => "enrol",
            Self::Busy => "busy",
            Self::Off => "off",
        }
    }
}

/// `GET`: what a page for log-in offers.
pub(super) fn about(cx: &mut Cx<'_>, head: &Head) -> Step {
    let query = match body::Query::of(head, &["realm"]) {
        Ok(query) => query,
        Err(step) => return step,
    };
    with_directory(realm_of(cx, query.text("realm")), |_, directory| {
        let way = directory.as_deref().and_then(Directory::sign_on);
        let label = way.map(|way| way.label.clone());
        let passwords = way.is_none_or(|way| !way.no_passwords);
        problem::reply(200, &json!({"label": label, "passwords": passwords}))
    })
}

/// `GET begin`: a page sends its browser here, and the provider is where it goes from here.
pub(super) fn begin(cx: &mut Cx<'_>, head: &Head) -> Step {
    let query = match body::Query::of(head, &["page", "realm"]) {
        Ok(query) => query,
        Err(step) => return step,
    };
    let page = query.text("page").unwrap_or(PAGES[0]);
    let Some(page) = PAGES.into_iter().find(|known| *known == page) else {
        return problem::bad("page is one of desk, admin, wall, reports");
    };
    let home = Home::of(cx, head, page);
    let Some(redirect) = redirect(cx, head) else { return problem::bad("a Host is wanted") };
    let bucket = format!("sign_on|{}", network(head.peer));
    if !cx.site.allow(&bucket, BEGUN.0, BEGUN.1) {
        return home.end(End::Busy);
    }
    let no = realm_of(cx, query.text("realm"));
    with_directory(no, move |_, directory| {
        let way = directory.as_deref().and_then(Directory::sign_on).cloned();
        let (Some(no), Some(way)) = (no, way) else { return home.end(End::Off) };
        let call = Box::new(Discovery::ask(&way.issuer));
        let then = move |cx: &mut Cx<'_>, answer: Result<Vec<u8>, _>| {
            let found = answer.ok().and_then(|body| Discovery::read(&body, &way.issuer));
            let Some(found) = found else { return home.end(End::Away) };
            sent(cx, no, &way, &found, redirect, home)
        };
        Step::Call { realm: no, call, then: Box::new(then) }
    })
}

/// Sends the browser to the provider.
fn sent(
    cx: &mut Cx<'_>,
    no: RealmNo,
    way: &SignOn,
    found: &Discovery,
    redirect: String,
    home: Home,
) -> Step {
    let mut secret = || URL_SAFE_NO_PAD.encode(cx.chance.bytes());
    let pending = Pending {
        purpose: BEGAN.to_owned(),
        realm: no.0,
        page: home.page.to_owned(),
        state: secret(),
        nonce: secret(),
        verifier: secret(),
        redirect,
        token_endpoint: found.token_endpoint.clone(),
        jwks_uri: found.jwks_uri.clone(),
        secret_in_body: found.secret_in_body(),
        until: cx.now.plus(PENDING),
    };
    let scope = match &*way.claim {
        "sub" => "openid",
        "email" => "openid email",
        _ => "openid email profile",
    };
    let at = provider::authorization(
        &found.authorization_endpoint,
        &[
            ("response_type", "code"),
            ("client_id", &way.client),
            ("redirect_uri", &pending.redirect),
            ("scope", scope),
            ("state", &pending.state),
            ("nonce", &pending.nonce),
            ("code_challenge", &provider::challenge(&pending.verifier)),
            ("code_challenge_method", "S256"),
        ],
    );
    let mut response = see_other(at);
    response.headers.push(("set-cookie", keep(cx, &pending, PENDING, home.jar)));
    Step::Reply(response)
}

/// `GET return`: the browser comes back from the provider.
pub(super) fn back(cx: &mut Cx<'_>, head: &Head) -> Step {
    let mut home = Home::of(cx, head, PAGES[0]);
    let Some(pending) = kept::<Pending>(cx, head) else { return home.end(End::Stale) };
    if let Some(page) = PAGES.into_iter().find(|page| *page == pending.page) {
        home.page = page;
    }
    let (Ok(pairs), true) =
        (parse_query(&head.query), pending.purpose == BEGAN && pending.until > cx.now)
    else {
        return home.end(End::Stale);
    };
    let said = |name: &str| {
        let mut values = pairs.iter().filter(|(n, _)| n == name).map(|(_, value)| value.clone());
        values.next().filter(|_| values.next().is_none())
    };
    if said("state").as_deref() != Some(&*pending.state) {
        return home.end(End::Stale);
    }
    // Each of them is good once, whoever has a copy of the cookie; and a cookie is too old before this is forgotten.
    let once = format!("sign_on.once|{}", pending.state);
    #[expect(clippy::cast_precision_loss, reason = "ten minutes")]
    let refill = 1_000.0 / PENDING.0 as f64 / 2.0;
    if !cx.site.allow(&once, refill, 1.0) {
        return home.end(End::Stale);
    }
    let issuer = said("iss");
    let code = match (said("code"), said("error").as_deref()) {
        (Some(code), None) => code,
        (_, Some("access_denied")) => return home.end(End::Cancelled),
        _ => return home.end(End::Refused),
    };
    let no = RealmNo(pending.realm);
    let head = head.clone();
    with_directory(Some(no), move |cx, directory| {
        let Some(way) = directory.as_deref().and_then(Directory::sign_on).cloned() else {
            return home.end(End::Off);
        };
        if issuer.is_some_and(|issuer| *issuer != *way.issuer) {
            return home.end(End::Refused);
        }
        let secret = way
            .sealed
            .as_deref()
            .map(|sealed| cx.site.unseal(sealed).and_then(|secret| String::from_utf8(secret).ok()));
        // A secret that cannot be opened is not the same as none.
        if secret == Some(None) {
            return home.end(End::Off);
        }
        let exchange = provider::Exchange {
            at: &pending.token_endpoint,
            client: &way.client,
            secret: secret.as_ref().and_then(Option::as_deref),
            secret_in_body: pending.secret_in_body,
            code: &code,
            redirect: &pending.redirect,
            verifier: &pending.verifier,
        };
        let call = Box::new(exchange.call());
        let then = move |_: &mut Cx<'_>, answer: Result<Vec<u8>, _>| match answer {
            Ok(body) => match provider::id_token(&body) {
                Some(token) => Checked { no, way, pending, home, head, token }.look(),
                None => home.end(End::Away),
            },
            Err(fault) if provider::refused(fault) => home.end(End::Refused),
            Err(_) => home.end(End::Away),
        };
        Step::Call { realm: no, call, then: Box::new(then) }
    })
}

/// A token that is looked at.
struct Checked {
    no: RealmNo,
    way: SignOn,
    pending: Pending,
    home: Home,
    head: Head,
    token: String,
}

impl Checked {
    fn look(self) -> Step {
        let (realm, call) = (self.no, Box::new(provider::keys(&self.pending.jwks_uri)));
        let then = move |cx: &mut Cx<'_>, answer: Result<Vec<u8>, _>| match answer {
            Ok(keys) => self.named(cx, &keys),
            Err(_) => self.home.end(End::Away),
        };
        Step::Call { realm, call, then: Box::new(then) }
    }

    /// Whom does it name?
    fn named(self, cx: &mut Cx<'_>, keys: &[u8]) -> Step {
        let Self { no, way, pending, home, head, token } = self;
        let Some(body) = cx.site.signed(&token, keys) else { return home.end(End::Refused) };
        let wanted =
            token::Wanted { issuer: &way.issuer, client: &way.client, nonce: &pending.nonce };
        let Ok(named) = token::read(&body, wanted, &way.claim, cx.now) else {
            return home.end(End::Refused);
        };
        with_directory(Some(no), move |cx, directory| {
            let user = directory
                .and_then(|directory| directory.signed_on(&way.claim, &named.name).cloned())
                .filter(|user| !user.disabled);
            let Some(user) = user else {
                let lockout = Lockout::of(no, &named.name, &head);
                return lockout.note(cx, Wrong::SignOn, move |_| home.end(End::Unknown));
            };
            enter(cx, no, &user, named.several, &head, home)
        })
    }
}

/// Lets somebody in whom the provider has named, unless the domain wants a code, too.
fn enter(
    cx: &mut Cx<'_>,
    no: RealmNo,
    user: &User,
    several: bool,
    head: &Head,
    home: Home,
) -> Step {
    let id = user.id.clone();
    let then = move |cx: &mut Cx<'_>, opened| match opened {
        Ok(opened) => {
            let mut response = home.to("");
            response.headers.push(("set-cookie", cookie::clear_pending(home.jar)));
            response.headers.push(session::cookie(cx, &opened, home.jar));
            Step::Reply(response)
        }
        Err(Denied::Refused(wanted @ (Refusal::CodeNeeded | Refusal::MustEnrol))) => {
            let known = Known {
                purpose: KNOWN.to_owned(),
                realm: no.0,
                user: id,
                several,
                until: cx.now.plus(PROVED),
            };
            let end = if wanted == Refusal::CodeNeeded { End::Code } else { End::Enrol };
            let mut response = home.to(end.word());
            response.headers.push(("set-cookie", keep(cx, &known, PROVED, home.jar)));
            Step::Reply(response)
        }
        Err(_) => home.end(End::Unknown),
    };
    let by = Some(Box::new(actor(&user.id, head)));
    let proof = Proof::Provider { several, code: None };
    session::open(cx, no, user.id.clone(), proof, by, Box::new(then))
}

/// `POST code`'s body.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    code: String,
}

/// `POST code`: a one-time or a recovery code of somebody whom the provider has named.
pub(super) fn code(cx: &mut Cx<'_>, request: &Request) -> Step {
    let known = match known(cx, &request.head) {
        Ok(known) => known,
        Err(step) => return step,
    };
    let Given { code } = match body::json(request) {
        Ok(given) => given,
        Err(step) => return step,
    };
    let no = RealmNo(known.realm);
    let lockout = Lockout::of(no, known.user.as_str(), &request.head);
    if !lockout.open_for_codes(cx) {
        return session::no(&Denied::Locked);
    }
    let head = request.head.clone();
    let jar = Jar::of(cx.site.settings(), &head);
    let found = move |cx: &mut Cx<'_>, answer| {
        let Ok(Answer::Person(user)) = answer else { return stale() };
        let shown = user.second.as_ref().and_then(|second| totp::proof(cx, second, &code));
        let code = match shown {
            Some(Proof::Code(step)) => Code::Step(step),
            Some(Proof::Recovery(hash)) => Code::Recovery(hash),
            _ => {
                lockout.wrong_code(cx);
                let no = |_: &mut Cx<'_>| problem::refused(&Refusal::WrongCode);
                return lockout.note(cx, Wrong::Code, no);
            }
        };
        let then = move |cx: &mut Cx<'_>, opened| match opened {
            Ok(opened) => {
                let mut response = session::welcomed(cx, &opened, true, jar, &[]);
                response.headers.push(("set-cookie", cookie::clear_pending(jar)));
                Step::Reply(response)
            }
            Err(denied) => {
                if matches!(&denied, Denied::Refused(Refusal::WrongCode)) {
                    lockout.wrong_code(cx);
                    return lockout.note(cx, Wrong::Code, move |_| session::no(&denied));
                }
                session::no(&denied)
            }
        };
        let by = Some(Box::new(actor(&user.id, &head)));
        let proof = Proof::Provider { several: known.several, code: Some(code) };
        session::open(cx, no, user.id.clone(), proof, by, Box::new(then))
    };
    Step::Read(no, Box::new(Query::Person(known.user.clone())), Box::new(found))
}

/// `POST second-factor`: a new device of somebody whom the provider has named, and who has none; it is confirmed as any
/// other (`PUT /second-factor`).
pub(super) fn enrol(cx: &mut Cx<'_>, request: &Request) -> Step {
    let known = match known(cx, &request.head) {
        Ok(known) => known,
        Err(step) => return step,
    };
    let no = RealmNo(known.realm);
    with_directory(Some(no), move |cx, directory| {
        let user = directory.as_ref().and_then(|directory| {
            directory.users.get(&known.user).filter(|user| !user.disabled && user.second.is_none())
        });
        match (user, &directory) {
            (Some(user), Some(directory)) => second::begun(cx, no, user, directory),
            _ => stale(),
        }
    })
}

/// Whom the provider has named to this browser.
fn known(cx: &Cx<'_>, head: &Head) -> Result<Known, Step> {
    if origin::from(cx.site.settings(), head) != Source::Own {
        let why = "a page of another site may not do this";
        return Err(problem::stop(403, "session.foreign_origin", why));
    }
    kept::<Known>(cx, head)
        .filter(|known| known.purpose == KNOWN && known.until > cx.now)
        .ok_or_else(stale)
}

fn stale() -> Step {
    problem::bad("nobody has been named by the provider, or too long ago: begin anew")
}

/// Where a browser belongs when all is done.
#[derive(Debug, Clone)]
struct Home {
    base: String,
    page: &'static str,
    jar: Jar,
}

impl Home {
    fn of(cx: &Cx<'_>, head: &Head, page: &'static str) -> Self {
        let settings = cx.site.settings();
        let base = settings.base_path.trim_end_matches('/').to_owned();
        Self { base, page, jar: Jar::of(settings, head) }
    }

    fn to(&self, word: &str) -> Response {
        let Self { base, page, .. } = self;
        let query = if word.is_empty() { String::new() } else { format!("?sign_on={word}") };
        see_other(format!("{base}/{page}{query}"))
    }

    /// It came to nothing, and the page says why.
    fn end(&self, end: End) -> Step {
        let mut response = self.to(end.word());
        response.headers.push(("set-cookie", cookie::clear_pending(self.jar)));
        Step::Reply(response)
    }
}

fn see_other(location: String) -> Response {
    let headers = vec![
        ("location", location),
        ("cache-control", "no-store".to_owned()),
        ("referrer-policy", "no-referrer".to_owned()),
    ];
    Response { status: 303, headers, body: Vec::new() }
}

/// Where the provider sends browsers back to: below our public address, or below that by which we were asked.
fn redirect(cx: &Cx<'_>, head: &Head) -> Option<String> {
    let settings = cx.site.settings();
    let base = if let Some(url) = &settings.public_url {
        url.trim_end_matches('/').to_owned()
    } else {
        let host = head.header("host").filter(|host| {
            !host.is_empty()
                && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-:[]".contains(c))
        })?;
        let scheme = if head.tls { "https" } else { "http" };
        format!("{scheme}://{host}{}", settings.base_path.trim_end_matches('/'))
    };
    Some(format!("{base}{}/sign-on/return", super::BASE))
}

fn realm_of(cx: &Cx<'_>, named: Option<&str>) -> Option<RealmNo> {
    named.map_or_else(|| Some(cx.site.default_realm()), |name| cx.site.realm(name))
}

fn with_directory(
    no: Option<RealmNo>,
    then: impl FnOnce(&mut Cx<'_>, Option<Arc<Directory>>) -> Step + Send + 'static,
) -> Step {
    let Some(no) = no else { return problem::not_found() };
    let then = move |cx: &mut Cx<'_>, answer| {
        let Ok(Answer::Directory(directory)) = answer else { return then(cx, None) };
        then(cx, Some(directory))
    };
    Step::Read(no, Box::new(Query::Directory), Box::new(then))
}

/// The cookie with this in it.
fn keep(cx: &Cx<'_>, what: &impl Serialize, span: Millis, jar: Jar) -> String {
    let sealed = cx.site.seal(&serde_json::to_vec(what).unwrap_or_default());
    cookie::set_pending(&encode_segment(&sealed), span.0 / 1_000, jar)
}

/// What this browser has in it.
fn kept<T: DeserializeOwned>(cx: &Cx<'_>, head: &Head) -> Option<T> {
    let sealed = crate::percent::decode_segment(cookie::pending(head)?).ok()?;
    serde_json::from_slice(&cx.site.unseal(&sealed)?).ok()
}
