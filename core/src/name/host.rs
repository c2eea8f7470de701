//! Hosts as numbers. Nearly all of them are IPv4 addresses, and such a one is its own number: nothing is stored, counted or looked up.

use core::net::Ipv4Addr;

use alloc::string::String;
use serde::{Deserialize, Serialize};

use super::{Host, NameId, Names};

/// Which host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum HostId {
    /// An IPv4 address, written as everybody writes it.
    V4(u32),
    /// Any other text.
    Named(NameId),
}

impl HostId {
    /// As 33 bits, which no two hosts share.
    pub(crate) fn bits(self) -> u64 {
        match self {
            HostId::V4(address) => u64::from(address),
            HostId::Named(name) => 1 << 32 | u64::from(name.0),
        }
    }
}

impl Names {
    pub(crate) fn find_host(&self, host: &Host) -> Option<HostId> {
        numbered(host).or_else(|| self.find(host.as_str()).map(HostId::Named))
    }

    /// The id of a host, counted once more. Give it back with [`Names::release_host`].
    pub(crate) fn intern_host(&mut self, host: &Host) -> HostId {
        numbered(host).unwrap_or_else(|| HostId::Named(self.intern(host.as_str())))
    }

    pub(crate) fn retain_host(&mut self, host: HostId) {
        if let HostId::Named(name) = host {
            self.retain(name);
        }
    }

    pub(crate) fn release_host(&mut self, host: HostId) {
        if let HostId::Named(name) = host {
            self.release(name);
        }
    }

    pub(crate) fn host(&self, host: HostId) -> Host {
        match host {
            HostId::V4(address) => dotted(address),
            HostId::Named(name) => Host::trusted(self.text(name)),
        }
    }

    pub(crate) fn fits_host(&self, host: HostId) -> bool {
        match host {
            HostId::V4(_) => true,
            HostId::Named(name) => (name.0 as usize) < self.len(),
        }
    }
}

/// `10.0.0.1`: lists are made of these, and the formatting of [`Ipv4Addr`] would be half of what a list costs.
fn dotted(address: u32) -> Host {
    let mut text = String::with_capacity("255.255.255.255".len());
    for octet in address.to_be_bytes() {
        if !text.is_empty() {
            text.push('.');
        }
        text.push_str(itoa::Buffer::new().format(octet));
    }
    Host(text)
}

/// The parser takes no zeros in front and no other way to write an address, so that the number gives the very text back.
fn numbered(host: &Host) -> Option<HostId> {
    host.as_str().parse::<Ipv4Addr>().ok().map(|address| HostId::V4(address.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_host_comes_back_as_it_was_written() {
        let mut names = Names::new((0, 0));
        for text in
            ["10.0.0.1", "255.255.255.255", "0.0.0.0", "010.0.0.1", "10.1", "1.2.3.4.5", "::1", "1.2.3.256", "db"]
        {
            let host = Host::trusted(text);
            let id = names.intern_host(&host);
            assert_eq!((names.host(id).as_str(), names.find_host(&host)), (text, Some(id)));
        }
        assert_eq!(names.used(), 6);
    }
}
