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

/// The kinds of sections.
pub(crate) const STATE: u32 = 1;

/// Packs a section, whose body `write` adds to the bytes before it: it is as large as the registry, and not copied.
pub(crate) fn pack(kind: u32, write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(MAGIC);
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend(1_u32.to_le_bytes());
    bytes.extend(checksum(0, &bytes).to_le_bytes());
    bytes.extend(kind.to_le_bytes());
    let sums = bytes.len();
    bytes.extend([0; 16]);
    write(&mut bytes);
    let body = &bytes[sums + 16..];
    let (length, checksum) = ((body.len() as u64).to_le_bytes(), checksum(kind, body).to_le_bytes());
    bytes[sums..sums + 8].copy_from_slice(&length);
    bytes[sums + 8..sums + 16].copy_from_slice(&checksum);
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
