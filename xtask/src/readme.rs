//! The programs in README.md, compiled and run as they stand there. Each prints the same sentence.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::tool::{output, root};

/// Writes the block of a language to `file`, runs what `run` makes of it, and holds its output against what README.md says.
pub fn check(language: &str, file: PathBuf, run: impl FnOnce(&Path) -> Result<Command>) -> Result<()> {
    let text = fs::read_to_string(root().join("README.md"))?;
    fs::create_dir_all(file.parent().context("a program lies in a folder")?)?;
    fs::write(&file, block(&text, language)?)?;
    let (printed, promised) = (output(&mut run(&file)?)?, promised(&text)?);
    if printed == promised { Ok(()) } else { bail!("README.md, {language}: prints {printed}and not {promised}") }
}

/// Where a program of a language may be put.
pub fn place(name: &str) -> PathBuf {
    root().join("target/readme").join(name)
}

fn block<'a>(text: &'a str, language: &str) -> Result<&'a str> {
    let begin = format!("```{language}\n");
    let block = text.split_once(&begin).and_then(|(_, rest)| rest.split_once("```")).map(|(block, _)| block);
    block.with_context(|| format!("README.md has no {language} program"))
}

/// The sentence after "and prints".
fn promised(text: &str) -> Result<&str> {
    let (_, rest) = text.split_once("and prints\n").context("README.md does not say what its programs print")?;
    block(rest, "text")
}
