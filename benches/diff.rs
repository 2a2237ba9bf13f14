//! `jenkins-cmp diff` over a fleet in git in whose base one line changes: both sides rendered,
//! compared and written in all forms.
//!
//! `JENKINS_CHART=jenkins-5.9.53.tgz cargo bench --bench diff` prints a Markdown table; without the
//! variable the small chart of the tests is taken. `OVERLAYS=100,2000` are the sizes.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

mod shared;

use shared::generate;
use shared::measure::{children_cpu, own_cpu};

type Outcome<T> = Result<T, Box<dyn Error>>;

#[expect(clippy::print_stdout, reason = "the table is what the run is for")]
fn main() -> Outcome<()> {
    // `cargo test` runs this too, but without the flag.
    if !std::env::args().any(|arg| arg == "--bench") {
        return Ok(());
    }
    let sizes = std::env::var("OVERLAYS").unwrap_or_else(|_| "200,2000".to_owned());
    let root = std::env::temp_dir().join(format!("diff-bench-{}", std::process::id()));
    println!(
        "| overlays | threads | wall s | CPU s | CPU ms for each | most memory MiB | HTML KiB | JSON KiB |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for size in sizes.split(',') {
        let n: usize = size.parse()?;
        generate(&root, n);
        git(&root, &["init", "--quiet"])?;
        git(&root, &["add", "."])?;
        git(
            &root,
            &[
                "-c",
                "user.name=b",
                "-c",
                "user.email=b@example.com",
                "commit",
                "--quiet",
                "-m",
                "one",
            ],
        )?;
        let base = root.join("base/values.yaml");
        let text = fs::read_to_string(&base)?;
        fs::write(
            &base,
            text.replace("systemMessage: hello", "systemMessage: changed"),
        )?;
        for threads in ["1", "2"] {
            println!("{}", row(&root, n, threads)?);
        }
        fs::remove_dir_all(&root)?;
    }
    Ok(())
}

/// One run as a row of the table.
fn row(root: &Path, n: usize, threads: &str) -> Outcome<String> {
    let out = |name: &str| root.with_extension(name);
    let (start, cpu) = (Instant::now(), own_cpu() + children_cpu());
    let mut child = Command::new(env!("CARGO_BIN_EXE_jenkins-cmp"))
        .args(["diff", "--jobs", threads, "--parallelism", threads])
        .arg(root)
        .args(["-o", &out("md").to_string_lossy()])
        .args(["-o", &out("html").to_string_lossy()])
        .args(["-o", &out("json").to_string_lossy()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let mut peak = 0;
    let status = loop {
        peak = peak_kib(child.id()).max(peak);
        match child.try_wait()? {
            Some(status) => break status,
            None => thread::sleep(Duration::from_millis(5)),
        }
    };
    let (wall, cpu) = (
        start.elapsed(),
        (own_cpu() + children_cpu()).saturating_sub(cpu),
    );
    if status.code() != Some(1) {
        return Err(format!("diff ended with {status}").into());
    }
    let mut sizes = Vec::new();
    for name in ["md", "html", "json"] {
        let file = out(name);
        sizes.push(fs::metadata(&file)?.len() / 1024);
        fs::remove_file(file)?;
    }
    Ok(format!(
        "| {n} | {threads} | {:.1} | {:.1} | {:.2} | {} | {} | {} |",
        wall.as_secs_f64(),
        cpu.as_secs_f64(),
        cpu.as_secs_f64() * 1000.0 / n as f64,
        peak / 1024,
        sizes[1],
        sizes[2],
    ))
}

fn git(directory: &Path, args: &[&str]) -> Outcome<()> {
    let status = Command::new("git")
        .arg("-C")
        .arg(directory)
        .args(args)
        .status()?;
    match status.success() {
        true => Ok(()),
        false => Err(format!("git {args:?} failed").into()),
    }
}

/// The most memory that a process has taken so far; 0 where the system does not tell.
fn peak_kib(process: u32) -> usize {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let digits = line.and_then(|line| line.split_whitespace().next());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}
