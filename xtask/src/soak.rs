//! The registry against its naive model for as long as one likes.

use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use liveset_model::tape::{any_policy, policies};
use liveset_model::{Defeat, as_scenario, as_vector, fight, shrink};

use crate::tool;

/// Steps of one tape: long enough for slots to be used again and for the epoch of deadlines to move.
const LENGTH: usize = 5000;
/// So many random policies to each one with a name.
const SHARE: u64 = 2;
/// It goes on after a disagreement, as a second one tells more; not after so many.
const DEFEATS_MAX: usize = 12;

pub fn soak(words: &[&str]) -> Result<()> {
    let (mut minutes, mut seed) = (10.0, 1);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let value = words.next().with_context(|| format!("{word} takes a number"))?;
        match *word {
            "--minutes" => minutes = value.parse().with_context(|| format!("--minutes {value}"))?,
            "--seed" => seed = value.parse().with_context(|| format!("--seed {value}"))?,
            other => bail!("no option {other}; there are --minutes and --seed"),
        }
    }
    soak_at(Duration::from_secs_f64(minutes * 60.0), seed)
}

/// For so many seconds, on tapes that a test does not play.
pub fn soak_for(seconds: u32) -> Result<()> {
    soak_at(Duration::from_secs(u64::from(seconds)), 1)
}

fn soak_at(length: Duration, seed: u64) -> Result<()> {
    // A panic is a disagreement like any other, and told as one.
    std::panic::set_hook(Box::new(|_| {}));
    let told = run(length, seed);
    drop(std::panic::take_hook());
    told
}

fn run(length: Duration, seed: u64) -> Result<()> {
    let (begin, mut told) = (Instant::now(), Instant::now());
    let (mut steps, mut tapes) = (0, 0);
    let mut defeats = BTreeSet::new();
    let named = policies();
    println!("soak: seed {seed}, {} minutes", length.as_secs_f64() / 60.0);
    while begin.elapsed() < length && defeats.len() < DEFEATS_MAX {
        let number = seed.wrapping_mul(1 << 32).wrapping_add(tapes);
        let policy = match tapes.is_multiple_of(SHARE + 1) {
            true => named[(tapes / (SHARE + 1)) as usize % named.len()].clone(),
            false => any_policy(number),
        };
        let fight = fight(&policy, number, LENGTH);
        steps += fight.steps;
        tapes += 1;
        if let Some(defeat) = fight.defeat
            && defeats.insert((policy.label.clone(), defeat.disagreement.about.clone()))
        {
            write(&shrink(defeat), number)?;
        }
        if told.elapsed() > Duration::from_secs(10) {
            told = Instant::now();
            let rate = steps as f64 / begin.elapsed().as_secs_f64();
            println!("soak: {steps} steps, {tapes} tapes, {rate:.0} steps a second, {} disagreements", defeats.len());
        }
    }
    let rate = steps as f64 / begin.elapsed().as_secs_f64();
    println!("soak: seed {seed}, {steps} steps, {tapes} tapes, {rate:.0} steps a second");
    println!("{} passed, {} failed", tapes - defeats.len() as u64, defeats.len());
    if defeats.is_empty() { Ok(()) } else { bail!("the registry is not what its model says") }
}

fn write(defeat: &Defeat, number: u64) -> Result<()> {
    let folder = tool::root().join("target/soak");
    fs::create_dir_all(&folder)?;
    let (tape, story) = (folder.join(format!("{number}.jsonl")), folder.join(format!("{number}.scenario")));
    fs::write(&tape, as_vector(defeat))?;
    fs::write(&story, as_scenario(defeat))?;
    println!(
        "soak: tape {number}: {} steps left of it\n{defeat}\nsoak: written to {}, and told in {}",
        defeat.steps.len(),
        tape.display(),
        story.display()
    );
    Ok(())
}
