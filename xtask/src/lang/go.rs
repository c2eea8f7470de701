//! Go: the module, its tests with each of its two engines, and both engines: the C ABI as WebAssembly under wazero, and as a
//! static library under cgo.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::{Engine, c};
use crate::tool::{absolute, cargo, need, need_target, output, program, root, run};
use crate::{header, readme};

/// The module as it is fetched, and with the build tag `liveset_cgo`.
pub const ENGINES: [Engine; 2] = [
    Engine {
        name: "go-wazero",
        replay: || output(tool(&WAZERO, "replay")?.arg(root().join("core/vectors"))),
        play: |files| output(tool(&WAZERO, "play")?.args(absolute(files)?)),
    },
    Engine {
        name: "go-cgo",
        replay: || output(tool(&CGO, "replay")?.arg(root().join("core/vectors"))),
        play: |files| output(tool(&CGO, "play")?.args(absolute(files)?)),
    },
];

const FOLDER: &str = "bindings/go";
/// Where the module embeds it from.
pub(super) const WASM: &str = "bindings/go/engine.wasm";

/// How the module is built with one engine.
struct Build {
    name: &'static str,
    cgo: &'static str,
    tags: &'static str,
    needs: fn() -> Result<()>,
}

const WAZERO: Build = Build { name: "wazero", cgo: "0", tags: "", needs: wasm };
const CGO: Build = Build { name: "cgo", cgo: "1", tags: "liveset_cgo", needs: library };

/// Vets the module and runs its tests with each engine, plainly and under the race detector.
pub fn test() -> Result<()> {
    need("go", "install Go 1.26 or later")?;
    for build in [WAZERO, CGO] {
        (build.needs)()?;
        run(go(&build).args(["vet", "-tags", build.tags, "./..."]))?;
        // Go's cache of test results knows neither the vectors nor the library, which lie outside the module: `-count=1`.
        let tests = ["test", "-count=1", "-tags", build.tags];
        println!("go test, {}:", build.name);
        run(go(&build).args(tests).arg("."))?;
        println!("go test -race, {}:", build.name);
        // The race detector itself is C.
        run(go(&build).env("CGO_ENABLED", "1").args(tests).args(["-race", "."]))?;
    }
    // In the module's folder, a file outside of it may import the module.
    readme::check("go", readme::place("loop.go"), |file| {
        let mut command = go(&WAZERO);
        command.arg("run").arg(file);
        Ok(command)
    })
}

/// The program that measures the boundary of an engine.
pub fn boundary(engine: &str) -> Result<Command> {
    let build = if engine == "cgo" { CGO } else { WAZERO };
    let mut command = tool(&build, "boundary")?;
    command.arg(format!("boundary-{engine}"));
    Ok(command)
}

/// The program that measures peers beside the cgo engine.
pub fn peers() -> Result<Command> {
    need("go", "install Go 1.26 or later")?;
    library()?;
    let made = root().join("target/go/peers");
    let _ = fs::remove_file(&made);
    let mut build = program("go", "benches/peers/go");
    build.env("CGO_ENABLED", CGO.cgo).args(["build", "-buildvcs=false", "-tags", CGO.tags, "-o"]).arg(&made).arg(".");
    run(&mut build)?;
    Ok(program(made, "."))
}

/// The Go command in the module's folder.
fn go(build: &Build) -> Command {
    let mut command = program("go", FOLDER);
    command.env("CGO_ENABLED", build.cgo);
    command
}

/// A program of the module, in `target/go`.
fn tool(build: &Build, name: &str) -> Result<Command> {
    need("go", "install Go 1.26 or later")?;
    (build.needs)()?;
    let made = root().join("target/go").join(format!("{name}-{}", build.name));
    // Go does not see that the static library is another one, and would leave the old program alone.
    let _ = fs::remove_file(&made);
    let package = format!("./internal/cmd/{name}");
    run(go(build).args(["build", "-buildvcs=false", "-tags", build.tags, "-o"]).arg(&made).arg(package))?;
    Ok(program(made, FOLDER))
}

/// The C ABI as WebAssembly, which the module embeds.
pub(super) fn wasm() -> Result<()> {
    need_target("wasm32-unknown-unknown")?;
    let arguments = ["rustc", "--quiet", "--package", "liveset-ffi", "--crate-type", "cdylib"];
    let target = ["--profile", "wasm", "--target", "wasm32-unknown-unknown", "--", "-C", "strip=symbols"];
    run(cargo().args(arguments).args(target))?;
    place("target/wasm32-unknown-unknown/wasm/liveset_ffi.wasm", WASM)
}

/// The static library and its header, where cgo looks for them.
fn library() -> Result<()> {
    need("gcc", "install gcc")?;
    header::check()?;
    c::libraries()?;
    place("bindings/c/include/liveset.h", "bindings/go/lib/liveset.h")?;
    place("target/release/libliveset_ffi.a", "bindings/go/lib/libliveset.a")
}

/// Copies a file, unless the copy is there already: a file written anew would be compiled anew.
fn place(from: &str, to: &str) -> Result<()> {
    let (from, to) = (root().join(from), root().join(to));
    let bytes = fs::read(&from).with_context(|| format!("cannot read {}", from.display()))?;
    if fs::read(&to).is_ok_and(|found| found == bytes) {
        return Ok(());
    }
    fs::create_dir_all(to.parent().unwrap_or(Path::new(".")))?;
    fs::write(&to, bytes).with_context(|| format!("cannot write {}", to.display()))
}
