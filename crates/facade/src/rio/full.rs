//! A connection for which there is no place.

use crate::door::{Cx, Effect, Fault, Out, Session};
use domain::command::Done;
use domain::node::Published;
use domain::query::Answer;
use domain::refusal::Refusal;
use domain::signal::Signal;
use std::sync::Arc;

/// Closes as soon as it is open: a browser sees no status of a failed handshake, but it sees this code.
#[derive(Debug)]
pub(super) struct Full;

impl Session for Full {
    fn on_open(&mut self, _: &mut Cx<'_>, out: &mut Out) {
        out.push(Effect::Close(1013, "too many connections"));
    }

    fn on_text(&mut self, _: &mut Cx<'_>, _: &str, _: &mut Out) {}

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
