//! No sound at all.

use super::Sound;
use facade::voice::plane::{Agreed, Hear, Leg, Noticed, Plane, PlaneFault, Tape, Way, Wire};
use std::task::{Context, Poll};

#[derive(Debug)]
pub(crate) struct Mute;

impl Plane for Mute {
    fn offer(&mut self, _: Leg, _: Wire, _: Option<Leg>) -> Result<String, PlaneFault> {
        Err(PlaneFault::Full)
    }
    fn conclude(&mut self, _: Leg, _: &[u8]) -> Result<Way, PlaneFault> {
        Err(PlaneFault::WrongState)
    }
    fn answer(&mut self, _: Leg, _: &[u8]) -> Result<Agreed, PlaneFault> {
        Err(PlaneFault::Full)
    }
    fn again(&mut self, _: Leg, _: bool) -> Result<String, PlaneFault> {
        Err(PlaneFault::WrongState)
    }
    fn hear(&mut self, _: Leg, _: Hear) {}
    fn press(&mut self, _: Leg, _: char, _: u32) {}
    fn close(&mut self, _: Leg) {}
    fn record(&mut self, _: Tape, _: &[Leg], _: &[Leg]) {}
    fn mask(&mut self, _: Tape, _: bool) {}
    fn stop(&mut self, _: Tape) {}
}

impl Sound for Mute {
    fn poll_noticed(&mut self, _: &mut Context<'_>) -> Poll<Noticed> {
        Poll::Pending
    }
}
