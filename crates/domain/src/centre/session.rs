//! Sessions: who may have one, by what proof, and what ends them. Passwords and codes have been looked at before.

use super::{Centre, Decided, SESSION_LIMIT, Step};
use crate::audit::{Actor, Wrong};
use crate::command::{Command, Done, Proof};
use crate::directory::{Entry, SecondFactor, Trust, User};
use crate::fact::{Code, Fact};
use crate::id::{TokenHash, UserId};
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Sessions of one person; the oldest gives way.
const SESSIONS_OF_ONE: usize = 20;

/// Codes of one person that were taken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Codes {
    /// The newest step; older ones are not taken either.
    step: u64,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    recovery: BTreeSet<TokenHash>,
}

impl Centre {
    pub(super) fn log_in(
        &mut self,
        step: &mut Step<'_>,
        user: UserId,
        session: TokenHash,
        proof: Proof,
    ) -> Decided {
        let known = self.directory.users.get(&user).filter(|u| !u.disabled);
        let signed_on = matches!(proof, Proof::Provider { .. });
        let known = known
            .filter(|u| u.password.is_some() || signed_on || proof == Proof::Known)
            .ok_or(Refusal::WrongPassword)?;
        if let Some(code) = self.proved(known, proof)? {
            self.emit(step, Fact::CodeTaken { user: user.clone(), code });
        }
        let mut own: Vec<_> = self
            .sessions
            .iter()
            .filter(|(_, s)| s.user == user)
            .map(|(hash, s)| (s.until, *hash))
            .collect();
        own.sort_unstable();
        if own.len() >= SESSIONS_OF_ONE {
            self.emit(step, Fact::LoggedOut { session: own[0].1 });
        }
        self.emit(
            step,
            Fact::LoggedIn { user, session, until: step.now.plus(SESSION_LIMIT), signed_on },
        );
        Ok(Done::Ok)
    }

    /// Writes down that somebody was not let in. Whoever types a password where the name belongs is not told on.
    pub(super) fn not_let_in(
        &mut self,
        step: &mut Step<'_>,
        mut by: Box<Actor>,
        wrong: Wrong,
    ) -> Decided {
        let user = self.directory.users.get(&by.user).map(|user| user.id.clone());
        if user.is_none() {
            by.user = UserId::from("?");
        }
        self.emit(step, Fact::NotLetIn { by, user, wrong });
        Ok(Done::Ok)
    }

    pub(super) fn take_code(
        &mut self,
        step: &mut Step<'_>,
        user: &UserId,
        proof: Proof,
    ) -> Decided {
        let known = self.directory.users.get(user).filter(|u| !u.disabled);
        let known = known.ok_or(Refusal::WrongPassword)?;
        if let Some(code) = self.proved(known, proof)? {
            self.emit(step, Fact::CodeTaken { user: user.clone(), code });
        }
        Ok(Done::Ok)
    }

    /// Has it decided, and notes who did it and what was there before.
    pub(super) fn audited(
        &mut self,
        step: &mut Step<'_>,
        by: Box<Actor>,
        command: Command,
    ) -> Decided {
        let before = self.directory.clone();
        let first = step.out.facts.len();
        let done = self.decide(step, command)?;
        let was = step.out.facts[first..].iter().filter_map(|(fact, _)| match fact {
            Fact::Put(entry) => Some(match entry.key() {
                Some(key) => before.get(&key),
                None => before.realm.clone().map(Entry::Realm),
            }),
            Fact::Removed(key) => Some(before.get(key)),
            _ => None,
        });
        let was = was.map(|entry| entry.map(Box::new)).collect();
        if step.out.facts.len() > first {
            self.emit(step, Fact::Audited { by, was });
        }
        Ok(done)
    }

    /// Is it enough? With the code that is used up by it.
    fn proved(&self, user: &User, proof: Proof) -> Result<Option<Code>, Refusal> {
        let code = match proof {
            Proof::Known => return Ok(None),
            Proof::Provider { several, code } => {
                let way = self.directory.sign_on().ok_or(Refusal::NotAllowed)?;
                match way.second_factor {
                    Trust::Always => return Ok(None),
                    Trust::Said if several => return Ok(None),
                    Trust::Said | Trust::Never => code,
                }
            }
            _ if !self.directory.takes_password(user) => return Err(Refusal::PasswordsOff),
            Proof::Password => None,
            Proof::Code(step) => Some(Code::Step(step)),
            Proof::Recovery(hash) => Some(Code::Recovery(hash)),
        };
        let taken = self.codes.get(&user.id);
        match (code, &user.second) {
            (None, Some(_)) => Err(Refusal::CodeNeeded),
            (None, None) => {
                let realm = self.directory.realm.as_ref();
                if realm.is_some_and(|realm| realm.second_factor.contains(&user.role)) {
                    return Err(Refusal::MustEnrol);
                }
                Ok(None)
            }
            (Some(Code::Step(step)), Some(_)) if taken.is_none_or(|taken| step > taken.step) => {
                Ok(code)
            }
            (Some(Code::Recovery(hash)), Some(second))
                if second.recovery.contains(&hash)
                    && taken.is_none_or(|taken| !taken.recovery.contains(&hash)) =>
            {
                Ok(code)
            }
            (Some(_), _) => Err(Refusal::WrongCode),
        }
    }

    pub(super) fn set_second_factor(
        &mut self,
        step: &mut Step<'_>,
        user: &UserId,
        factor: Option<(Box<SecondFactor>, u64)>,
        keep: Option<TokenHash>,
    ) -> Decided {
        let known = self.directory.users.get(user).ok_or(Refusal::NoSuchEntry)?;
        let mut changed = known.as_ref().clone();
        let (second, code) = factor.map_or((None, None), |(factor, step)| {
            (Some((*factor).into()), Some(Code::Step(step)))
        });
        changed.second = second;
        let others =
            self.sessions.iter().filter(|(hash, s)| s.user == *user && Some(**hash) != keep);
        for session in others.map(|(hash, _)| *hash).collect::<Vec<_>>() {
            self.emit(step, Fact::LoggedOut { session });
        }
        self.emit(step, Fact::Put(Box::new(Entry::User(changed))));
        if let Some(code) = code {
            self.emit(step, Fact::CodeTaken { user: user.clone(), code });
        }
        Ok(Done::Ok)
    }

    pub(super) fn log_out(&mut self, step: &mut Step<'_>, session: TokenHash) -> Decided {
        if self.sessions.contains_key(&session) {
            self.emit(step, Fact::LoggedOut { session });
        }
        Ok(Done::Ok)
    }

    /// Takes up that a code was taken.
    pub(super) fn code_taken(&mut self, user: &UserId, code: Code) {
        let codes = self.codes.entry(user.clone()).or_default();
        match code {
            Code::Step(step) => codes.step = codes.step.max(step),
            Code::Recovery(hash) => drop(codes.recovery.insert(hash)),
        }
    }

    /// Somebody is about to be put or removed: codes belong to the second factor of which they are.
    pub(super) fn forget_codes(&mut self, user: &UserId, now: Option<&User>) {
        let was = self.directory.users.get(user).and_then(|user| user.second.as_ref());
        if was != now.and_then(|user| user.second.as_ref()) {
            self.codes.remove(user);
        }
    }
}
