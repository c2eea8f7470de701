//! A defeat as a file: one JSON document a line, as the shared vectors are, so that every language can play it.

use liveset::{Command, Registry, document};
use serde_json::{Value, json};

use crate::fight::Defeat;
use crate::tape::Deed;

/// The policy and where they part, then every command with the registry's answer and digest.
pub fn as_vector(defeat: &Defeat) -> String {
    let value = |text: String| serde_json::from_str::<Value>(&text).unwrap_or_default();
    let title = format!("They disagree about {}", defeat.disagreement.about);
    let header = json!({
        "node": "registry",
        "policy": value(document::write(&defeat.policy)),
        "scenario": title,
        "registry": defeat.disagreement.registry,
        "model": defeat.disagreement.model,
    });
    let mut lines = format!("{header}\n");
    let Ok(mut registry) = Registry::new(defeat.policy.clone()) else { return lines };
    for step in &defeat.steps {
        let command = match &step.deed {
            Deed::Do(command) => command.clone(),
            // A registry that was written down and read back is the same one: a reader of this file does nothing instead.
            Deed::Restore | Deed::Replay => Command::Advance,
        };
        let at = if matches!(step.deed, Deed::Do(_)) { step.at } else { registry.now() };
        let written = value(document::write(&command));
        let answer = value(document::write(&document::Answer::from(registry.apply(at, command))));
        let digest = format!("{:016x}", registry.digest());
        lines.push_str(&json!({"now": at, "command": written, "answer": answer, "digest": digest}).to_string());
        lines.push('\n');
    }
    lines
}
