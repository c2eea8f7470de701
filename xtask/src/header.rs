//! The C header, written by cbindgen from the sources of the C ABI.

use std::fs;

use anyhow::{Context, Result, anyhow, bail};

use crate::tool::root;

const HEADER: &str = "bindings/c/include/liveset.h";

/// Writes the header.
pub fn generate() -> Result<()> {
    let path = root().join(HEADER);
    fs::create_dir_all(path.parent().context("the header lies in a folder")?)?;
    Ok(fs::write(path, text()?)?)
}

/// Fails when the header in the checkout is not the one that the sources give.
pub fn check() -> Result<()> {
    let found = fs::read_to_string(root().join(HEADER)).unwrap_or_default();
    let expected = text()?;
    if found == expected {
        return Ok(());
    }
    let differs = found.lines().zip(expected.lines()).position(|(found, expected)| found != expected);
    let line = differs.unwrap_or_else(|| found.lines().count().min(expected.lines().count())) + 1;
    bail!("{HEADER} is stale from line {line} on: run `cargo xtask header` and commit the result")
}

fn text() -> Result<String> {
    let config = cbindgen::Config::from_file(root().join("ffi/cbindgen.toml"))
        .map_err(|error| anyhow!("ffi/cbindgen.toml: {error}"))?;
    // What a row's numbers mean stands in the core, whose file for it is read beside the ABI's own.
    let sources = [root().join("ffi/src/lib.rs"), root().join("core/src/instance.rs")];
    let builder = cbindgen::Builder::new().with_config(config).with_header(TITLE).with_after_include(error_codes()?);
    let builder = sources.iter().fold(builder, |builder, source| builder.with_src(source));
    let mut written = Vec::new();
    builder.generate().context("cbindgen cannot read ffi/src")?.write(&mut written);
    // rustdoc's headings and links mean nothing to a reader of C.
    let text = String::from_utf8(written)?.replace("// # Safety\n", "// The caller promises:\n");
    Ok(text.replace("[`", "`").replace("`]", "`"))
}

const TITLE: &str = "\
// The C interface of liveset. Generated from `ffi/src` by `cargo xtask header`; do not edit it.
//
// A registry is a number. Every call returns a status: 0, a LIVESET_ERROR_* code of the registry, or a LIVESET_* code of the
// interface itself. Times are milliseconds since a zero of the host's choice, and like ids they stay below 2^53.";

/// The codes of the core's errors. They stand in a `match`, which cbindgen does not read.
fn error_codes() -> Result<String> {
    let source = fs::read_to_string(root().join("core/src/error.rs"))?;
    let mut lines = vec![String::from("// The codes of errors that the registry itself answers with.")];
    for arm in source.lines().map(str::trim).filter(|line| line.starts_with("Error::")) {
        let Some((variant, code)) = arm.split_once(" { .. } => ") else { continue };
        let Ok(code) = code.trim_end_matches(',').parse::<u32>() else { continue };
        let said = source.lines().find_map(|line| line.trim().strip_prefix(&format!("/// {code}: ")));
        let said = said.with_context(|| format!("core/src/error.rs does not say what {code} is"))?;
        let name = screaming(variant.trim_start_matches("Error::"));
        lines.push(format!("// {}{}\n#define LIVESET_ERROR_{name} {code}", said[..1].to_uppercase(), &said[1..]));
    }
    if lines.len() == 1 {
        bail!("core/src/error.rs has no codes where they were expected");
    }
    Ok(lines.join("\n\n"))
}

/// `UnknownLease` as `UNKNOWN_LEASE`.
fn screaming(name: &str) -> String {
    let mut screamed = String::new();
    for (place, letter) in name.char_indices() {
        if letter.is_uppercase() && place > 0 {
            screamed.push('_');
        }
        screamed.extend(letter.to_uppercase());
    }
    screamed
}
