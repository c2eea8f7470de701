//! Metadata as requests write it: a JSON object of texts, or `key=value,key=value`.

use std::collections::BTreeMap;

use liveset::Metadata;

use crate::{Call, Dialect, Door, Response};

/// The entries in a text; the text itself where it is neither form.
pub(crate) fn entries(text: &str) -> Result<BTreeMap<String, String>, &str> {
    if text.trim().is_empty() {
        return Ok(BTreeMap::new());
    }
    if let Ok(entries) = serde_json::from_str::<BTreeMap<String, Option<String>>>(text) {
        // A null is no text; servers keep the key without one, or drop it.
        return Ok(entries.into_iter().filter_map(|(key, value)| Some((key, value?))).collect());
    }
    let pair = |part: &str| match part.split('=').collect::<Vec<_>>()[..] {
        [key, value] => Ok((key.to_owned(), value.to_owned())),
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
        Metadata::new(entries).map(Some).map_err(|error| self.refusal(400, &error.to_string()))
    }
}
