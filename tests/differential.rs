//! Random templates, values and `--set` arguments, here and in Helm: output and errors must be equal.
//!
//! Runs where the environment names the reference and how many cases are wanted:
//! `DIFFERENTIAL_ORACLE=/path/to/oracle DIFFERENTIAL_CASES=20000 cargo test differential`.
//! The oracle is `tests/differential/oracle.go`, built inside Helm's own source tree.
//! `DIFFERENTIAL_SEED` repeats a run, `DIFFERENTIAL_KIND` keeps to one kind of case,
//! `DIFFERENTIAL_COMPAT=3` says that the oracle is Helm 3. `DIFFERENTIAL_RECORD=1` writes the
//! selection under `testdata/differential`, which is compared on every run of the tests.

mod blocks;
mod calls;
mod literal;
mod texts;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use jenkins_cmp::chart::{self, Chart, File, LoadOptions};
use jenkins_cmp::files::Links;
use jenkins_cmp::funcs;
use jenkins_cmp::helm::HelmCompat;
use jenkins_cmp::release::{self, Derived, Options};
use jenkins_cmp::template::Function;
use jenkins_cmp::values::{ValuesOptions, merge_options};
use serde_json::{Value as Json, json};

use crate::support::{self, Random};
use blocks::Blocks;
use calls::Calls;

/// Functions whose results differ between two runs of Helm, or that take long.
const LEFT_OUT: &[&str] = &[
    "ago",
    "bcrypt",
    "buildCustomCert",
    "date",
    "dateInZone",
    "date_in_zone",
    "decryptAES",
    "derivePassword",
    "encryptAES",
    "genCA",
    "genCAWithKey",
    "genPrivateKey",
    "genSelfSignedCert",
    "genSelfSignedCertWithKey",
    "genSignedCert",
    "genSignedCertWithKey",
    "htmlDate",
    "htmlDateInZone",
    "htpasswd",
    "include",
    "keys",
    "now",
    "randAlpha",
    "randAlphaNum",
    "randAscii",
    "randBytes",
    "randInt",
    "randNumeric",
    "shuffle",
    "tpl",
    "uuidv4",
    "values",
    "durationRound",
    "dateModify",
    "date_modify",
    "mustDateModify",
    "must_date_modify",
    "unixEpoch",
];

/// What the command adds to errors of templates.
const HINT: &str = "\n\nUse --debug flag to render out invalid YAML";

const CHART: &str = "apiVersion: v2
name: diff
version: 1.2.3
appVersion: \"1.10\"
description: a chart
keywords: [one, two]
annotations: {k: v}
maintainers: [{name: Ann, email: ann@example.com}, {name: Bob}]
";

const VALUES: &str = r##"
s: hello World
empty: ""
uni: "héllo ☃ 😀"
multi: "a: 1\nb:\n  - c\n"
num: 3
neg: -7
big: 1000000
huge: 12345678901234567890
frac: 1.5
on_: true
off_: false
nil: null
l: [1, b, 2.5, true, null]
ls: [b, a, c, a]
le: []
ll: [[1, 2], [3]]
lm: [{a: 1}, {b: c}]
m: {a: 1, b: {c: d, e: [1, 2]}, z: null}
me: {}
version: 1.21.3-gke.1
re: "a(b*)c"
json: '{"a": [1, "x", null], "b": {"c": 1.5}}'
date: 2024-05-01
"##;

const FILES: &[(&str, &str)] = &[
    ("a.txt", "one\ntwo\n"),
    ("b.txt", "x: 1"),
    ("d/c.txt", "tail \n\n"),
];

/// One case: what is laid over the chart above.
#[derive(Debug, Default)]
struct Case {
    kind: &'static str,
    template: String,
    values: Option<String>,
    set: Vec<(String, String)>,
}

impl Case {
    fn template(kind: &'static str, template: String) -> Case {
        Case {
            kind,
            template,
            ..Case::default()
        }
    }

    /// The chart's files.
    fn files(&self) -> Vec<(String, String)> {
        let values = self.values.as_deref().unwrap_or(VALUES);
        let mut files = vec![
            ("Chart.yaml".to_owned(), CHART.to_owned()),
            ("values.yaml".to_owned(), values.to_owned()),
            ("templates/_c.tpl".to_owned(), self.template.clone()),
            (
                "templates/main.yaml".to_owned(),
                "v: {{ include (print $.Template.BasePath \"/_c.tpl\") . | b64enc }}".to_owned(),
            ),
        ];
        files.extend(
            FILES
                .iter()
                .map(|(n, t)| ((*n).to_owned(), (*t).to_owned())),
        );
        files
    }
}

/// Makes cases of every kind in turn.
struct Generator<'a> {
    random: Random,
    functions: &'a [&'a Function],
    only: Option<String>,
}

impl Generator<'_> {
    fn case(&mut self) -> Case {
        loop {
            let case = self.any();
            if self.only.as_deref().is_none_or(|only| only == case.kind) {
                return case;
            }
        }
    }

    fn any(&mut self) -> Case {
        let random = &mut self.random;
        let mut blocks = Blocks {
            calls: Calls {
                functions: self.functions,
                variables: vec![],
            },
            defines: 0,
            loops: 0,
        };
        match random.below(20) {
            0..=3 => {
                let call = blocks.calls.call(random, 2);
                Case::template("call", format!("{{{{ {call} }}}}"))
            }
            4..=7 => {
                let body = blocks.block(random, 3);
                let definitions = blocks.definitions(random);
                Case::template("block", format!("{definitions}{body}"))
            }
            8 => Case::template("syntax", blocks::soup(random)),
            9 => {
                let body = blocks.block(random, 1);
                Case::template("syntax", blocks::mutate(random, &body))
            }
            10 | 11 => Case::template("written", texts::written(random)),
            12 | 13 => Case::template("read", texts::read(random)),
            14 => Case::template("printf", texts::printf(random)),
            15 => Case::template("regex", texts::regex(random)),
            16 => match random.below(2) {
                0 => Case::template("date", texts::date(random)),
                _ => Case::template("url", texts::url(random)),
            },
            17 => Case::template("semver", texts::semver(random)),
            18 => Case::template("lists", texts::lists(random)),
            _ => match random.below(2) {
                0 => Case {
                    kind: "values",
                    template:
                        "{{ .Values | toJson }}{{ .Values | toYaml }}{{ printf \"%#v\" .Values }}"
                            .to_owned(),
                    values: Some(texts::yaml(random)),
                    set: vec![],
                },
                _ => Case {
                    kind: "set",
                    template: "{{ .Values | toJson }}{{ printf \"%#v\" .Values }}".to_owned(),
                    values: Some("l: [1, 2]\nm: {b: {c: d}}\ns: x\n".to_owned()),
                    set: texts::sets(random),
                },
            },
        }
    }
}

/// The reference as a process that answers a line with a line.
struct Oracle {
    path: String,
    process: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Oracle {
    fn start(path: &str) -> Oracle {
        let mut process = Command::new(path)
            .env("TZ", "UTC")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the oracle starts");
        Oracle {
            path: path.to_owned(),
            requests: process.stdin.take().expect("a pipe"),
            answers: BufReader::new(process.stdout.take().expect("a pipe")),
            process,
        }
    }

    /// What Helm says, or nothing where it dies.
    fn ask(&mut self, case: &Case) -> Option<Result<String, String>> {
        let files: BTreeMap<String, String> = case.files().into_iter().collect();
        let mut set: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (flag, text) in &case.set {
            set.entry(flag).or_default().push(text);
        }
        let request = json!({"files": files, "set": set});
        let mut answer = String::new();
        let _ = writeln!(self.requests, "{request}");
        if !matches!(self.answers.read_line(&mut answer), Ok(1..)) {
            let _ = self.process.wait();
            *self = Oracle::start(&self.path);
            return None;
        }
        let answer: Json = serde_json::from_str(&answer).expect("an answer in JSON");
        let text = |json: &Json| json.as_str().expect("a text").to_owned();
        Some(match answer.get("error") {
            Some(error) => Err(text(error)),
            None => Ok(text(&answer["out"]["diff/templates/main.yaml"])
                .trim_end()
                .to_owned()),
        })
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Renders cases here.
struct Ours {
    helm: HelmCompat,
    directory: support::TempDir,
    chart: Chart,
}

impl Ours {
    fn new(helm: HelmCompat) -> Ours {
        let directory = support::TempDir::new("differential");
        let chart = load(&directory, &Case::default(), helm).expect("the chart loads");
        Ours {
            helm,
            directory,
            chart,
        }
    }

    fn render(&self, case: &Case) -> Result<String, String> {
        let mut chart = self.chart.clone();
        if case.values.is_some() {
            chart = load(&self.directory, case, self.helm)?;
        } else {
            let templates = case
                .files()
                .into_iter()
                .filter(|(name, _)| name.starts_with("templates/"));
            chart.templates = templates
                .map(|(name, text)| File {
                    name,
                    data: text.as_str().into(),
                })
                .collect();
        }
        let of = |flag: &str| {
            let set = case.set.iter().filter(|(f, _)| f == flag);
            set.map(|(_, text)| text.clone()).collect()
        };
        let set = ValuesOptions {
            set_json: of("json"),
            set: of("set"),
            set_string: of("string"),
            set_literal: of("literal"),
            ..ValuesOptions::default()
        };
        let values = merge_options(&set, self.helm, &mut |_| Err("no files".to_owned()))
            .map_err(|error| error.message)?;
        let options = Options {
            name: "rel".to_owned(),
            namespace: "default".to_owned(),
            is_upgrade: false,
            kube_version: Some("v1.36.0".to_owned()),
            api_versions: vec![],
            include_crds: false,
            hooks: true,
            tests: true,
            validate_schema: false,
            objects: false,
            helm: self.helm,
        };
        let host = Derived::stand_ins(self.helm, "differential".to_owned());
        let rendered = release::render(&chart, &values, &options, &host).map_err(|error| {
            let text = error.helm_text();
            text.strip_suffix(HINT).map_or(text.clone(), str::to_owned)
        })?;
        let document = rendered.manifests.first().expect("one document");
        Ok(String::from_utf8_lossy(&document.text)
            .trim_end()
            .to_owned())
    }
}

fn load(directory: &support::TempDir, case: &Case, helm: HelmCompat) -> Result<Chart, String> {
    for (name, text) in case.files() {
        directory.write(&name, text);
    }
    let options = LoadOptions {
        helm,
        links: Links::Anywhere,
    };
    chart::load(directory.path(), options)
        .map(|loaded| loaded.chart)
        .map_err(|error| error.message().to_owned())
}

fn decoded(result: &Result<String, String>) -> String {
    use base64::Engine as _;
    match result {
        Ok(text) => match text.strip_prefix("v:") {
            Some(code) => match base64::engine::general_purpose::STANDARD.decode(code.trim()) {
                Ok(bytes) => format!("{:?}", String::from_utf8_lossy(&bytes)),
                Err(_) => text.clone(),
            },
            None => text.clone(),
        },
        Err(text) => format!("ERROR {text}"),
    }
}

/// Says whether a text holds the address of something in memory, or the version of the oracle.
fn is_of_one_run(text: &str) -> bool {
    let has_address = text.split("0x").skip(1).any(|rest| {
        let digits = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
        (10..=12).contains(&digits)
    });
    has_address || text.contains("go1.")
}

/// Says whether a difference is one that docs/compatibility.md lists: lists have no capacity
/// beyond their length here, and results no more than a bound.
fn is_known(helm: &str, ours: &str) -> bool {
    let capacity = "slice index out of bounds";
    (ours.contains(capacity) && !helm.contains(capacity)) || ours.contains("bytes to print")
}

fn variable<T: std::str::FromStr>(name: &str) -> Option<T> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text}")))
}

#[test]
fn differential() {
    let (Some(oracle), Some(cases)) = (
        variable::<String>("DIFFERENTIAL_ORACLE"),
        variable::<usize>("DIFFERENTIAL_CASES"),
    ) else {
        support::note("DIFFERENTIAL_ORACLE and DIFFERENTIAL_CASES are not set: not compared");
        return;
    };
    let compat = match variable("DIFFERENTIAL_COMPAT").unwrap_or(4) {
        3 => HelmCompat::V3,
        _ => HelmCompat::V4,
    };
    let table = funcs::table(compat.major());
    let functions: Vec<&Function> = table
        .0
        .iter()
        .filter(|f| !LEFT_OUT.contains(&f.name))
        .collect();
    let mut generator = Generator {
        random: Random(variable("DIFFERENTIAL_SEED").unwrap_or(0x9e37_79b9_7f4a_7c15)),
        functions: &functions,
        only: variable("DIFFERENTIAL_KIND"),
    };
    let mut oracle = Oracle::start(&oracle);
    let ours = Ours::new(compat);
    let mut different: BTreeMap<String, (usize, String)> = BTreeMap::new();
    let (mut died, mut failed, mut left_out) = (0, 0, 0);
    let mut deaths = Vec::new();
    let recording = variable::<u8>("DIFFERENTIAL_RECORD").is_some();
    let mut same = Vec::new();
    for _ in 0..cases {
        let case = generator.case();
        let Some(helm) = oracle.ask(&case) else {
            died += 1;
            let text = format!(
                "{case:?}\n  helm: died\n  ours: {}",
                decoded(&ours.render(&case))
            );
            deaths.push(text);
            continue;
        };
        failed += usize::from(helm.is_err());
        let ours = ours.render(&case);
        let (asked, rendered) = (helm, ours);
        let (helm, ours) = (decoded(&asked), decoded(&rendered));
        if is_of_one_run(&helm) || is_known(&helm, &ours) {
            left_out += 1;
            continue;
        }
        if helm == ours {
            if recording {
                same.push((case, asked));
            }
            continue;
        }
        let text = format!("{case:?}\n  helm: {helm}\n  ours: {ours}");
        let entry = different
            .entry(signature(&case, &helm, &ours))
            .or_insert_with(|| (0, text.clone()));
        entry.0 += 1;
        if text.len() < entry.1.len() {
            entry.1 = text;
        }
    }
    support::note(&format!(
        "{cases} cases compared with helm {}, {failed} of them errors, {left_out} left out; it died \
         of {died}",
        compat.major()
    ));
    if recording {
        record(compat, same);
    }
    let report: Vec<String> = different
        .values()
        .map(|(n, text)| format!("{n} times like {text}"))
        .collect();
    if let Some(path) = variable::<String>("DIFFERENTIAL_REPORT") {
        let all = [&report[..], &deaths[..]].concat();
        fs::write(path, all.join("\n\n")).expect("the report");
    }
    assert!(
        report.is_empty(),
        "{} kinds of differences:\n{}",
        report.len(),
        report[..report.len().min(40)].join("\n\n")
    );
}

/// Cases of one kind in a recorded selection.
const RECORDED_OF_A_KIND: usize = 60;

fn recorded_dir(helm: HelmCompat) -> PathBuf {
    let name = format!("testdata/differential/helm{}", helm.major());
    support::root().join(name)
}

/// Writes the shortest cases of each kind with what Helm says to them.
fn record(helm: HelmCompat, cases: Vec<(Case, Result<String, String>)>) {
    let mut kinds: BTreeMap<&str, Vec<(usize, String)>> = BTreeMap::new();
    for (case, result) in cases {
        let mut line = json!({"kind": case.kind, "template": case.template});
        if let Some(values) = &case.values {
            line["values"] = json!(values);
        }
        if !case.set.is_empty() {
            line["set"] = json!(case.set);
        }
        match result {
            Ok(out) => line["out"] = json!(out),
            Err(error) => line["error"] = json!(error),
        }
        let line = line.to_string();
        let lines = kinds.entry(case.kind).or_default();
        if !lines.iter().any(|(_, known)| *known == line) {
            lines.push((line.len(), line));
        }
    }
    let mut out = format!(
        "# Recorded from the packages of Helm {}: a case of tests/differential.rs for each line.\n",
        if helm == HelmCompat::V3 {
            "3.21.4"
        } else {
            "4.2.4"
        }
    );
    for mut lines in kinds.into_values() {
        lines.sort();
        // The shortest ones hardly differ from each other.
        let step = (lines.len() / 2 / RECORDED_OF_A_KIND).max(1);
        for (_, line) in lines.iter().step_by(step).take(RECORDED_OF_A_KIND) {
            out.push_str(line);
            out.push('\n');
        }
    }
    fs::write(recorded_dir(helm).join("random.jsonl"), out).expect("the recorded cases");
}

#[test]
fn recorded_cases() {
    for helm in [HelmCompat::V3, HelmCompat::V4] {
        let ours = Ours::new(helm);
        let files = fs::read_dir(recorded_dir(helm)).expect("the recorded cases");
        let files = files.map(|file| file.expect("a file").path());
        let text: String = files
            .map(|file| fs::read_to_string(file).expect("recorded cases"))
            .collect();
        let mut different = Vec::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let json: Json = serde_json::from_str(line).expect("a line of JSON");
            let text = |key: &str| json.get(key).and_then(Json::as_str).map(str::to_owned);
            let case = Case {
                kind: "",
                template: text("template").expect("a template"),
                values: text("values"),
                set: serde_json::from_value(json["set"].clone()).unwrap_or_default(),
            };
            let helm = match text("error") {
                Some(error) => Err(error),
                None => Ok(text("out").expect("an output or an error")),
            };
            let ours = ours.render(&case);
            if ours != helm {
                let (helm, ours) = (decoded(&helm), decoded(&ours));
                different.push(format!("{case:?}\n  helm: {helm}\n  ours: {ours}"));
            }
        }
        assert!(
            different.is_empty(),
            "{} differences from Helm {}:\n{}",
            different.len(),
            helm.major(),
            different.join("\n\n")
        );
    }
}

/// Groups differences that look alike.
fn signature(case: &Case, helm: &str, ours: &str) -> String {
    let words = |text: &str| -> String {
        let text = text.rsplit(": ").next().unwrap_or_default();
        text.chars()
            .filter(|c| c.is_ascii_alphabetic() || *c == ' ')
            .take(24)
            .collect()
    };
    let function: String = case
        .template
        .chars()
        .take_while(|c| !matches!(c, '"' | '.'))
        .take(16)
        .collect();
    format!("{} {function} {} {}", case.kind, words(helm), words(ours))
}
