//! Charts against recorded results: loading, dependencies, values, schemas, archives.

use std::io::{Cursor, Write};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value as Json;

use super::ignore::Rules;
use super::{
    Budget, Chart, LoadOptions, check_dependencies, check_installable, coalesce, load,
    load_archive, process_dependencies, schema, validate,
};
use crate::files::Links;
use crate::helm::HelmCompat;
use crate::limits::{
    MAX_CHART_BYTES, MAX_CHART_DEPTH, MAX_CHART_FILE_BYTES, MAX_CHART_TREE_BYTES, MAX_CHARTS,
    MAX_DEFAULTS_BYTES, MAX_TREE_FILES,
};
use crate::value::{Map, Tree, TreeMap, Value, json};
use crate::values::{ValuesOptions, freeze, merge_options};

fn cases(text: &str) -> impl Iterator<Item = (&str, Json)> {
    text.lines()
        .map(|line| (line, serde_json::from_str(line).unwrap()))
}

fn helm(case: &Json) -> HelmCompat {
    match case["helm"].as_u64() {
        Some(3) => HelmCompat::V3,
        _ => HelmCompat::V4,
    }
}

/// Packs files; names are written as they are, however hostile.
fn pack<'f>(files: impl IntoIterator<Item = (&'f str, Vec<u8>)>) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, data) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(data.len() as u64);
        header.set_mode(0o644);
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        tar.append(&header, data.as_slice()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

fn content(file: &Json) -> Vec<u8> {
    match file {
        Json::String(text) => text.clone().into_bytes(),
        other => BASE64_STANDARD
            .decode(other["base64"].as_str().unwrap())
            .unwrap(),
    }
}

/// A directory of files that is removed at the end.
struct Directory(std::path::PathBuf);

impl Directory {
    fn new(name: &str, files: &Json) -> Directory {
        let path = std::env::temp_dir().join(format!("chart-{}-{name}", std::process::id()));
        let directory = Directory(path);
        for (name, file) in files.as_object().unwrap() {
            let path = directory.0.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content(file)).unwrap();
        }
        directory
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Everything between a chart's directory and the values its templates see.
fn prepare(case: &Json, directory: &Directory) -> Result<(Chart, Map), String> {
    let helm = helm(case);
    let options = LoadOptions {
        helm,
        links: Links::Anywhere,
    };
    let chart = load(&directory.0, options)
        .map_err(|e| e.to_string())?
        .chart;
    check_installable(&chart)?;
    check_dependencies(&chart, helm)?;
    let files = case["values"].as_array().cloned().unwrap_or_default();
    let options = ValuesOptions {
        files: (0..files.len()).map(|_| "v0.yaml".to_owned()).collect(),
        ..ValuesOptions::default()
    };
    let mut texts = files.iter().map(content);
    let user = merge_options(&options, helm, &mut |_| {
        Ok(texts.next().unwrap_or_default())
    })
    .map_err(|e| e.message)?;
    let mut log = Vec::new();
    let chart = process_dependencies(&chart, &user, helm, &mut log)?;
    let values = coalesce(&chart, &user, helm, &mut log)?;
    validate(&chart, &freeze(&values)?, helm)?;
    Ok((chart, values))
}

fn collect(chart: &Chart, values: &Map, out: &mut TreeMap) {
    let entry = TreeMap::from([
        ("name".into(), Tree::str(chart.name())),
        ("values".into(), freeze(values).unwrap()),
    ]);
    out.insert(chart.full_path.as_str().into(), Tree::map(entry));
    for sub in &chart.charts {
        if let Some(Value::Map(below)) = values.get(sub.name().as_bytes()) {
            collect(sub, &below, out);
        }
    }
}

fn check_charts(name: &str, text: &str) {
    for (line, case) in cases(text) {
        let directory = Directory::new(name, &case["files"]);
        match prepare(&case, &directory) {
            Ok((chart, values)) => {
                let mut found = TreeMap::new();
                collect(&chart, &values, &mut found);
                let want = json::decode(case["charts"].to_string().as_bytes()).unwrap();
                assert_eq!(Tree::map(found), want, "{line}");
            }
            Err(error) => {
                let error = error.replace(directory.0.to_str().unwrap(), ".");
                assert_eq!(Some(&*error), case["error"].as_str(), "{line}");
            }
        }
    }
}

#[test]
fn charts_load_as_recorded() {
    check_charts(
        "loading",
        include_str!("../../testdata/chart/loading.jsonl"),
    );
}

#[test]
fn dependencies_are_processed_as_recorded() {
    check_charts(
        "deps",
        include_str!("../../testdata/chart/dependencies.jsonl"),
    );
}

#[test]
fn schemas_fail_as_recorded() {
    for (line, case) in cases(include_str!("../../testdata/chart/schemas.jsonl")) {
        let values = json::decode(case["values"].as_str().unwrap().as_bytes()).unwrap();
        let result = schema::check(
            case["schema"].as_str().unwrap().as_bytes(),
            &values,
            HelmCompat::V4,
        );
        let error = result.err().map(|text| {
            format!(
                "values don't meet the specifications of the schema(s) in the following \
                 chart(s):\nc:\n{text}"
            )
        });
        assert_eq!(error.as_deref(), case["error"].as_str(), "{line}");
    }
}

#[test]
fn archives_load_as_recorded() {
    for (line, case) in cases(include_str!("../../testdata/chart/archives.jsonl")) {
        let data = BASE64_STANDARD
            .decode(case["archive"].as_str().unwrap())
            .unwrap();
        let name = case["name"].as_str().unwrap();
        match load_archive(name, Cursor::new(data), helm(&case)) {
            Ok(loaded) => {
                let want = &case["charts"][&loaded.chart.full_path];
                let names = |files: &[super::File]| -> Vec<Json> {
                    files.iter().map(|f| Json::from(f.name.clone())).collect()
                };
                assert_eq!(
                    Json::from(names(&loaded.chart.files)),
                    want["files"],
                    "{line}"
                );
                let templates = names(&loaded.chart.templates);
                assert_eq!(Json::from(templates), want["templates"], "{line}");
            }
            Err(error) => assert_eq!(Some(error.message()), case["error"].as_str(), "{line}"),
        }
    }
}

#[test]
fn files_are_ignored_as_recorded() {
    for (line, case) in cases(include_str!("../../testdata/chart/ignore.jsonl")) {
        let rules = match Rules::parse(case["rules"].as_str().unwrap()) {
            Ok(rules) => rules,
            Err(error) => {
                assert_eq!(Some(&*error), case["error"].as_str(), "{line}");
                continue;
            }
        };
        let Some(loaded) = case["files"].as_array() else {
            continue;
        };
        for path in case["paths"].as_array().unwrap() {
            let path = path.as_str().unwrap();
            // Subcharts and the metadata are not among the files of the chart.
            if path.starts_with("charts/") || path == "Chart.yaml" {
                continue;
            }
            let mut ignored = rules.ignore(path, false);
            for (i, _) in path.match_indices('/') {
                ignored |= rules.ignore(&path[..i], true);
            }
            assert_eq!(
                !ignored,
                loaded.contains(&Json::from(path)),
                "{path} {line}"
            );
        }
    }
}

const CHART_FILE: &[u8] = b"apiVersion: v2\nname: c\nversion: 1.0.0\n";

fn load_packed(data: Vec<u8>) -> Result<Chart, String> {
    load_archive("c.tgz", Cursor::new(data), HelmCompat::V3)
        .map(|loaded| loaded.chart)
        .map_err(|e| e.to_string())
}

#[test]
fn archives_are_bounded() {
    let with = |n_bytes: usize| {
        pack([
            ("c/Chart.yaml", CHART_FILE.to_vec()),
            ("c/big", vec![0; n_bytes]),
        ])
    };
    let max = MAX_CHART_FILE_BYTES as usize;
    assert!(load_packed(with(max)).is_ok());
    assert!(
        load_packed(with(max + 1))
            .unwrap_err()
            .contains("is larger than the maximum")
    );

    let names: Vec<String> = (0..19).map(|i| format!("c/f{i}")).collect();
    let of = |n_bytes: u64| {
        let full = names.iter().map(|name| (name.as_str(), vec![0; max]));
        let rest = n_bytes as usize - CHART_FILE.len() - names.len() * max;
        let rest = [
            ("c/Chart.yaml", CHART_FILE.to_vec()),
            ("c/rest", vec![0; rest]),
        ];
        load_packed(pack(rest.into_iter().chain(full)))
    };
    // Helm refuses an archive that uses up what it may hold.
    assert!(of(MAX_CHART_BYTES - 1).is_ok());
    assert_eq!(
        of(MAX_CHART_BYTES).unwrap_err(),
        format!("decompressed chart is larger than the maximum file size {MAX_CHART_BYTES}")
    );
}

#[test]
fn trees_are_bounded() {
    let mut budget = Budget::new();
    assert!(budget.spend_defaults(MAX_DEFAULTS_BYTES).is_ok());
    let error = budget.spend_defaults(1).unwrap_err().to_string();
    assert!(error.contains(&format!("larger than {MAX_DEFAULTS_BYTES} bytes")));
    assert!(budget.spend(MAX_CHART_TREE_BYTES).is_ok());
    let error = budget.spend(1).unwrap_err().to_string();
    let bound = format!("chart with its subcharts is larger than {MAX_CHART_TREE_BYTES} bytes");
    assert_eq!(error, bound);
}

#[test]
fn the_number_of_files_is_bounded() {
    let names: Vec<String> = (0..=MAX_TREE_FILES).map(|i| format!("c/{i}")).collect();
    let of = |n_files: usize| {
        let empty = names[1..n_files]
            .iter()
            .map(|name| (name.as_str(), Vec::new()));
        load_packed(pack(
            [("c/Chart.yaml", CHART_FILE.to_vec())]
                .into_iter()
                .chain(empty),
        ))
    };
    assert!(of(MAX_TREE_FILES).is_ok());
    let bound = format!("chart archive holds more than {MAX_TREE_FILES} files");
    assert_eq!(of(MAX_TREE_FILES + 1).unwrap_err(), bound);
}

#[test]
fn a_bomb_in_a_header_is_noticed() {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::GNULongName);
    header.set_size(1 << 40);
    header.set_cksum();
    let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
    gz.write_all(header.as_bytes()).unwrap();
    gz.write_all(&vec![b'x'; 3 << 20]).unwrap();
    let error = load_packed(gz.finish().unwrap()).unwrap_err();
    assert_eq!(error, "archive/tar: header field too long");
}

#[test]
fn charts_in_charts_are_bounded() {
    let nested = |depth: usize| {
        let mut inner = pack([("c/Chart.yaml", CHART_FILE.to_vec())]);
        for _ in 0..depth {
            inner = pack([
                ("c/Chart.yaml", CHART_FILE.to_vec()),
                ("c/charts/c.tgz", inner),
            ]);
        }
        inner
    };
    assert!(load_packed(nested(MAX_CHART_DEPTH)).is_ok());
    let error = load_packed(nested(MAX_CHART_DEPTH + 1)).unwrap_err();
    assert!(
        error.ends_with("charts are nested deeper than 64 levels"),
        "{error}"
    );
}

/// Two aliases at every level double the charts each time.
#[test]
fn aliases_cannot_multiply_without_end() {
    let depth = 12;
    let mut files = Vec::new();
    for level in 0..depth {
        let text = format!(
            "apiVersion: v2\nname: n{level}\nversion: 1.0.0\ndependencies:\n\
             - {{name: n{next}, version: \"*\", alias: a}}\n\
             - {{name: n{next}, version: \"*\", alias: b}}\n",
            next = level + 1
        );
        files.push(text.into_bytes());
    }
    let mut inner = Vec::new();
    for text in files.into_iter().rev() {
        let mut parts = vec![("c/Chart.yaml", text)];
        if !inner.is_empty() {
            parts.push(("c/charts/x.tgz", inner));
        }
        inner = pack(parts);
    }
    let chart = load_packed(inner).unwrap();
    let process = |helm| process_dependencies(&chart, &Tree::empty_map(), helm, &mut Vec::new());
    let error = process(HelmCompat::V4).unwrap_err();
    assert_eq!(error, format!("chart has more than {MAX_CHARTS} subcharts"));
    // Both aliases share their dependencies in Helm 3, so the second one finds them renamed.
    assert!(process(HelmCompat::V3).is_ok());
}

#[test]
fn tables_are_shared_as_in_go() {
    let files: Json = serde_json::json!({
        "Chart.yaml": "apiVersion: v2\nname: p\nversion: 1.0.0\n",
        "values.yaml": "global: {a: {b: {c: 1}}}\n",
        "charts/s/Chart.yaml": "apiVersion: v2\nname: s\nversion: 1.0.0\n",
    });
    let case = serde_json::json!({"helm": 4});
    let (_, values) = prepare(&case, &Directory::new("shared", &files)).unwrap();
    let at = |path: &[&str]| -> Map {
        path.iter().fold(values.clone(), |table, key| {
            table.get(key.as_bytes()).unwrap().as_map().unwrap().clone()
        })
    };
    assert!(!at(&["global", "a"]).same(&at(&["s", "global", "a"])));
    assert!(at(&["global", "a", "b"]).same(&at(&["s", "global", "a", "b"])));
}

#[test]
fn errors_name_the_file_in_the_chart() {
    let files = serde_json::json!({
        "Chart.yaml": "apiVersion: v2\nname: p\nversion: 1.0.0\n",
        "charts/s/Chart.yaml": "apiVersion: v2\nname: s\nversion: 1.0.0\n",
        "charts/s/values.yaml": "a: 1\nb: [\n",
    });
    let directory = Directory::new("place", &files);
    let options = LoadOptions {
        helm: HelmCompat::V4,
        links: Links::Anywhere,
    };
    let error = load(&directory.0, options).unwrap_err();
    assert!(
        error
            .message()
            .starts_with("error unpacking subchart s in p: cannot load values.yaml")
    );
    assert_eq!(error.location().unwrap().file, "charts/s/values.yaml");
}

#[test]
fn crds_are_found_in_order() {
    let chart = load_packed(pack([
        ("c/Chart.yaml", CHART_FILE.to_vec()),
        ("c/crds/b.YAML", b"b".to_vec()),
        ("c/crds/a.txt", b"a".to_vec()),
        ("c/charts/s/Chart.yaml", CHART_FILE.to_vec()),
        ("c/charts/s/crds/c.json", b"c".to_vec()),
    ]))
    .unwrap();
    let sources: Vec<String> = chart.crds().into_iter().map(|(source, _)| source).collect();
    assert_eq!(sources, ["c/crds/b.YAML", "c/charts/c/crds/c.json"]);
}
