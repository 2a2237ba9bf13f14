//! `template` beside what Helm printed for the same charts and flags, recorded in
//! `testdata/release`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::thread;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use crate::support::{self, Output, Run, TempDir};

#[test]
fn flags_as_recorded() {
    let chart = fs::read(support::root().join("testdata/release/flags-chart.json"));
    let chart = serde_json::from_slice(&chart.expect("the chart")).expect("JSON");
    replay("flags.jsonl", Some(&chart));
}

#[test]
fn charts_as_recorded() {
    replay("charts.jsonl", None);
}

#[test]
fn random_charts_as_recorded() {
    replay("random.jsonl", None);
}

/// Runs every case of a file for both releases; `chart` stands for the files of all of them.
fn replay(file: &str, chart: Option<&Value>) {
    let path = support::root().join("testdata/release").join(file);
    let text = fs::read_to_string(path).expect("recorded cases");
    let cases: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert!(!cases.is_empty());
    let n_threads = thread::available_parallelism().map_or(1, usize::from);
    let failures: Vec<String> = thread::scope(|scope| {
        let parts = cases.chunks(cases.len().div_ceil(n_threads));
        let threads: Vec<_> = parts
            .map(|part| scope.spawn(move || part.iter().flat_map(|c| check(c, chart)).collect()))
            .collect();
        let failures = threads.into_iter().map(|t| t.join().expect("no panic"));
        failures.flat_map(|part: Vec<String>| part).collect()
    });
    let n_failures = failures.len();
    let shown: Vec<_> = failures.into_iter().take(10).collect();
    assert!(
        shown.is_empty(),
        "{n_failures} differences:\n{}",
        shown.join("\n")
    );
}

fn check(case: &Value, chart: Option<&Value>) -> Vec<String> {
    let files = chart.unwrap_or(&case["files"]);
    let differences = [3, 4].map(|major| {
        let directory = TempDir::new("release");
        write_files(&directory, files);
        let output = run(case, directory.path(), major);
        let expected = &case[format!("helm{major}")];
        let difference = compare(&output, expected, directory.path());
        difference.map(|what| format!("{} (Helm {major}): {what}", case["name"]))
    });
    differences.into_iter().flatten().collect()
}

fn write_files(directory: &TempDir, files: &Value) {
    for (path, content) in files.as_object().expect("a map of files") {
        let whole = directory.path().join(path);
        if path.ends_with('/') {
            fs::create_dir_all(whole).expect("a directory");
        } else if let Some(text) = content.as_str() {
            directory.write(path, text);
        } else if let Some(data) = content["base64"].as_str() {
            directory.write(path, BASE64_STANDARD.decode(data).expect("base 64"));
        } else {
            let parent = whole.parent().expect("a path below the directory");
            fs::create_dir_all(parent).expect("directories");
            let target = content["link"].as_str().expect("a link");
            std::os::unix::fs::symlink(target, whole).expect("a link");
        }
    }
}

fn run(case: &Value, directory: &Path, major: u8) -> Output {
    let mut args = vec!["template".to_owned(), format!("--helm-compat={major}")];
    let texts = case["args"].as_array().expect("arguments").iter();
    args.extend(texts.map(|text| text.as_str().expect("a text").to_owned()));
    let mut run = Run::new(&args).current_dir(directory);
    for (name, value) in case["env"].as_object().into_iter().flatten() {
        run = run.env(name, value.as_str().expect("a text"));
    }
    match case["stdin"].as_str() {
        Some(text) => run.output_with(text.as_bytes()),
        None => run.output(),
    }
}

/// What differs from Helm, if anything does.
fn compare(output: &Output, expected: &Value, directory: &Path) -> Option<String> {
    let written: BTreeMap<String, String> = match expected.get("written") {
        None => BTreeMap::new(),
        Some(files) => serde_json::from_value(files.clone()).expect("texts of files"),
    };
    for (path, text) in &written {
        let ours = fs::read_to_string(directory.join(path)).unwrap_or_default();
        if ours != *text {
            return Some(format!("{path}\n  Helm: {text:?}\n  ours: {ours:?}"));
        }
    }
    if let Some(text) = expected["stdout"].as_str() {
        let same = output.code == 0 && output.stdout == text;
        return (!same).then(|| format!("\n  Helm: {text:?}\n  ours: {output:?}"));
    }
    let error = expected["error"].as_str().expect("an error");
    let ours = output
        .stderr
        .find("Error: ")
        .map_or("", |at| &output.stderr[at..]);
    let ours = ours.replace(&*directory.to_string_lossy(), "$DIR");
    // A hint of ours may follow.
    let rest = ours.trim_end().strip_prefix(error);
    let same = output.code != 0
        && rest.is_some_and(|rest| {
            let rest = rest.trim_start_matches(' ');
            rest.is_empty() || rest.starts_with('\n')
        });
    let printed = !output.stdout.is_empty() && written.is_empty();
    (!same || printed).then(|| format!("\n  Helm: {error:?}\n  ours: {output:?}"))
}
