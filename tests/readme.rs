//! The commands of the README do what it says.

use std::fs;

use crate::support::{self, Run};

/// The first command: one controller's manifests, chart first, then the generated ConfigMaps.
#[test]
fn the_main_job_prints_one_controller() {
    let readme = fs::read_to_string(support::root().join("README.md")).expect("README.md");
    let command = "cargo run --release -- render testdata/fleet/overlays/prod";
    assert!(readme.contains(command), "the README names {command}");
    let output = Run::new(&["render", "testdata/fleet/overlays/prod"])
        .current_dir(support::root())
        .output();
    assert_eq!((output.code, output.stderr.as_str()), (0, ""));
    let sources: Vec<&str> = output
        .stdout
        .lines()
        .filter_map(|line| line.strip_prefix("# Source: "))
        .collect();
    let position = |start: &str| sources.iter().position(|source| source.starts_with(start));
    assert_eq!(position("jenkins/templates/"), Some(0), "{sources:?}");
    assert!(
        position("prod/jobs") > position("jenkins/templates/"),
        "{sources:?}"
    );
    assert!(position("prod/casc") > position("prod/jobs"), "{sources:?}");
    assert!(
        position("prod/manifests/") > position("prod/casc"),
        "{sources:?}"
    );
}

/// Every file that the README links to is there.
#[test]
fn links_lead_somewhere() {
    let readme = fs::read_to_string(support::root().join("README.md")).expect("README.md");
    for link in readme
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
    {
        assert!(
            link.contains("://") || support::root().join(link).exists(),
            "{link}"
        );
    }
}
