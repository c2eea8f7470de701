//! A registry as bytes, and back; and the one number that two equal registries share.

use alloc::vec::Vec;
use core::hash::Hasher;

use postcard::ser_flavors::Flavor;
use siphasher::sip::SipHasher13;

use super::{Registry, Timer};
use crate::account::snapshot::{self, corrupt};
use crate::error::Error;
use crate::id::NONE;
use crate::instance::Key;

impl Registry {
    /// Everything, as bytes: a container with version, sections and checksums.
    pub fn snapshot(&self) -> Vec<u8> {
        // Writing to memory has one way to fail, and running out of it does not come back here.
        snapshot::pack(snapshot::STATE, |bytes| postcard::serialize_with_flavor(self, Bytes(bytes)).unwrap_or_default())
    }

    /// The registry that [`Registry::snapshot`] wrote, future ids included. All or nothing: damaged bytes are refused, and so is a
    /// newer version. `seed` is for the hash tables, as in [`Registry::with_seed`].
    pub fn restore(bytes: &[u8], seed: (u64, u64)) -> Result<Registry, Error> {
        let sections = snapshot::unpack(bytes)?;
        let [(snapshot::STATE, state)] = sections[..] else {
            return Err(corrupt("its sections are not those of a registry"));
        };
        let (mut registry, rest) =
            postcard::take_from_bytes::<Registry>(state).map_err(|_| corrupt("its state cannot be read"))?;
        if !rest.is_empty() {
            return Err(corrupt("its state is longer than it should be"));
        }
        registry.policy.check().map_err(|error| error.within("policy"))?;
        if !registry.rebuild(seed) {
            return Err(corrupt("its parts do not fit together"));
        }
        Ok(registry)
    }

    /// A number that is equal for equal registries, in every language and build, and practically never for different ones.
    pub fn digest(&self) -> u64 {
        postcard::serialize_with_flavor(self, Digest(SipHasher13::new())).unwrap_or_default()
    }

    fn rebuild(&mut self, seed: (u64, u64)) -> bool {
        if !self.names.rebuild(seed) || !self.contents.rebuild(seed) || !self.fences.rebuild(seed) {
            return false;
        }
        let services_fit = self.services.rebuild(seed, &self.names);
        let (names, services, leases) = (self.names.len(), self.services.len(), self.leases.len());
        let key_fits = |key: &Key| {
            (key.service as usize) < services && self.names.fits_host(key.host) && (key.cluster.0 as usize) < names
        };
        let contents = &self.contents;
        let roster_fits = self.roster.rebuild(seed, |row| {
            key_fits(&row.key)
                && (row.first_lease == NONE || (row.first_lease as usize) < leases)
                && contents.holds(row.content)
                && row.fate().by.is_none_or(|by| (by.0 as usize) < names)
        });
        let (rows, sessions, subscriptions) = (self.roster.len(), self.sessions.len(), self.subscriptions.len());
        roster_fits
            && services_fit
            && self.leases.rebuild(self.now)
            && self.sessions.fits(names, leases)
            && self.subscriptions.rebuild(names, services, sessions)
            && self.journal.fits(&self.policy.limits, names, rows)
            && self.services.all().all(|service| service.fits(names, rows, subscriptions, &self.contents))
            && self.overrides.all().all(|(key, _)| key_fits(key))
            && self
                .fences
                .all()
                .all(|(key, fence)| key_fits(key) && fence.names().all(|name| (name.0 as usize) < names))
            && self.timers.iter().all(|(_, timer)| match timer {
                Timer::Warm => true,
                Timer::Session(slot) => (*slot as usize) < sessions,
                Timer::Check(slot) => (*slot as usize) < rows,
                Timer::Override(key) | Timer::Fence(key) => key_fits(key),
                Timer::Refresh(slot) | Timer::Notice(slot) | Timer::Service(slot) | Timer::Keep(slot) => {
                    (*slot as usize) < services
                }
            })
            && self.doubts.keys().all(|&slot| (slot as usize) < rows)
            && self.instances_fit()
            && self.callers_fit()
    }
}

/// Adds the bytes of a snapshot to those before it.
struct Bytes<'a>(&'a mut Vec<u8>);

impl Flavor for Bytes<'_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// Feeds a hash with the bytes of a snapshot, without keeping them.
struct Digest(SipHasher13);

impl Flavor for Digest {
    type Output = u64;

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.write_u8(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.write(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<u64> {
        Ok(self.0.finish())
    }
}
