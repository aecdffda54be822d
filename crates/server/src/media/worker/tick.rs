//! What is due every 20 ms: frames for those who hear more than one, or what the house plays; keys; tapes.

use super::super::codecs::Coding;
use super::super::line::{Line, Plan};
use super::packet::{Cut, send};
use super::{HOUSE, Worker};
use media::dtmf::event::Press;
use media::mix::{PARTIES, blend};
use media::rtp::{HEADER, Packet};
use media::sound::{FRAME, RATE};
use media::time::Micros;

impl Worker {
    /// 20 ms went by.
    pub(super) fn tick(&mut self, now: Micros) {
        self.pass_webs(now);
        let mut tapped = std::mem::take(&mut self.tapped);
        tapped.retain(|(place, turn)| {
            if self.turn_of(*place) != *turn {
                return false;
            }
            let Some(line) = self.at(*place) else { return false };
            line.list_tapped = line.tap.is_some();
            line.tap.as_mut().map(|tap| tap.turn()).is_some()
        });
        self.tapped = tapped;
        self.wind();
        let mut framed = std::mem::take(&mut self.framed);
        framed.retain(|(place, turn)| {
            if self.turn_of(*place) != *turn {
                return false;
            }
            let Some(mut line) = self.lines.get_mut(*place).and_then(Option::take) else {
                return false;
            };
            line.listed = self.frame(&mut line, now);
            let stays = line.listed;
            if let Some(slot) = self.lines.get_mut(*place) {
                *slot = Some(line);
            }
            stays
        });
        self.framed.extend(framed);
    }

    /// What one leg hears now; tells whether there will be more.
    fn frame(&mut self, line: &mut Line, now: Micros) -> bool {
        let span = line.span();
        let more = if line.press.is_some() || !line.presses.is_empty() {
            self.key(line, span, now);
            true
        } else if let Plan::Frames(from) = &line.plan {
            let mut sound = [0; FRAME];
            self.voices.resize(line.players.len(), [0; FRAME]);
            for (player, voice) in line.players.iter_mut().zip(&mut self.voices) {
                player.fill(voice);
            }
            let voices = from.iter().take(PARTIES).filter_map(|from| {
                let other = self.lines.get(*from)?.as_deref()?;
                other.tap.as_ref()?.frame()
            });
            blend(voices.chain(&self.voices), &mut sound);
            self.say(line, &sound, now);
            true
        } else {
            false
        };
        line.own.timestamp = line.own.timestamp.wrapping_add(span);
        more
    }

    /// One packet of a key that is played to a leg. A leg that takes no such packets hears its tones instead.
    fn key(&mut self, line: &mut Line, span: u32, now: Micros) {
        let Some(number) = line.codecs.number(Coding::Keys) else {
            return self.key_tone(line, now);
        };
        let at = line.own.timestamp;
        let press = match &mut line.press {
            Some(press) => press,
            none => {
                let Some((key, millis)) = line.presses.pop_front() else { return };
                line.own.run = line.own.run.wrapping_add(1);
                let per_milli = span / 20;
                let span = u16::try_from(span).unwrap_or(u16::MAX);
                none.insert(Press::new(key, at, millis.saturating_mul(per_milli), span))
            }
        };
        let Some(event) = press.next() else {
            line.press = None;
            line.own.run = line.own.run.wrapping_add(1);
            return;
        };
        let payload = event.event.bytes();
        self.send_own(line, event.marker, number, event.timestamp, &payload, now);
    }

    fn key_tone(&mut self, line: &mut Line, now: Micros) {
        // `Press` counts the time; what it would send is not sent.
        let Some((key, left)) = line.presses.front_mut() else { return };
        let mut sound = [0; FRAME];
        // The tone's samples count down: their phase is of no matter, their going on without a step is.
        let end = u64::from(*left) * 8;
        for (sample, n) in sound.iter_mut().zip(0_u64..) {
            *sample = end.checked_sub(n).filter(|n| *n > 0).map_or(0, |n| key.sound(n));
        }
        *left = left.saturating_sub(20);
        if *left == 0 {
            line.presses.pop_front();
        }
        self.say(line, &sound, now);
    }

    /// Sends a frame in the codec that a leg prefers.
    fn say(&mut self, line: &mut Line, sound: &[i16; FRAME], now: Micros) {
        let Some((number, coding)) = line.codecs.spoken() else { return };
        // An Opus packet of 20 ms has at most 1,275 bytes (RFC 6716 §3.2.1).
        let mut payload = [0; 1_275];
        let length = match coding {
            Coding::Law(law) => law.encode_all(sound, &mut payload),
            Coding::Opus => {
                if line.encoder.is_none() {
                    let voice = opus::Application::Voip;
                    line.encoder = opus::Encoder::new(RATE, opus::Channels::Mono, voice).ok();
                }
                let encoder = line.encoder.as_mut();
                encoder.and_then(|e| e.encode(sound, &mut payload).ok()).unwrap_or(0)
            }
            Coding::Keys => 0,
        };
        if length == 0 {
            return;
        }
        let at = line.own.timestamp;
        self.send_own(line, false, number, at, payload.get(..length).unwrap_or_default(), now);
    }

    fn send_own(
        &mut self,
        line: &mut Line,
        marker: bool,
        number: u8,
        timestamp: u32,
        payload: &[u8],
        now: Micros,
    ) {
        let sequence = line.own.sequence;
        line.own.sequence = sequence.wrapping_add(1);
        if !line.way.hears {
            return;
        }
        let packet = Packet {
            marker,
            payload_type: number,
            sequence,
            timestamp,
            ssrc: line.own.run,
            csrc: &[],
            extension: None,
            payload,
            padding: 0,
        };
        let patch = line.end.patch(HOUSE, now, &packet, number);
        let Ok(length) = packet.write(&mut self.copy[..]) else { return };
        patch.apply(&mut self.copy[..]);
        let cut = Cut { begin: HEADER, end: length, length };
        let Self { copy, web, counts, .. } = self;
        send(line, &mut copy[..], &cut, &patch, web.as_ref(), counts);
    }

    /// Every tape gets its frame.
    fn wind(&mut self) {
        let Self { reels, lines, places, .. } = self;
        for reel in reels {
            let heard = |leg| {
                let line = lines.get(*places.get(leg)?)?.as_deref()?;
                line.tap.as_ref()?.frame()
            };
            let (mut left, mut right) = ([0; FRAME], [0; FRAME]);
            blend(reel.left.iter().take(PARTIES).filter_map(heard), &mut left);
            blend(reel.right.iter().take(PARTIES).filter_map(heard), &mut right);
            reel.wind(&left, &right);
        }
    }
}
