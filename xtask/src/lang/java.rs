//! Java: the JNI library, the jar that carries it, its tests under JUnit, and one engine: the jar itself.

use std::env::consts::{ARCH, DLL_PREFIX, DLL_SUFFIX, OS};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, Result, bail};

use super::Engine;
use crate::tool::{absolute, cargo, need, output, program, root, run};
use crate::{files, readme, tidy};

/// The jar, on a class path with the two programs among its tests.
pub const ENGINE: Engine = Engine {
    name: "java",
    replay: || output(jar_with("io.liveset.tools.Replay")?.arg(root().join("core/vectors"))),
    play: |files| output(jar_with("io.liveset.tools.Play")?.args(absolute(files)?)),
};

const FOLDER: &str = "bindings/java";
const REPORTS: &str = "bindings/java/target/surefire-reports";

/// Builds the jar and runs its tests under `-Xcheck:jni`; whatever that finds fails them.
pub fn test() -> Result<()> {
    native()?;
    tidy::one_version()?;
    // Surefire writes what the JVM itself prints to dump files here, and leaves old ones lying.
    if root().join(REPORTS).exists() {
        fs::remove_dir_all(root().join(REPORTS)).with_context(|| format!("cannot empty {REPORTS}"))?;
    }
    let said = output(program("mvn", FOLDER).args(["-B", "package"]))?;
    let closing = said.lines().filter(|line| line.contains("Tests run:") && !line.contains("Time elapsed"));
    closing.for_each(|line| println!("{}", line.trim_start_matches("[INFO] ")));
    let complaints = files(REPORTS, "")?
        .into_iter()
        .filter(|file| file.extension().is_some_and(|extension| extension == "dump" || extension == "dumpstream"));
    match complaints.map(fs::read_to_string).collect::<Result<Vec<String>, _>>()?.concat() {
        none if none.is_empty() => {}
        found => bail!("the JVM complained:\n{found}"),
    }
    // Java runs a source file as it stands.
    readme::check("java", readme::place("Loop.java"), |file| jar_with(file.as_os_str()))
}

/// The program that measures the boundary.
pub fn boundary() -> Result<Command> {
    let mut java = jar_with("io.liveset.tools.Boundary")?;
    java.env("JDK_JAVA_OPTIONS", "-Xms1g -Xmx1g");
    Ok(java)
}

/// Builds the JNI library and puts it where the jar takes it from.
fn native() -> Result<PathBuf> {
    need("javac", "install JDK 17 or later")?;
    need("mvn", "install Maven 3.8 or later")?;
    run(cargo().args(["build", "--quiet", "--release", "--package", "liveset-jni"]))?;
    let name = format!("{DLL_PREFIX}liveset_jni{DLL_SUFFIX}");
    let built = root().join("target/release").join(&name);
    let folder = root().join(FOLDER).join(format!("target/native/META-INF/native/{OS}-{ARCH}"));
    let packed = folder.join(&name);
    let bytes = fs::read(&built).with_context(|| format!("cannot read {}", built.display()))?;
    // A file written anew would make Maven pack a jar anew that holds the same.
    if !fs::read(&packed).is_ok_and(|found| found == bytes) {
        fs::create_dir_all(&folder)?;
        fs::write(&packed, bytes).with_context(|| format!("cannot write {}", packed.display()))?;
    }
    Ok(packed)
}

/// A program, by class or by source file, on the class path of the jar.
fn jar_with(main: impl AsRef<OsStr>) -> Result<Command> {
    let jar = jar()?;
    let target = root().join(FOLDER).join("target");
    let mut java = program("java", FOLDER);
    let class_path = [jar, target.join("test-classes"), target.join("runtime/*")];
    java.arg("-cp").arg(std::env::join_paths(class_path)?).arg(main);
    Ok(java)
}

/// The jar, made first where it is older than what it is made of.
pub fn jar() -> Result<PathBuf> {
    let mut inputs = vec![native()?, root().join(FOLDER).join("pom.xml")];
    inputs.extend(files("bindings/java/src", "")?);
    let target = root().join(FOLDER).join("target");
    let jar = target.join(format!("liveset-{}.jar", env!("CARGO_PKG_VERSION")));
    let newest = inputs.iter().map(|input| changed(input)).collect::<Result<Vec<_>>>()?.into_iter().max();
    if !changed(&jar).is_ok_and(|made| Some(made) >= newest) {
        // What Maven prints is not the program's output.
        output(program("mvn", FOLDER).args(["-B", "-q", "-DskipTests", "package"]))?;
        // Maven leaves a jar alone whose content would be the same.
        fs::File::open(&jar).and_then(|jar| jar.set_modified(SystemTime::now())).context("cannot touch the jar")?;
    }
    Ok(jar)
}

fn changed(file: &Path) -> Result<SystemTime> {
    let when = fs::metadata(file).and_then(|found| found.modified());
    when.with_context(|| format!("cannot read {}", file.display()))
}
