//! Metadata as requests write it: a JSON object of texts, or `key=value,key=value`.

use liveset::Metadata;

use crate::wire::{self, Entries};
use crate::{Call, Dialect, Door, Response};

/// The entries in a text; the text itself where it is neither form.
pub(crate) fn entries(text: &str) -> Result<Entries, &str> {
    if text.trim().is_empty() {
        return Ok(Entries::new());
    }
    if let Ok(entries) = serde_json::from_str(text) {
        return Ok(entries);
    }
    let pair = |part: &str| match part.split('=').collect::<Vec<_>>()[..] {
        [key, value] => Ok((key.to_owned(), Some(value.to_owned()))),
        _ => Err(text),
    };
    text.split(',').map(pair).collect()
}

impl<D: Door> Call<'_, D> {
    pub(crate) fn metadata(&self) -> Result<Option<Metadata>, Response> {
        let Some(text) = self.request.parameter("metadata") else { return Ok(None) };
        let entries = entries(text).map_err(|text| {
            let problem = format!("metadata format incorrect:{text}");
            if self.dialect < Dialect::V2_5 {
                return self.refusal(400, &problem);
            }
            let nested = format!("Server failed, caused: ErrCode:400, ErrMsg:{problem};caused: {problem};");
            self.spring(500, "Internal Server Error", &nested)
        })?;
        self.metadata_of(Some(entries)).map(Some)
    }

    /// Recorded: a key that is null is dropped by 1.4 and kept later; no metadata at all is kept by 1.4, and empty later.
    pub(crate) fn metadata_of(&self, entries: Option<Entries>) -> Result<Metadata, Response> {
        let kept = if self.dialect == Dialect::V1_4 {
            entries.map(|entries| entries.into_iter().filter(|(_, value)| value.is_some()).collect())
        } else {
            Some(entries.unwrap_or_default())
        };
        wire::kept(kept).map_err(|error| self.refusal(400, &error.to_string()))
    }
}
