//! What no compiler says: how long files may be, which way the arrows point, and that there is one version.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::{files, tool};

const LINES_MAX: usize = 450;

/// Files that no person wrote.
const GENERATED: [&str; 2] = ["/src/wasm/", "include/liveset.h"];

/// Inside the core a rule's file knows the words and its own state. What it must know of another, the registry hands in.
const ARROWS: [(&str, &[&str]); 4] = [
    ("core/src/liveness", &["crate::memory", "crate::view", "crate::account", "crate::registry", "crate::clients"]),
    ("core/src/memory", &["crate::liveness", "crate::view", "crate::account", "crate::registry", "crate::clients"]),
    ("core/src/view", &["crate::memory", "crate::account", "crate::registry", "crate::clients"]),
    ("core/src/clients", &["crate::liveness", "crate::memory", "crate::view", "crate::account", "crate::registry"]),
];

pub fn check() -> Result<()> {
    one_version()?;
    let mut problems = Vec::new();
    for ending in [".rs", ".java", ".go", ".ts", ".js", ".mjs", ".c", ".h"] {
        for file in files(".", ending)? {
            let name = file.to_string_lossy().into_owned();
            if GENERATED.iter().any(|generated| name.contains(generated)) {
                continue;
            }
            let lines = fs::read_to_string(&file)?.lines().count();
            if lines > LINES_MAX {
                problems.push(format!("{name}: {lines} lines, more than {LINES_MAX}"));
            }
        }
    }
    for (folder, forbidden) in ARROWS {
        for file in files(folder, ".rs")? {
            let text = fs::read_to_string(&file)?;
            for arrow in forbidden.iter().filter(|arrow| text.contains(&format!("use {arrow}"))) {
                problems.push(format!("{} must not know {arrow}", file.display()));
            }
        }
    }
    if problems.is_empty() { Ok(()) } else { bail!("{}", problems.join("\n")) }
}

/// The version in Cargo.toml is the version of every package; npm and Maven need copies.
pub fn one_version() -> Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    for (file, form) in [
        ("bindings/js/package.json", format!("\"version\": \"{version}\"")),
        ("bindings/java/pom.xml", format!("<artifactId>liveset</artifactId>\n  <version>{version}</version>")),
    ] {
        if !fs::read_to_string(tool::root().join(file)).with_context(|| file.to_owned())?.contains(&form) {
            bail!("{file} is not at version {version}");
        }
    }
    Ok(())
}
