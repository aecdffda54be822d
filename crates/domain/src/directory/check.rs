//! Would a change leave the directory whole? Every name leads somewhere, every number is in its range.

use super::{BotKind, Directory, Entry, EntryKey, Source, Target, Workspace, origin_of};
use crate::refusal::Refusal;
use crate::scenario::Need;
use std::sync::Arc;

impl Directory {
    /// Would this entry leave the directory whole?
    ///
    /// # Errors
    ///
    /// [`Refusal::BadEntry`], saying which name leads nowhere or which value is out of range: `kind name: member: why`.
    pub fn check(&self, entry: &Entry) -> Result<(), Refusal> {
        let bad = |why: String| Err(Refusal::BadEntry(why.into()));
        let named = |what: &str, id: &str| {
            let fits = (1..=64).contains(&id.len())
                && id.chars().all(|c| c.is_ascii_alphanumeric() || "._-@:/".contains(c));
            if fits {
                Ok(())
            } else {
                Err(Refusal::BadEntry(
                    format!("{what} {id}: id: 1 to 64 letters, digits or ._-@:/").into(),
                ))
            }
        };
        self.check_sign_on(entry)?;
        match entry {
            Entry::Realm(realm)
                if self.realm.as_ref().is_some_and(|r| r.instance != realm.instance) =>
            {
                bad("a realm keeps its instance id".into())
            }
            Entry::Realm(realm) => {
                named("realm", &realm.name)?;
                let to = |to: &str| {
                    ["arn:", "https://", "http://"].iter().any(|start| to.starts_with(start))
                };
                if !realm.push_to.as_deref().is_none_or(to) {
                    return bad("realm: push_to: a topic (arn:…) or an address (https://…)".into());
                }
                realm.retention.check().map_err(|why| Refusal::BadEntry(why.into()))
            }
            Entry::User(user) => {
                named("user", user.id.as_str())?;
                match user.skills.iter().find(|(_, level)| !(1..=10).contains(*level)) {
                    Some((skill, level)) => bad(format!(
                        "user {}: skills: level {level} of {skill} is not 1 to 10",
                        user.id
                    )),
                    None if user.name.is_empty() || user.name.chars().count() > 256 => {
                        bad(format!("user {}: name: 1 to 256 characters", user.id))
                    }
                    None if user.limits.values().any(|&n| n > 50) => {
                        bad(format!("user {}: limits: at most 50 contacts at once", user.id))
                    }
                    None => Ok(()),
                }
            }
            Entry::Group(group) => {
                match group.members.keys().find(|m| !self.users.contains_key(*m)) {
                    _ if !(1..1_000_000).contains(&group.id) => {
                        bad(format!("group {}: id: 1 to 999,999", group.id))
                    }
                    Some(member) => {
                        bad(format!("group {}: members: there is no user {member}", group.id))
                    }
                    None => Ok(()),
                }
            }
            Entry::Queue(queue) => {
                named("queue", queue.id.as_str())?;
                let overflow = queue.overflow.as_ref().map(|o| &o.to);
                if !self.groups.contains_key(&queue.group) {
                    bad(format!("queue {}: group: there is no group {}", queue.id, queue.group))
                } else if let Some(to) =
                    overflow.filter(|to| **to == queue.id || !self.queues.contains_key(*to))
                {
                    bad(format!("queue {}: overflow: it cannot overflow to {to}", queue.id))
                } else if let Some(hours) =
                    queue.hours.as_ref().filter(|h| !self.hours.contains_key(*h))
                {
                    bad(format!("queue {}: hours: there are no hours {hours}", queue.id))
                } else if queue.priority > 9 {
                    bad(format!("queue {}: priority: 0 to 9", queue.id))
                } else if queue.offer.0 < 1_000 {
                    bad(format!("queue {}: offer: 1 s at least", queue.id))
                } else {
                    Ok(())
                }
            }
            Entry::Bot(bot) => {
                named("bot", bot.id.as_str())?;
                if let Some(queue) = bot.kind.queue().filter(|q| self.queue(q.as_str()).is_none()) {
                    return bad(format!("bot {}: queue: there is no queue {queue}", bot.id));
                }
                match &bot.kind {
                    BotKind::Scenario(scenario) => {
                        let missing = |(_, need): &(Arc<str>, Need)| self.lacks(need);
                        match scenario.needs().iter().find_map(missing) {
                            Some(what) => bad(format!("bot {}: scenario: {what}", bot.id)),
                            None => Ok(()),
                        }
                    }
                    BotKind::Webhook(hook) if !(100..=10_000).contains(&hook.time.0) => {
                        bad(format!("bot {}: time: an answer is waited for 100 ms to 10 s", bot.id))
                    }
                    BotKind::Webhook(hook)
                        if hook.url.len() > 2_000
                            || !(hook.url.starts_with("https://")
                                || hook.url.starts_with("http://")) =>
                    {
                        bad(format!("bot {}: url: a program is at http:// or https://", bot.id))
                    }
                    _ => Ok(()),
                }
            }
            Entry::Flow(flow) => match &flow.target {
                Target::Queue(queue) if self.queue(queue.as_str()).is_none() => {
                    bad(format!("flow {}: queue: there is no queue {queue}", flow.id))
                }
                Target::Bot(bot) if !self.bots.contains_key(bot) => {
                    bad(format!("flow {}: bot: there is no bot {bot}", flow.id))
                }
                _ => Ok(()),
            },
            Entry::Widget(widget) if !self.flows.contains_key(&widget.flow) => {
                bad(format!("widget {}: flow: there is no flow {}", widget.id, widget.flow))
            }
            Entry::Widget(widget) => named("widget", widget.id.as_str()),
            Entry::Reason(reason) if reason.code > 9 => {
                bad(format!("reason {}: code: 0 to 9", reason.code))
            }
            Entry::Hours(hours)
                if hours.week.iter().flatten().any(|(from, to)| from >= to || *to > 1_440) =>
            {
                bad(format!("hours {}: week: from before to, at most 1,440", hours.id))
            }
            Entry::Device(device) => named("device", device.id.as_str()),
            Entry::Trunk(trunk) => {
                named("trunk", trunk.id.as_str())?;
                let digits = |text: &str| {
                    text.len() <= 32
                        && text.bytes().all(|b| b.is_ascii_digit() || b"*#+".contains(&b))
                };
                let name = |text: &str| {
                    (1..=255).contains(&text.len())
                        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_:[]".contains(&b))
                };
                let source = trunk.sources.iter().find(|text| Source::parse(text).is_none());
                let rule = trunk.rules.iter().find(|rule| {
                    !digits(&rule.prefix)
                        || !digits(&rule.add)
                        || rule.least > rule.most
                        || rule.most > 32
                        || rule.strip > rule.most
                });
                let lost = trunk.numbers.values().find(|to| !self.answers(to.as_str()));
                if !name(&trunk.host) {
                    bad(format!(
                        "trunk {}: host: {:?} is neither host nor host:port",
                        trunk.id, trunk.host
                    ))
                } else if trunk.register && (trunk.user.is_none() || trunk.sealed.is_none()) {
                    bad(format!(
                        "trunk {}: register: for that it needs user and password",
                        trunk.id
                    ))
                } else if trunk.challenge && (trunk.user.is_none() || trunk.sealed.is_none()) {
                    bad(format!(
                        "trunk {}: challenge: for that it needs user and password",
                        trunk.id
                    ))
                } else if trunk.register && !trunk.sources.is_empty() {
                    bad(format!(
                        "trunk {}: sources: calls come from where we register alone",
                        trunk.id
                    ))
                } else if let Some(source) = source {
                    bad(format!(
                        "trunk {}: sources: {source:?}: address, address:port or address/bits of at least 8",
                        trunk.id
                    ))
                } else if trunk.sources.len() > 64 {
                    bad(format!("trunk {}: sources: at most 64", trunk.id))
                } else if trunk.domain.as_ref().is_some_and(|domain| !name(domain)) {
                    bad(format!("trunk {}: domain: it is no host", trunk.id))
                } else if let Some(rule) = rule {
                    bad(format!(
                        "trunk {}: rules: {:?}: digits, *, # and +, at most 32, least before most",
                        trunk.id, rule.prefix
                    ))
                } else if let Some(to) = lost {
                    bad(format!("trunk {}: numbers: there is no number {to}", trunk.id))
                } else if trunk.rules.len() > 256 || trunk.numbers.len() > 10_000 {
                    bad(format!("trunk {}: rules: at most 256, and 10,000 numbers", trunk.id))
                } else if trunk.caller.as_ref().is_some_and(|caller| !digits(caller)) {
                    bad(format!("trunk {}: caller: what is shown is a number", trunk.id))
                } else {
                    Ok(())
                }
            }
            Entry::CtiUser(user)
                if !(1..=24).contains(&user.id.as_str().len())
                    || !user
                        .id
                        .as_str()
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b)) =>
            {
                bad(format!("CTI user {}: id: 1 to 24 letters, digits or _.-", user.id))
            }
            Entry::Workspace(workspace) => {
                named("workspace", workspace.id.as_str())?;
                self.check_workspace(workspace)
            }
            Entry::CtiUser(_)
            | Entry::Key(_)
            | Entry::Hours(_)
            | Entry::Reason(_)
            | Entry::WrapUpCode(_)
            | Entry::StreamTarget(_) => Ok(()),
        }
    }

    fn check_workspace(&self, it: &Workspace) -> Result<(), Refusal> {
        let why = if !(1..=64).contains(&it.name.chars().count()) {
            "name: 1 to 64 characters".to_owned()
        } else if it.url.len() > Workspace::LONGEST_URL || it.url.chars().any(char::is_control) {
            "url: at most 2,048 bytes, none of them a control character".to_owned()
        } else if origin_of(&it.url).is_none() {
            "url: https: or http:, its host in lower case, without a user or the usual port"
                .to_owned()
        } else if let Some(bad) = it.origins.iter().find(|o| origin_of(o) != Some(o.as_ref())) {
            format!("origins: {bad:?} is none such as https://crm.example")
        } else if it.origins.len() > Workspace::MOST_ORIGINS {
            "origins: at most 16".to_owned()
        } else if let Some(bad) =
            it.allow.iter().find(|a| !Workspace::FEATURES.contains(&a.as_ref()))
        {
            format!("allow: {bad:?} is none of {}", Workspace::FEATURES.join(", "))
        } else if let Some(bad) = it.queues.iter().find(|q| !self.queues.contains_key(*q)) {
            format!("queues: there is no queue {bad}")
        } else {
            return Ok(());
        };
        Err(Refusal::BadEntry(format!("workspace {}: {why}", it.id).into()))
    }

    /// What the directory lacks of what a scenario names, in words.
    pub fn lacks(&self, need: &Need) -> Option<String> {
        match need {
            Need::Queue(id) if self.queue(id.as_str()).is_none() => {
                Some(format!("there is no queue {id}"))
            }
            Need::Agent(id) if !self.users.contains_key(id) => {
                Some(format!("there is no agent {id}"))
            }
            Need::Hours(id) if !self.hours.contains_key(id) => {
                Some(format!("there are no hours {id}"))
            }
            _ => None,
        }
    }

    /// Would the directory still be whole without this?
    ///
    /// # Errors
    ///
    /// [`Refusal::NoSuchEntry`] if it is not there, [`Refusal::BadEntry`] if something still needs it.
    pub fn check_removal(&self, key: &EntryKey) -> Result<(), Refusal> {
        if !self.has(key) {
            return Err(Refusal::NoSuchEntry);
        }
        let mut without = self.clone();
        without.remove(key);
        without.entries().iter().try_for_each(|entry| without.check(entry))
    }
}
