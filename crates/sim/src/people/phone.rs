//! People at telephones, applications that steer them, and callers from outside: every wish, at any moment, mostly at
//! calls that are there, sometimes at calls that are not.

use crate::shop;
use crate::world::{Asked, World};
use domain::agent::{AgentState, Channel};
use domain::call::{Attached, Barge, CallId, Cause, Link, Place, Wish};
use domain::command::Command;
use domain::id::DeviceId;
use domain::time::Millis;
use std::sync::Arc;

impl World {
    pub(super) fn phone_acts(&mut self) -> Option<Asked> {
        let device = self.some_phone();
        let wish = match self.draw.below(100) {
            0..3 => {
                let (to, attached) = (self.some_number(), self.attached());
                Wish::Dialled { device, to, attached }
            }
            3..12 => Wish::Dial { device, to: self.some_number(), attached: self.attached() },
            12..20 => Wish::Arrive { from: "01012345678".into(), to: self.some_number() },
            20..40 => {
                let (device, call) = self.some_end(Link::Alerting)?;
                Wish::Answer(device, call)
            }
            40..48 => {
                let (device, call) = self.any_end()?;
                Wish::Clear(device, call)
            }
            48..54 => {
                let (device, call) = self.some_end(Link::Connected)?;
                Wish::Hold(device, call)
            }
            54..59 => {
                let (device, call) = self.some_end(Link::Held)?;
                Wish::Retrieve(device, call)
            }
            59..67 => {
                let (device, call) = self.some_end(Link::Connected)?;
                Wish::Consult { device, call, to: self.some_number(), attached: self.attached() }
            }
            67..77 => {
                let (device, held) = self.some_end(Link::Held)?;
                let other = self.node.centre().switch().at(&device).find(|c| c.id != held);
                let active = other.map_or(held, |call| call.id);
                if self.once_in(3) {
                    Wish::Transfer(device, active, held)
                } else {
                    Wish::Confer(device, active, held)
                }
            }
            77..80 => {
                let (device, call) = self.some_end(Link::Connected)?;
                let (to, attached) = (self.some_number(), self.attached());
                Wish::SingleStep { device, call, to, attached }
            }
            80..82 => Wish::Pickup { device, from: self.some_end(Link::Alerting)?.0 },
            82..85 => {
                let mode = [Barge::Listen, Barge::Join, Barge::Whisper][self.pick(3)];
                Wish::Barge { device, target: self.some_end(Link::Connected)?.0, mode }
            }
            85..87 => {
                let calls = self.node.centre().switch().calls();
                let outside: Vec<(CallId, u64)> = calls.map(|c| (c.id, c.number)).collect();
                let (call, number) = self.one_of(&outside)?;
                Wish::HangUp { call, number }
            }
            87 => Wish::CallBack(CallId(1 + u16::try_from(self.draw.below(40)).ok()?)),
            88..94 => {
                let agent = shop::AGENTS[self.pick(6)];
                // Mostly at one's own telephone.
                let device = if self.once_in(6) { device } else { agent.into() };
                let group = [401, 402][self.pick(2)];
                let channel = if self.once_in(4) { Channel::Chat } else { Channel::Voice };
                let wmode = 1 + u8::try_from(self.draw.below(4)).ok()?;
                Wish::LogOn { device, agent: agent.into(), group, channel, wmode }
            }
            // Phones take the virtual ones' places, go, say no, and vanish; and the switch begins anew.
            94 => {
                let at = ["udp:1", "udp:2", "ws:3"][self.pick(3)];
                let until = self.now.plus(Millis(self.draw.below(600_000)));
                let place = Place { at: at.into(), until, lasts: at.starts_with("udp") };
                let here = !self.once_in(3);
                Wish::Register { device, here, places: here.then_some(place).into_iter().collect() }
            }
            95 => {
                let (device, call) = self.some_end(Link::Alerting)?;
                let causes = [Cause::BUSY, Cause::NOT_ANSWERED, Cause::OUT_OF_ORDER];
                Wish::Reject { device, call, cause: causes[self.pick(3)] }
            }
            96 if self.once_in(4) => Wish::Restart,
            96 => {
                let (device, call) = self.any_end()?;
                Wish::Vanish(device, call)
            }
            _ => {
                let agent = shop::AGENTS[self.pick(6)];
                let state = match self.draw.below(8) {
                    0 => AgentState::LoggedOff(0),
                    1 => AgentState::NotReady(3),
                    2 => AgentState::AfterWork(0),
                    _ => AgentState::Ready,
                };
                let device = if self.once_in(6) { device } else { agent.into() };
                let channel = self.once_in(2).then_some(Channel::Voice);
                Wish::State { device, agent: agent.into(), group: None, channel, state }
            }
        };
        Some(Command::Call { by: None, wish: Box::new(wish) }.into())
    }

    fn some_phone(&mut self) -> DeviceId {
        shop::PHONES[self.pick(shop::PHONES.len())].into()
    }

    /// Telephones, queues, bots, and numbers that lead nowhere.
    fn some_number(&mut self) -> Arc<str> {
        const OTHERS: [&str; 8] =
            ["3001", "3002", "3003", "1000", "7001", "7002", "3998", "99999999"];
        if self.once_in(3) { OTHERS[self.pick(8)].into() } else { self.some_phone().0 }
    }

    fn attached(&mut self) -> Attached {
        let uui = if self.once_in(2) { "u".into() } else { "".into() };
        Attached { uui, ..Attached::default() }
    }

    /// A telephone that is connected so, and the call.
    fn some_end(&mut self, link: Link) -> Option<(DeviceId, CallId)> {
        let ends = self.ends(|its| its == link);
        self.one_of(&ends)
    }

    fn any_end(&mut self) -> Option<(DeviceId, CallId)> {
        let ends = self.ends(|_| true);
        self.one_of(&ends)
    }

    fn ends(&self, fits: impl Fn(Link) -> bool) -> Vec<(DeviceId, CallId)> {
        let calls = self.node.centre().switch().calls();
        let ends = calls.flat_map(|call| {
            let inside = call.parties.iter().filter(|p| !p.outside && fits(p.link));
            inside.map(|p| (p.device.clone(), call.id)).collect::<Vec<_>>()
        });
        ends.collect()
    }
}
