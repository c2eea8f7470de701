//! The container of a snapshot: a magic, a version, and sections with their lengths and checksums. It loads as a whole or not
//! at all.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::hash::Hasher;

use siphasher::sip::SipHasher13;

use crate::error::Error;

const MAGIC: [u8; 8] = *b"LIVESET\0";
/// Newest version that this crate reads, and the one it writes.
const VERSION: u32 = 1;
const HEADER: usize = 8 + 4 + 4 + 8;
const SECTION_HEADER: usize = 4 + 8 + 8;

/// The kinds of sections.
pub(crate) const STATE: u32 = 1;

/// Packs sections, given as (kind, body).
pub(crate) fn pack(sections: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let total: usize = sections.iter().map(|(_, body)| SECTION_HEADER + body.len()).sum();
    let mut bytes = Vec::with_capacity(HEADER + total);
    bytes.extend(MAGIC);
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend((sections.len() as u32).to_le_bytes());
    bytes.extend(checksum(0, &bytes).to_le_bytes());
    for (kind, body) in sections {
        bytes.extend(kind.to_le_bytes());
        bytes.extend((body.len() as u64).to_le_bytes());
        bytes.extend(checksum(*kind, body).to_le_bytes());
        bytes.extend(body);
    }
    bytes
}

/// Unpacks what [`pack`] made; every byte is accounted for.
pub(crate) fn unpack(bytes: &[u8]) -> Result<Vec<(u32, &[u8])>, Error> {
    let mut rest = bytes;
    let magic = take(&mut rest, 8, "magic")?;
    if magic != MAGIC {
        return Err(corrupt("it does not begin as a snapshot does"));
    }
    let version = u32_of(take(&mut rest, 4, "version")?);
    let count = u32_of(take(&mut rest, 4, "number of sections")?);
    if u64_of(take(&mut rest, 8, "checksum of the header")?) != checksum(0, &bytes[..16]) {
        return Err(corrupt("the header's checksum does not hold"));
    }
    if version > VERSION {
        return Err(Error::NewerSnapshot { found: version, supported: VERSION });
    }
    let mut sections = Vec::new();
    for number in 1..=count {
        let kind = u32_of(take(&mut rest, 4, "kind of a section")?);
        let length = u64_of(take(&mut rest, 8, "length of a section")?);
        let expected = u64_of(take(&mut rest, 8, "checksum of a section")?);
        let length = usize::try_from(length).map_err(|_| corrupt("a section is longer than memory"))?;
        let body = take(&mut rest, length, "body of a section")?;
        if checksum(kind, body) != expected {
            return Err(corrupt(&format!("the checksum of section {number} does not hold")));
        }
        sections.push((kind, body));
    }
    if !rest.is_empty() {
        return Err(corrupt(&format!("{} bytes follow its end", rest.len())));
    }
    Ok(sections)
}

pub(crate) fn corrupt(problem: &str) -> Error {
    Error::CorruptSnapshot { problem: String::from(problem) }
}

fn take<'a>(rest: &mut &'a [u8], length: usize, what: &str) -> Result<&'a [u8], Error> {
    if rest.len() < length {
        return Err(corrupt(&format!("it ends within the {what}")));
    }
    let (taken, left) = rest.split_at(length);
    *rest = left;
    Ok(taken)
}

fn u32_of(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |value, &byte| value << 8 | u32::from(byte))
}

fn u64_of(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte))
}

fn checksum(kind: u32, body: &[u8]) -> u64 {
    let mut hasher = SipHasher13::new_with_keys(u64::from(kind), body.len() as u64);
    hasher.write(body);
    hasher.finish()
}
