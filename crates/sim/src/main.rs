//! `sim [--seed N | --seeds A..B] [--steps N] [--by chat|phone|both|web]`: tells stories, and stops at the first broken promise.

use sim::By;
use std::process::ExitCode;

/// Steps of a story unless told otherwise.
const STEPS: u64 = 5_000;

struct Wanted {
    seeds: std::ops::Range<u64>,
    steps: u64,
    by: By,
}

fn wanted() -> Result<Wanted, String> {
    let mut wanted = Wanted { seeds: 0..20, steps: STEPS, by: By::Chat };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("{word} needs a value"))?;
        let number =
            |text: &str| text.parse::<u64>().map_err(|_| format!("{text:?} is not a number"));
        match word.as_str() {
            "--seed" => {
                let seed = number(&value)?;
                wanted.seeds = seed..seed + 1;
            }
            "--seeds" => {
                let (from, to) = value.split_once("..").ok_or("--seeds is A..B")?;
                wanted.seeds = number(from)?..number(to)?;
            }
            "--steps" => wanted.steps = number(&value)?,
            "--by" => {
                wanted.by = match value.as_str() {
                    "chat" => By::Chat,
                    "phone" => By::Phone,
                    "both" => By::Both,
                    "web" => By::Web,
                    _ => return Err(format!("{value:?} is none of chat, phone, both, web")),
                }
            }
            _ => {
                return Err(format!(
                    "unknown option {word}; there are --seed N, --seeds A..B, --steps N, --by"
                ));
            }
        }
    }
    Ok(wanted)
}

#[expect(clippy::print_stdout, reason = "a command line")]
fn main() -> ExitCode {
    let wanted = match wanted() {
        Ok(wanted) => wanted,
        Err(why) => {
            eprintln!("{why}");
            return ExitCode::from(2);
        }
    };
    let (mut asked, mut told) = (0, 0);
    for seed in wanted.seeds.clone() {
        let Ok(story) = std::panic::catch_unwind(|| sim::tell(seed, wanted.steps, wanted.by))
        else {
            let by = format!("{:?}", wanted.by).to_lowercase();
            println!(
                "replay it with: cargo xtask sim --seed {seed} --steps {} --by {by}",
                wanted.steps
            );
            return ExitCode::FAILURE;
        };
        asked += story.asked;
        told += wanted.steps;
        println!(
            "seed {seed}: {} deeds, {} restarts, story {:016x}",
            story.deeds, story.restarts, story.hash
        );
    }
    println!("{} seeds, {told} steps, {asked} commands", wanted.seeds.count());
    ExitCode::SUCCESS
}
