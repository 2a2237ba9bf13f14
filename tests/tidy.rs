//! Rules about the source itself that no compiler checks.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below `dir` with the extension `rs`.
fn rust_files(dir: &str) -> Vec<PathBuf> {
    walkdir::WalkDir::new(root().join(dir))
        .into_iter()
        .filter_entry(|entry| entry.file_name() != "target")
        .map(|entry| entry.expect("the source can be read").into_path())
        .filter(|path| path.extension().is_some_and(|e| e == "rs"))
        .collect()
}

/// A module and the peers of its own layer that it may import; lower layers are always allowed.
struct Module(&'static str, u8, &'static [&'static str]);

/// The layers: a module imports from lower ones and from the peers listed here.
const MODULES: &[Module] = &[
    Module("diag", 0, &["limits", "secret"]),
    Module("helm", 0, &[]),
    Module("limits", 0, &[]),
    Module("par", 0, &[]),
    Module("secret", 0, &[]),
    Module("value", 1, &[]),
    Module("files", 1, &[]),
    Module("metrics", 1, &[]),
    Module("store", 2, &[]),
    Module("template", 2, &[]),
    Module("yaml", 2, &[]),
    Module("funcs", 3, &[]),
    Module("chart", 4, &["values"]),
    Module("values", 4, &["chart"]),
    Module("manifest", 4, &[]),
    Module("patch", 4, &["manifest"]),
    Module("fetch", 4, &["chart"]),
    Module("release", 5, &[]),
    Module("app", 6, &[]),
    Module("plugin", 7, &[]),
    Module("jobs", 7, &[]),
    Module("report", 8, &[]),
    Module("render", 8, &[]),
    Module("fleet", 9, &[]),
    Module("golden", 9, &[]),
    Module("wiring", 9, &[]),
    Module("cli", 10, &[]),
];

/// Packages that one module wraps, so that replacing them touches that module only.
const PACKAGES: &[(&str, &[&str])] = &[
    ("serde_yaml::", &["app"]),
    ("minijinja::", &["jobs"]),
    ("json_patch::", &["patch", "app"]),
    ("walkdir::", &["files"]),
    ("boon::", &["chart"]),
    ("rustix::", &["funcs", "jobs", "par"]),
    ("tar::", &["chart"]),
    ("clap::", &["cli"]),
    ("ureq::", &["fetch"]),
    ("url::", &["fetch"]),
    ("clap_complete::", &["cli"]),
    ("clap_mangen::", &["cli"]),
    ("similar::", &["golden"]),
    ("anyhow::", &["cli"]),
];

fn module_of(path: &Path) -> String {
    let relative = path
        .strip_prefix(root().join("src"))
        .expect("a file below src");
    let first = relative.components().next().expect("a file name");
    first
        .as_os_str()
        .to_string_lossy()
        .trim_end_matches(".rs")
        .to_owned()
}

#[test]
fn modules_import_from_lower_layers_and_listed_peers_only() {
    let mut wrong = BTreeSet::new();
    for path in rust_files("src") {
        let name = module_of(&path);
        let Some(Module(_, layer, peers)) = MODULES.iter().find(|m| m.0 == name) else {
            assert!(
                ["main", "lib"].contains(&&*name),
                "`{name}` is not in the table of layers"
            );
            continue;
        };
        let text = fs::read_to_string(&path).expect("a readable source");
        let code = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        let code: String = code.collect();
        for piece in code.split("crate::").skip(1) {
            let imported: String = piece
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            let Some(Module(_, other, _)) = MODULES.iter().find(|m| m.0 == imported) else {
                continue;
            };
            if imported != name && other >= layer && !peers.contains(&&*imported) {
                wrong.insert(format!("{name} imports {imported}: {}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn wrapped_packages_are_named_in_their_module_only() {
    for path in rust_files("src") {
        let (name, text) = (
            module_of(&path),
            fs::read_to_string(&path).expect("a readable source"),
        );
        for (package, modules) in PACKAGES {
            let named = text.split(package).count() > 1
                && text.match_indices(package).any(|(at, _)| {
                    !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
                });
            assert!(
                !named || modules.contains(&&*name),
                "{package} in {}",
                path.display()
            );
        }
    }
}

#[test]
fn every_source_says_what_it_is() {
    for path in rust_files("src").into_iter().chain(rust_files("tests")) {
        let text = fs::read_to_string(&path).expect("a readable source");
        assert!(
            text.starts_with("//! "),
            "{} has no module doc",
            path.display()
        );
        for word in ["todo!", "fixme", "dbg!", "unimplemented!"] {
            let allowed = path.ends_with("tests/tidy.rs");
            assert!(
                allowed || !text.to_lowercase().contains(word),
                "{word} in {}",
                path.display()
            );
        }
    }
}

#[test]
fn every_direct_dependency_has_its_reason() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("Cargo.toml");
    let (_, after) = manifest
        .split_once("\n[dependencies]\n")
        .expect("dependencies");
    let (section, _) = after.split_once("\n[").expect("another section");
    for line in section.lines().filter(|line| !line.trim().is_empty()) {
        assert!(line.contains(" # "), "no reason beside: {line}");
    }
}

#[test]
fn the_lock_file_stays_small() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).expect("Cargo.lock");
    let packages = lock.matches("[[package]]").count();
    assert!(
        packages <= 230,
        "{packages} packages; which of them does the product need?"
    );
}

#[test]
fn every_test_file_is_included() {
    let main = fs::read_to_string(root().join("tests/main.rs")).expect("tests/main.rs");
    for path in rust_files("tests") {
        let stem = path
            .file_stem()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let below_main = path.parent() == Some(&root().join("tests"));
        if below_main && stem != "main" {
            assert!(
                main.contains(&format!("mod {stem};")),
                "tests/main.rs leaves out {stem}"
            );
        }
    }
}

#[test]
fn the_dockerfile_copies_what_the_build_needs() {
    let read = |path: &str| fs::read_to_string(root().join(path)).expect("a text");
    let (dockerfile, ignore) = (
        read("deploy/Dockerfile"),
        read("deploy/Dockerfile.dockerignore"),
    );
    let copies = dockerfile
        .lines()
        .filter_map(|line| line.strip_prefix("COPY "));
    let copies = copies.filter(|line| !line.starts_with("--from"));
    let directory = crate::support::TempDir::new("dockerfile");
    for line in copies {
        let parts: Vec<&str> = line.split_whitespace().collect();
        let (target, sources) = parts.split_last().expect("sources and a target");
        for source in sources {
            assert!(
                ignore.lines().any(|line| line == format!("!{source}")),
                "{source} is ignored"
            );
            let (from, target) = (root().join(source), directory.path().join(target));
            if from.is_file() {
                fs::copy(&from, target.join(source)).expect("a copy");
            } else {
                crate::support::copy(&from, &target);
            }
        }
    }
    // Cargo names every file that a target of Cargo.toml lacks.
    let output = std::process::Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--locked",
            "--format-version",
            "1",
        ])
        .current_dir(directory.path())
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
