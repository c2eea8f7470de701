//! Where two policies differ, field by field.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Serialize;
use serde_json::Value;

use super::Policy;

/// A field that two policies set differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Its path, as in `overrides.write`.
    pub field: String,
    /// What the one has there, as in a document.
    pub left: String,
    /// What the other has there.
    pub right: String,
}

/// The fields that `left` and `right` set differently, by path; the label is none of them.
///
/// ```
/// use liveset::Policy;
/// use liveset::policy::diff;
///
/// let parted: Vec<String> =
///     diff(&Policy::nacos_2_0(), &Policy::nacos_2_1()).into_iter().map(|part| part.field).collect();
/// assert_eq!(parted, ["services.kinds", "view.healthy_only"]);
/// ```
pub fn diff(left: &Policy, right: &Policy) -> Vec<Difference> {
    let mut found = Vec::new();
    let tree = |policy: &Policy| serde_json::to_value(policy).unwrap_or_default();
    part(String::new(), &tree(left), &tree(right), &mut found);
    found.retain(|difference| difference.field != "label");
    found
}

fn part(path: String, left: &Value, right: &Value, found: &mut Vec<Difference>) {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) if left.keys().eq(right.keys()) => {
            for (name, value) in left {
                let inner = if path.is_empty() { name.clone() } else { alloc::format!("{path}.{name}") };
                part(inner, value, &right[name], found);
            }
        }
        _ if left == right => {}
        _ => found.push(Difference { field: path, left: left.to_string(), right: right.to_string() }),
    }
}
