//! One socket of a customer's page, with its rooms.

use super::frame::{self, Frame, Told};
use super::{Arrival, Lobby};
use crate::door::{Cx, Effect, Fault, Out, Session};
use domain::command::Done;
use domain::node::Published;
use domain::query::Answer;
use domain::refusal::Refusal;
use domain::signal::Signal;
use std::sync::Arc;

/// One socket.
#[derive(Debug)]
pub(super) struct Socket {
    arrival: Arrival,
    lobby: Arc<Lobby>,
}

impl Socket {
    pub(super) const fn new(arrival: Arrival, lobby: Arc<Lobby>) -> Self {
        Self { arrival, lobby }
    }
}

impl Session for Socket {
    fn on_open(&mut self, _: &mut Cx<'_>, _: &mut Out) {}

    fn on_text(&mut self, cx: &mut Cx<'_>, text: &str, out: &mut Out) {
        match Frame::read(text) {
            None => out.push(Effect::Close(1008, "no frame of this protocol")),
            Some(Frame::Open(open)) => {
                Told::Trying { id: open.id }.send(out);
                let known = cx.site.realm(&open.realm).is_some_and(|no| no == self.arrival.realm);
                let place = self.lobby.enter(self.arrival.peer);
                let may = place.is_some() && self.lobby.may_start(cx.site, self.arrival.peer);
                frame::closed(open.id, if may && !known { 404 } else { 503 }, None, out);
            }
            Some(Frame::Resume(resume)) => frame::closed(resume.id, 403, None, out),
            Some(frame) => {
                if let Some(id) = frame.id() {
                    frame::closed(id, 481, None, out);
                }
            }
        }
    }

    fn on_outcome(
        &mut self,
        _: &mut Cx<'_>,
        _: u64,
        _: Result<Result<Done, Refusal>, Fault>,
        _: &mut Out,
    ) {
    }

    fn on_answer(
        &mut self,
        _: &mut Cx<'_>,
        _: u64,
        _: Result<Result<Answer, Refusal>, Fault>,
        _: u64,
        _: &mut Out,
    ) {
    }

    fn on_fact(&mut self, _: &mut Cx<'_>, _: &Arc<Published>, _: &mut Out) {}

    fn on_signal(&mut self, _: &mut Cx<'_>, _: &Arc<Signal>, _: &mut Out) {}

    fn on_time(&mut self, _: &mut Cx<'_>, _: &mut Out) {}

    fn on_close(&mut self, _: &mut Cx<'_>, _: &mut Out) {}
}
