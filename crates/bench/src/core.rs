//! The domain alone: commands a second on one core, and the cost of one routing decision.

use crate::centre::{CUSTOMERS, Small};
use crate::figures::{print, round};
use domain::centre::Out;
use domain::chance::Seeded;
use domain::command::Command;
use domain::contact::TextKind;
use domain::room::Audience;
use std::time::Instant;

const COMMANDS: u32 = 2_000_000;

pub(crate) fn run() {
    let mut shop = Small::new(500, 50);
    let customers = shop.chats(CUSTOMERS);
    let (mut chance, mut out) = (Seeded::new(3), Out::default());
    let text: std::sync::Arc<str> = "안녕하세요, 주문한 상품이 아직 도착하지 않았습니다.".into();
    let began = Instant::now();
    for n in 0..COMMANDS {
        let by = customers[(n as usize * 7_919) % customers.len()].1;
        let command = if n % 8 == 7 {
            Command::Typing { by, audience: Audience::All, key: None }
        } else {
            Command::Say {
                by,
                kind: TextKind::Plain,
                text: text.clone(),
                audience: Audience::All,
                key: None,
            }
        };
        out.clear();
        shop.now.0 += u64::from(n % 2 == 0);
        shop.centre
            .handle(shop.now, &mut chance, command, &mut out)
            .expect("every customer may speak");
    }
    let took = began.elapsed().as_secs_f64();
    print(
        "core.commands",
        &[
            ("per_second", round(f64::from(COMMANDS) / took)),
            ("ns_per_command", round(took * 1e9 / f64::from(COMMANDS))),
        ],
    );
    routing();
}

/// 5,000 agents, all busy, and 5,000 contacts waiting: one agent becomes free, again and again.
fn routing() {
    let mut shop = Small::new(5_000, 1);
    let talking = shop.chats(5_000);
    let _waiting = shop.chats(5_000);
    let (mut chance, mut out) = (Seeded::new(5), Out::default());
    let (mut decided, mut spent) = (0_u32, std::time::Duration::ZERO);
    for (contact, _) in talking.into_iter().take(2_000) {
        let Some(agent) = shop.agent_of(contact) else { continue };
        out.clear();
        shop.now.0 += 10;
        // Without after-work the agent is free at once, and the head of the line is offered: that is one decision.
        let began = Instant::now();
        shop.centre
            .handle(shop.now, &mut chance, Command::End { agent, contact }, &mut out)
            .expect("the agent has it");
        spent += began.elapsed();
        decided += 1;
    }
    let micros = spent.as_secs_f64() * 1e6 / f64::from(decided.max(1));
    print(
        "core.routing",
        &[
            ("agents", 5_000.into()),
            ("waiting", 5_000.into()),
            ("us_per_end_and_next_offer", round(micros)),
            ("decisions", decided.into()),
        ],
    );
}
