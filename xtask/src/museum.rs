//! Historic bugs, put back one by one into a copy of the checkout: each must be caught.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::{files, tool};

const PIECES: &str = "core/model/museum";
/// What the copy holds: the rules, the model, the world, and the command that plays scenarios.
const MEMBERS: [&str; 5] = ["core", "core/model", "core/nacos", "core/world", "bindings/cli"];
/// How long one guard may take, once it is built.
const BUDGET: Duration = Duration::from_secs(120);

/// A guard: its name, and the words for cargo that build it and run it.
type Guard = (&'static str, &'static [&'static str], &'static [&'static str]);

/// In the order in which they are tried.
const GUARDS: [Guard; 4] = [
    ("model", &["test", "--no-run", "-p", "liveset-model"], &["test", "-p", "liveset-model", "--test", "proof"]),
    ("tapes", &["test", "--no-run", "-p", "liveset-model"], &["test", "-p", "liveset-model", "--test", "tapes"]),
    ("scenarios", &["build", "-p", "liveset-cli"], &["run", "-p", "liveset-cli", "--", "scenario", "core/scenarios"]),
    ("laws", &["test", "--no-run", "-p", "liveset", "--tests"], &["test", "-p", "liveset", "--tests"]),
];

/// A bug: where it was met, and which text of ours stood otherwise.
struct Piece {
    name: String,
    title: String,
    origin: String,
    file: String,
    /// The only guard that can see it, where that is known: the others need not try for minutes.
    guard: Option<String>,
    find: String,
    put: String,
}

/// What caught a piece.
struct Catch {
    guard: &'static str,
    steps: Option<String>,
    took: Duration,
}

pub fn museum(only: Option<&str>) -> Result<()> {
    let mut pieces = all()?;
    pieces.retain(|piece| only.is_none_or(|only| piece.name.contains(only)));
    let copy = tool::root().join("target/museum");
    copy_checkout(&copy)?;
    let mut failed = 0;
    for piece in &pieces {
        match try_piece(&copy, piece) {
            Ok(Some(Catch { guard, steps, took })) => {
                let steps = steps.map_or(String::new(), |steps| format!("{steps} steps"));
                println!(
                    "caught  {guard:<9} {steps:>14} {:>6.1} s  {} ({})",
                    took.as_secs_f64(),
                    piece.title,
                    piece.origin
                );
            }
            Ok(None) => {
                failed += 1;
                println!("MISSED  {}: {} ({})", piece.name, piece.title, piece.origin);
            }
            Err(problem) => {
                failed += 1;
                println!("BROKEN  {}: {problem:#}", piece.name);
            }
        }
    }
    println!("{} passed, {failed} failed", pieces.len() - failed);
    if failed == 0 { Ok(()) } else { bail!("not every piece of the museum is caught") }
}

fn all() -> Result<Vec<Piece>> {
    files(PIECES, ".piece")?.iter().map(|path| read(path)).collect()
}

/// Reads a piece: lines of what it is, the text to find, and the text to put there.
fn read(path: &Path) -> Result<Piece> {
    let text = fs::read_to_string(path)?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let broken = || format!("{} is no piece", path.display());
    let (head, rest) = text.split_once("--- find\n").with_context(broken)?;
    let (find, rest) = rest.split_once("\n--- put\n").with_context(broken)?;
    let put = rest.strip_suffix("--- end\n").with_context(broken)?.trim_end_matches('\n').to_owned();
    let line =
        |field: &str| head.lines().find_map(|line| line.strip_prefix(field)).map(|value| value.trim().to_owned());
    let field = |field: &str| line(field).with_context(broken);
    let (title, origin, file) = (field("title")?, field("origin")?, field("file")?);
    Ok(Piece { name, title, origin, file, guard: line("guard"), find: find.to_owned(), put })
}

/// Every piece can still be put back: the rule that it spoils stands where it says.
pub fn check() -> Result<()> {
    for piece in all()? {
        standing(&piece).with_context(|| piece.name.clone())?;
    }
    Ok(())
}

/// The whole file in which a piece's text stands.
fn standing(piece: &Piece) -> Result<String> {
    let whole = fs::read_to_string(tool::root().join(&piece.file)).with_context(|| piece.file.clone())?;
    let found = whole.matches(&piece.find).count();
    if found != 1 {
        bail!("its text stands {found} times in {}, and must stand there once", piece.file);
    }
    Ok(whole)
}

fn try_piece(copy: &Path, piece: &Piece) -> Result<Option<Catch>> {
    let whole = standing(piece)?;
    let place = copy.join(&piece.file);
    fs::write(&place, whole.replace(&piece.find, &piece.put))?;
    let sees = |(name, ..): &&Guard| piece.guard.as_ref().is_none_or(|guard| guard == name);
    let caught = GUARDS.iter().filter(sees).try_fold(None, |caught, guard| match caught {
        None => watch(copy, guard),
        caught => Ok(caught),
    });
    fs::write(&place, whole)?;
    caught
}

/// Builds a guard with the bug in it, and lets it look.
fn watch(copy: &Path, (guard, build, run): &Guard) -> Result<Option<Catch>> {
    let log = copy.join("log");
    let cargo = |words: &[&str]| -> Result<Command> {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(copy).args(words).env("CARGO_TARGET_DIR", copy.join("target"));
        let out = fs::File::create(&log)?;
        cargo.stdin(Stdio::null()).stderr(out.try_clone()?).stdout(out);
        Ok(cargo)
    };
    if !cargo(build)?.status()?.success() {
        bail!("it does not compile:\n{}", fs::read_to_string(&log)?);
    }
    let begin = Instant::now();
    let mut running = cargo(run)?.process_group(0).spawn()?;
    let status = loop {
        match running.try_wait()? {
            Some(status) => break status,
            None if begin.elapsed() > BUDGET => {
                // What cargo started is in its group.
                Command::new("kill").args(["-KILL", "--", &format!("-{}", running.id())]).status()?;
                running.wait()?;
                return Ok(None);
            }
            None => sleep(Duration::from_millis(100)),
        }
    };
    if status.success() {
        return Ok(None);
    }
    let told = fs::read_to_string(&log)?;
    let steps =
        told.split_once("after ").and_then(|(_, rest)| rest.split_once(" steps")).map(|(steps, _)| steps.to_owned());
    Ok(Some(Catch { guard, steps: steps.filter(|steps| steps.len() < 12), took: begin.elapsed() }))
}

/// Copies what differs, so that what was built there stays warm.
fn copy_checkout(copy: &Path) -> Result<()> {
    let root = tool::root();
    let mut paths: Vec<PathBuf> = vec![root.join("Cargo.lock"), root.join("rust-toolchain.toml")];
    paths.extend(copied(&root)?);
    for path in paths {
        write(&copy.join(path.strip_prefix(&root)?), &fs::read(&path)?)?;
    }
    // What an earlier copy had and the checkout has no longer.
    for path in copied(copy)? {
        if !root.join(path.strip_prefix(copy)?).exists() {
            fs::remove_file(path)?;
        }
    }
    let workspace = fs::read_to_string(root.join("Cargo.toml"))?;
    let line = workspace.lines().find(|line| line.starts_with("members = ")).context("Cargo.toml names no members")?;
    let workspace = workspace.replace(line, &format!("members = {MEMBERS:?}"));
    // Each piece is built anew, and most are caught within a second.
    let quickly_built = workspace.replace("opt-level = 2", "opt-level = 1").replace("opt-level = 3", "opt-level = 1");
    write(&copy.join("Cargo.toml"), quickly_built.as_bytes())
}

/// The files below a checkout that the copy has, too.
fn copied(checkout: &Path) -> Result<Vec<PathBuf>> {
    let folders = ["core", "bindings/cli"].map(|folder| checkout.join(folder));
    let there = folders.iter().filter(|folder| folder.exists());
    Ok(there.map(|folder| files(&folder.to_string_lossy(), "")).collect::<Result<Vec<_>>>()?.concat())
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    fs::create_dir_all(path.parent().context("a path in a folder")?)?;
    Ok(fs::write(path, bytes)?)
}
