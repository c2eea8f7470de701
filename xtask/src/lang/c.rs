//! C: the header and both libraries, test programs in C99 and in C++17 against each of them, and one engine: the static library.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::Engine;
use crate::tool::{cargo, need, output, program, root, run};
use crate::{files, header, readme};

/// Small programs over the static library.
pub const ENGINES: [Engine; 1] = [Engine {
    name: "c",
    replay: || output(program(tool("replay")?, ".").args(files("core/vectors", ".jsonl")?)),
    play: |files| output(program(tool("play")?, ".").args(files)),
}];

const FOLDER: &str = "bindings/c";
const LIBRARIES: &str = "target/release";

/// One way to build a program.
struct Build {
    name: &'static str,
    compiler: &'static str,
    flags: &'static [&'static str],
    shared: bool,
}

const C99: &[&str] = &["-x", "c", "-std=c99"];
const CPP17: &[&str] = &["-x", "c++", "-std=c++17"];
const SANITIZED: &[&str] = &["-x", "c", "-std=c99", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];

/// The build that runs under valgrind, and through many cycles.
const PLAIN: &str = "c99-static";

const BUILDS: [Build; 5] = [
    Build { name: "c99-static", compiler: "gcc", flags: C99, shared: false },
    Build { name: "c99-shared", compiler: "gcc", flags: C99, shared: true },
    Build { name: "cpp17-static", compiler: "g++", flags: CPP17, shared: false },
    Build { name: "cpp17-shared", compiler: "g++", flags: CPP17, shared: true },
    Build { name: "c99-sanitized", compiler: "gcc", flags: SANITIZED, shared: false },
];

/// Checks the header, and runs every test program in every build.
pub fn test() -> Result<()> {
    header::check()?;
    readme()?;
    libraries()?;
    let vectors = files("core/vectors", ".jsonl")?;
    let (mut passed, mut failed) = (0, 0);
    for build in &BUILDS {
        for test in ["loop", "errors"] {
            // The exit code says no more than the closing line.
            let said = program(compile(build, test)?, ".").output().with_context(|| format!("cannot start {test}"))?;
            let text = String::from_utf8_lossy(&said.stdout);
            let (held, broken) = closing(&text).with_context(|| {
                format!("{test}, {}: it did not finish\n{text}{}", build.name, String::from_utf8_lossy(&said.stderr))
            })?;
            if broken > 0 || !said.status.success() {
                print!("{text}{}", String::from_utf8_lossy(&said.stderr));
            }
            println!("{test}, {}: {held} passed, {broken} failed", build.name);
            passed += held;
            failed += broken + u32::from(broken == 0 && !said.status.success());
        }
        if build.name == PLAIN {
            let said = output(program(compile(build, "cycles")?, ".").arg("100000"))?;
            let (held, broken) = closing(&said).context("cycles: it did not finish")?;
            print!("cycles, {}: {said}", build.name);
            passed += held;
            failed += broken;
        }
        let replayed = output(program(compile(build, "replay")?, ".").args(&vectors))?;
        println!("replay, {}: {} vectors hold", build.name, replayed.lines().count());
        passed += replayed.lines().count() as u32;
        compile(build, "play")?;
    }
    println!("{passed} passed, {failed} failed");
    if failed > 0 {
        bail!("the C tests failed");
    }
    readme::check("c", readme::place("loop.c"), |file| {
        let made = readme::place("loop");
        run(&mut compiler(&BUILDS[0], file, &made))?;
        Ok(program(made, "."))
    })
}

/// The programs under valgrind: no byte read that was never written or is gone, and none left behind.
pub fn valgrind() -> Result<()> {
    need("valgrind", "install valgrind")?;
    libraries()?;
    let vectors = files("core/vectors", ".jsonl")?;
    let plain = BUILDS.iter().find(|build| build.name == PLAIN).context("no plain build")?;
    for (test, words) in [("loop", vec![]), ("errors", vec![]), ("cycles", vec!["50".into()]), ("replay", vectors)] {
        let mut watched = program("valgrind", ".");
        watched.args([
            "--quiet",
            "--error-exitcode=9",
            "--leak-check=full",
            "--errors-for-leak-kinds=definite,indirect",
        ]);
        // Replaying everything would take an hour: it is the same door for each.
        watched.arg(compile(plain, test)?).args(words.into_iter().take(12));
        output(&mut watched).with_context(|| format!("{test}: valgrind complains"))?;
        println!("{test} under valgrind: nothing found");
    }
    Ok(())
}

/// Both libraries of the C ABI.
pub(super) fn libraries() -> Result<()> {
    let kinds = ["--crate-type", "staticlib,cdylib"];
    run(cargo().args(["rustc", "--quiet", "--package", "liveset-ffi", "--release"]).args(kinds))
}

/// A program of the engine.
fn tool(name: &str) -> Result<PathBuf> {
    header::check()?;
    libraries()?;
    compile(&BUILDS[0], name)
}

/// Compiles a test program where it is older than what it is made of.
fn compile(build: &Build, test: &str) -> Result<PathBuf> {
    need(build.compiler, "install gcc with g++")?;
    let folder = root().join(FOLDER);
    let source = folder.join("test").join(format!("{test}.c"));
    let made = root().join("target/c").join(format!("{test}-{}", build.name));
    let inputs = [&source, &folder.join("test/check.h"), &folder.join("include/liveset.h"), &library(build)];
    if newer(&made, &inputs) {
        return Ok(made);
    }
    fs::create_dir_all(root().join("target/c"))?;
    run(&mut compiler(build, &source, &made))?;
    Ok(made)
}

/// The compiler, about to make a program of a source file.
fn compiler(build: &Build, source: &Path, made: &Path) -> Command {
    let library = library(build);
    let mut command = program(build.compiler, ".");
    command
        .args(build.flags)
        .args(["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I"])
        .arg(root().join(FOLDER).join("include"));
    command.arg(source).args(["-x", "none"]).arg(&library).arg("-o").arg(made);
    if build.shared {
        command.arg(format!("-Wl,-rpath,{}", root().join(LIBRARIES).display()));
    }
    // What Rust's standard library needs of the system.
    command.args(["-lgcc_s", "-lutil", "-lrt", "-lpthread", "-lm", "-ldl"]);
    command
}

fn library(build: &Build) -> PathBuf {
    root().join(LIBRARIES).join(if build.shared { "libliveset_ffi.so" } else { "libliveset_ffi.a" })
}

fn newer(made: &Path, inputs: &[&PathBuf]) -> bool {
    let changed = |path: &Path| fs::metadata(path).and_then(|found| found.modified()).ok();
    let made = changed(made);
    made.is_some() && inputs.iter().all(|input| changed(input).is_some_and(|input| Some(input) < made))
}

/// `N passed, N failed` in the last line.
fn closing(text: &str) -> Option<(u32, u32)> {
    let (passed, rest) = text.lines().last()?.split_once(" passed, ")?;
    Some((passed.parse().ok()?, rest.strip_suffix(" failed")?.parse().ok()?))
}

/// The README shows a part of `test/loop.c` as it runs.
fn readme() -> Result<()> {
    let text = fs::read_to_string(root().join(FOLDER).join("README.md"))?;
    let shown = text.split_once("```c\n").and_then(|(_, rest)| rest.split_once("```"));
    let (shown, _) = shown.context("bindings/c/README.md shows no code")?;
    let source = fs::read_to_string(root().join(FOLDER).join("test/loop.c"))?;
    if source.contains(shown) { Ok(()) } else { bail!("bindings/c/README.md shows code that is not in test/loop.c") }
}
