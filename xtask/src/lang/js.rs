//! JavaScript: the wasm and its glue, the npm package, its tests under `node:test` and Vitest, and two engines: the package itself
//! (`js`), and the C ABI compiled to plain wasm32 and called from Node without any glue (`wasm32`).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use wasm_bindgen_cli_support::Bindgen;

use super::{Engine, go};
use crate::tool::{absolute, cargo, need, need_target, output, program, root, run};
use crate::{files, readme};

/// The package under its public API.
pub const ENGINE: Engine = Engine {
    name: "js",
    replay: || output(package()?.arg("tools/replay.mjs").arg(vectors())),
    play: |files| output(package()?.arg("tools/play.mjs").args(absolute(files)?)),
};

/// The core as plain wasm32, without the package and its glue.
pub const WASM32: Engine = Engine {
    name: "wasm32",
    replay: || output(plain_wasm()?.arg(root().join(go::WASM)).arg("replay").arg(vectors())),
    play: |files| output(plain_wasm()?.arg(root().join(go::WASM)).arg("play").args(absolute(files)?)),
};

const FOLDER: &str = "bindings/js";
const TARGET: [&str; 4] = ["--profile", "wasm", "--target", "wasm32-unknown-unknown"];
const BUILT: &str = "target/wasm32-unknown-unknown/wasm";

/// Builds the package and runs its tests: all under `node:test`, and the cases that need no process of their own under Vitest, too.
pub fn test() -> Result<()> {
    build()?;
    run(program("npm", FOLDER).args(["test", "--silent"]))?;
    // Inside the package, so that it may import the package by name.
    readme::check("js", root().join(FOLDER).join(".readme/loop.mjs"), |file| {
        let mut node = program("node", FOLDER);
        node.arg(file);
        Ok(node)
    })
}

/// Makes everything that `dist/` holds; what is up to date is left alone.
pub fn build() -> Result<()> {
    need("node", "install Node.js 20 or later")?;
    need("npm", "it comes with Node.js")?;
    need_target("wasm32-unknown-unknown")?;
    let shells = ["--package", "liveset-wasm", "--package", "liveset-wasm-world"];
    run(cargo().args(["build", "--quiet"]).args(shells).args(TARGET))?;
    let folder = root().join(FOLDER);
    let made = folder.join("src/wasm");
    let [registry, world] = ["liveset_wasm.wasm", "liveset_wasm_world.wasm"].map(|name| root().join(BUILT).join(name));
    once(&made.join(".made-from"), &[registry.clone(), world.clone()], || {
        glue(&registry, "liveset", &made)?;
        glue(&world, "world", &made)
    })?;

    let locked = [folder.join("package.json"), folder.join("package-lock.json")];
    once(&folder.join("node_modules/.made-from"), &locked, || {
        run(program("npm", FOLDER).args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]))
    })?;

    let mut sources = vec![folder.join("build.mjs"), folder.join("tsconfig.json")];
    sources.extend(locked);
    sources.extend(files("bindings/js/src", "")?);
    once(&folder.join("dist/.made-from"), &sources, || run(program("node", FOLDER).arg("build.mjs")))
}

/// `web` glue, and the wasm beside it. Without a default path: the `new URL(..., import.meta.url)` it would hold is no CommonJS,
/// and bundlers stumble over it.
fn glue(wasm: &Path, name: &str, to: &Path) -> Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen.input_path(wasm).out_name(name).web(true)?.typescript(true).omit_default_module_path(true);
    bindgen.remove_name_section(true).remove_producers_section(true).generate(to)
}

/// The program that measures the boundary.
pub fn boundary() -> Result<Command> {
    let mut node = package()?;
    node.arg("tools/boundary.mjs");
    Ok(node)
}

/// The program that measures how long a fresh process takes to its first registry.
pub fn start() -> Result<Command> {
    let mut node = package()?;
    node.arg("tools/start.mjs");
    Ok(node)
}

/// Bytes of the package's WebAssembly, and of the same packed by gzip.
pub fn wasm_size() -> Result<(usize, usize)> {
    let mut node = package()?;
    let packs = "import { readFileSync } from 'node:fs'; import { gzipSync } from 'node:zlib';
        const wasm = readFileSync('dist/liveset.wasm'); console.log(wasm.length, gzipSync(wasm, { level: 9 }).length);";
    let printed = output(node.args(["--input-type=module", "--eval", packs]))?;
    let mut sizes = printed.split_whitespace().filter_map(|size| size.parse().ok());
    sizes.next().zip(sizes.next()).with_context(|| format!("no sizes: {printed}"))
}

fn package() -> Result<Command> {
    build()?;
    Ok(program("node", FOLDER))
}

fn plain_wasm() -> Result<Command> {
    need("node", "install Node.js 20 or later")?;
    go::wasm()?;
    let mut command = program("node", FOLDER);
    command.arg("tools/wasm32.mjs");
    Ok(command)
}

fn vectors() -> PathBuf {
    root().join("core/vectors")
}

/// Runs `make` unless `stamp` says that it ran with these very inputs.
fn once(stamp: &Path, inputs: &[PathBuf], make: impl FnOnce() -> Result<()>) -> Result<()> {
    let mut hash = Sha256::new();
    for input in inputs {
        hash.update(input.as_os_str().as_encoded_bytes());
        hash.update(fs::read(input).with_context(|| format!("cannot read {}", input.display()))?);
    }
    let made_from = format!("{:x}", hash.finalize());
    if fs::read_to_string(stamp).is_ok_and(|found| found == made_from) {
        return Ok(());
    }
    make()?;
    fs::write(stamp, made_from).with_context(|| format!("cannot write {}", stamp.display()))
}
