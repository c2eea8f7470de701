//! Documents: the serde types of this crate as JSON, read with errors that name the field.
//!
//! A refusal here touches nothing at all, not even time: the command never reached a registry.

use alloc::format;
use alloc::string::{String, ToString};

use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::error::{Error, ErrorDocument, WHOLE};
use crate::policy::Policy;

/// Reads a document. Unknown fields, wrong types and values out of bounds are refused with the path of the field; bytes that are
/// not UTF-8 or not JSON with the place.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    let text = core::str::from_utf8(bytes)
        .map_err(|error| Error::Malformed { problem: format!("byte {} is not UTF-8", error.valid_up_to()) })?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        // serde_json calls it a fault of syntax when something else stands where the name of a variant should; the text says whether
        // it is one.
        if inner.is_data() || serde_json::from_str::<IgnoredAny>(text).is_ok() {
            let field = if path == "." { String::from(WHOLE) } else { path };
            Error::Invalid { field, problem: without_place(&inner.to_string()) }
        } else {
            Error::Malformed { problem: inner.to_string() }
        }
    })?;
    deserializer.end().map_err(|error| Error::Malformed { problem: error.to_string() })?;
    Ok(value)
}

/// Reads a policy: the name of a preset, as in `"nacos_2_5"`, or all its fields as an object. No bytes at all mean the strict policy.
pub fn read_policy(bytes: &[u8]) -> Result<Policy, Error> {
    let policy = match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => Policy::strict(),
        Some(b'"') => Policy::preset(&read::<String>(bytes)?)?,
        Some(_) => read::<Policy>(bytes).map_err(|error| error.within("policy"))?,
    };
    policy.check().map_err(|error| error.within("policy"))?;
    Ok(policy)
}

/// Writes a document.
pub fn write<T: Serialize>(value: &T) -> String {
    // The crate's own types have string keys and no failing serialisers.
    serde_json::to_string(value).unwrap_or_default()
}

/// The answer to a command or a question as one document: `{"ok": outcome}` or `{"error": {code, message, field}}`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer<T> {
    /// It was done.
    Ok(T),
    /// It was refused.
    Error(ErrorDocument),
}

impl<T> From<Result<T, Error>> for Answer<T> {
    fn from(result: Result<T, Error>) -> Answer<T> {
        match result {
            Ok(value) => Answer::Ok(value),
            Err(error) => Answer::Error(error.document()),
        }
    }
}

/// serde_json appends "at line 1 column 17"; the path says it better.
fn without_place(message: &str) -> String {
    match message.rfind(" at line ") {
        Some(end) => message[..end].to_string(),
        None => message.to_string(),
    }
}
