//! Many who do the same: `20 web` is `web-1` to `web-20`, and each has its own host, counted up from the one that is named.

use std::net::Ipv4Addr;

use liveset::{Actor, Address};

use super::words::{Problem, Words};
use super::{Action, Step};

const SIZES: std::ops::RangeInclusive<u32> = 2..=1000;

pub(super) struct Fleet {
    size: u32,
}

impl Fleet {
    /// The number before a name, where there is one.
    pub(super) fn parse(words: &mut Words) -> Result<Option<Fleet>, Problem> {
        if !words.peek().is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_digit())) {
            return Ok(None);
        }
        let size = words.parsed("how many: 2 to 1000", |word| word.parse().ok().filter(|size| SIZES.contains(size)))?;
        Ok(Some(Fleet { size }))
    }

    /// The step of each of them.
    pub(super) fn each_of(&self, step: &Step) -> Result<Vec<Step>, String> {
        (0..self.size).map(|index| numbered(step, index)).collect()
    }
}

fn numbered(step: &Step, index: u32) -> Result<Step, String> {
    let mut step = step.clone();
    step.actor = format!("{}-{}", step.actor, index + 1);
    match &mut step.action {
        Action::Register { registration, .. } => {
            registration.source = Actor::parse(&step.actor).map_err(|error| error.to_string())?;
            registration.address = shifted(&registration.address, index)?;
        }
        Action::Beat { .. }
        | Action::Beats { .. }
        | Action::Connects { .. }
        | Action::Disconnects
        | Action::Restarts
        | Action::Dies
        | Action::Freezes
        | Action::Thaws => {}
        _ => {
            return Err(String::from(
                "expected what many can do: register, beat, beats, connects, disconnects, restarts, dies, freezes or thaws",
            ));
        }
    }
    Ok(step)
}

/// The address whose host is so many further on.
fn shifted(address: &Address, by: u32) -> Result<Address, String> {
    let host: Ipv4Addr = address
        .host
        .as_str()
        .parse()
        .map_err(|_| format!("expected an IPv4 host to count from, found `{}`", address.host))?;
    let host = u32::from(host).checked_add(by).map(Ipv4Addr::from);
    let host = host.ok_or_else(|| format!("expected {by} hosts after `{}`", address.host))?;
    let shifted = Address::new(&host.to_string(), address.port.get()).map_err(|error| error.to_string())?;
    Ok(Address { cluster: address.cluster.clone(), ..shifted })
}
