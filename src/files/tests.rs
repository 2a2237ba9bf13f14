//! Globs against recorded results; trees that try to be left.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use super::walk::walk_within;
use super::{FileError, Glob, Links, Next, Pattern, Root, write_whole};

#[test]
fn patterns_match_as_recorded() {
    let text = include_str!("../../testdata/files/globs.jsonl");
    for line in text.lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let (pattern, path) = (case["pattern"].as_str(), case["path"].as_str());
        let (pattern, path) = (pattern.unwrap(), path.unwrap());
        let found = match Pattern::new(pattern).matches(path) {
            Ok(found) => found.to_string(),
            Err(_) => "bad".to_owned(),
        };
        assert_eq!(found, case["match"].as_str().unwrap(), "match {line}");
        let found = match Glob::new(pattern) {
            Ok(glob) => glob.matches(path).to_string(),
            Err(_) => "bad".to_owned(),
        };
        assert_eq!(found, case["glob"].as_str().unwrap(), "glob {line}");
    }
}

#[test]
fn globs_are_bounded() {
    assert!(Glob::new(&"{".repeat(100)).is_ok());
    assert!(Glob::new(&"{".repeat(100_000)).is_err());
    let long = "*a".repeat(1000);
    assert!(!Glob::new(&long).unwrap().matches(&"a".repeat(999)));
    let name = format!("{}b", "a".repeat(2000));
    assert_eq!(Pattern::new(&long).matches(&name), Ok(false));
}

/// A directory that is removed when the test ends.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("files-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Scratch(fs::canonicalize(path).unwrap())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn nothing_leads_out_of_a_root() {
    let outer = Scratch::new("root");
    let inside = outer.0.join("inside");
    fs::create_dir_all(inside.join("a/b")).unwrap();
    fs::write(outer.0.join("secret"), "s").unwrap();
    fs::write(inside.join("a/file"), "f").unwrap();
    symlink("../secret", inside.join("link")).unwrap();
    symlink("/etc", inside.join("etc")).unwrap();
    symlink("nowhere", inside.join("dangling")).unwrap();
    symlink("a", inside.join("good")).unwrap();
    let root = Root::new(&inside).unwrap();

    assert_eq!(root.read("a/file", 10).unwrap(), b"f");
    assert_eq!(root.read("good/file", 10).unwrap(), b"f");
    assert!(root.join("a/new/file").is_ok());
    assert_eq!(
        root.join_from("a/b", "../file").unwrap(),
        inside.join("a/file")
    );
    let refused = |path: &str| root.read(path, 10).unwrap_err();
    for path in [
        "../secret",
        "a/../../secret",
        "link",
        "etc/passwd",
        "dangling",
        "a/..",
    ] {
        assert!(matches!(refused(path), FileError::Outside { .. }), "{path}");
    }
    assert!(matches!(refused("/etc/passwd"), FileError::Absolute(_)));
    assert!(matches!(refused("a"), FileError::Io { .. }));
    assert!(refused("none").is_not_found());
    assert!(matches!(
        root.join_from("a", "../../secret"),
        Err(FileError::Outside { .. })
    ));
}

#[test]
fn listing_is_in_order_and_refuses_what_leads_out() {
    let outer = Scratch::new("list");
    let inside = outer.0.join("inside");
    fs::create_dir_all(inside.join("b")).unwrap();
    for name in ["b-1", "b/x", "a", "B"] {
        fs::write(inside.join(name), "").unwrap();
    }
    let root = Root::new(&inside).unwrap();
    let names = |root: &Root| -> Result<Vec<String>, FileError> {
        Ok(root.files("")?.into_iter().map(|f| f.name).collect())
    };
    assert_eq!(names(&root).unwrap(), ["B", "a", "b/x", "b-1"]);
    assert!(root.files("missing").unwrap().is_empty());

    symlink("..", inside.join("b/loop")).unwrap();
    assert!(matches!(names(&root), Err(FileError::Loop(_))));
    fs::remove_file(inside.join("b/loop")).unwrap();
    symlink("/etc/passwd", inside.join("b/out")).unwrap();
    assert!(matches!(names(&root), Err(FileError::Outside { .. })));
}

#[test]
fn files_are_written_whole() {
    let outer = Scratch::new("write");
    let target = outer.0.join("out");
    write_whole(&target, b"one").unwrap();
    write_whole(&target, b"two").unwrap();
    assert_eq!(fs::read(&target).unwrap(), b"two");
    assert_eq!(fs::read_dir(&outer.0).unwrap().count(), 1);
    assert!(write_whole(&outer.0.join("no/out"), b"x").is_err());
}

#[test]
fn files_are_bounded() {
    let outer = Scratch::new("bounded");
    fs::write(outer.0.join("f"), "1234").unwrap();
    let root = Root::new(&outer.0).unwrap();
    assert_eq!(root.read("f", 4).unwrap(), b"1234");
    let error = root.read("f", 3).unwrap_err().to_string();
    assert!(error.ends_with("f` is larger than 3 bytes"), "{error}");
}

#[test]
fn trees_are_bounded() {
    let outer = Scratch::new("tree");
    fs::create_dir_all(outer.0.join("a/b")).unwrap();
    fs::write(outer.0.join("a/b/c"), "").unwrap();
    let within = |max| walk_within(&outer.0, Links::Anywhere, max, |_| Ok(Next::Enter));
    assert!(within(3).is_ok());
    let error: FileError = within(2).unwrap_err();
    assert!(
        error.to_string().ends_with("has more than 2 files"),
        "{error}"
    );
}
