//! Random charts with subcharts, values and flags, rendered here and by helm: output and errors
//! must be equal.
//!
//! Runs where the environment names a helm binary and how many charts are wanted:
//! `DIFFERENTIAL_HELM=/path/to/helm DIFFERENTIAL_CHARTS=500 cargo test random_charts_like_helm`.
//! `DIFFERENTIAL_SEED` repeats a run; `DIFFERENTIAL_COMPAT=3` names the release of the binary.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use crate::support::{self, Output, Random, Run, TempDir};

/// How often helm may answer otherwise than before: some of its orders are random.
const TRIES: usize = 8;

const KEYS: &[&str] = &[
    "a", "b", "c", "enabled", "s1", "s2", "x-y", "image", "exports",
];
const SCALARS: &[&str] = &[
    "1",
    "0",
    "-3",
    "1.5",
    "true",
    "false",
    "null",
    "~",
    "x",
    "\"\"",
    "010",
    "1e3",
    "yes",
    "\"5\"",
    "1000000",
    "2020-01-01",
    "\"a: b\"",
    "[]",
    "{}",
    "[1, b]",
    "{k: v}",
    "0x1F",
    "\"é☃\"",
];
const KINDS: &[&str] = &[
    "Namespace",
    "Secret",
    "ConfigMap",
    "Role",
    "Service",
    "Pod",
    "Deployment",
    "Job",
    "Ingress",
    "APIService",
    "Foo",
    "MutatingWebhookConfiguration",
    "List",
];
const EXPRESSIONS: &[&str] = &[
    "toJson .Values",
    "toYaml .Values",
    ".Chart.Name",
    ".Chart.AppVersion",
    ".Chart.Foo",
    "toJson .Chart.Dependencies",
    ".Release.IsUpgrade",
    ".Template.Name",
    ".Values.a.b",
    ".Values.global",
    ".Files.Get \"files/a.txt\"",
    ".Files.Lines \"files/a.txt\"",
    "(.Files.Glob \"files/*\").AsConfig",
    "(.Files.Glob \"files/*\").AsSecrets",
    "include \"n\" .",
    "tpl \"{{ toJson .Values }}\" .",
    ".Capabilities.APIVersions.Has \"foo/v1\"",
    "required \"b is needed\" .Values.b",
    "set .Values \"zz\" 1 | toJson",
    "range $k, $v := .Subcharts }}{{ $k }}={{ toJson $v.Values }}{{ end",
];
const HOOKS: &[&str] = &[
    "pre-install",
    "post-install",
    "test",
    "pre-install,post-upgrade",
    "foo",
    "crd-install",
    "\"\"",
];
const SEPARATORS: &[&str] = &[
    "---\n",
    "---\n",
    "\n---\n",
    "--- \n",
    "---\n\n",
    "\n\n---\n\n",
    "--- # c\n",
    "---\n---\n",
    "----\n",
    " ---\n",
];
const CONSTRAINTS: &[&str] = &[
    "\"*\"",
    "1.0.0",
    "\">=0.0.0-0\"",
    "^1.0.0",
    "\"~1\"",
    "\"\"",
    "x.y",
];
const IMPORTS: &[&str] = &[
    "[d]",
    "[d, e, none]",
    "[{child: a, parent: imported}]",
    "[{child: exports.d, parent: .}]",
    "[{child: a.b, parent: a.c}]",
    "[{child: global, parent: imported.deep}]",
];
const SCHEMAS: &[&str] = &[
    r#"{"properties": {"a": {"type": "string"}}}"#,
    r#"{"$schema": "http://json-schema.org/draft-07/schema#", "required": ["zz"]}"#,
    r#"{"$schema": "http://json-schema.org/draft-04/schema#", "properties": {"a": {"enum": [1]}}}"#,
    r#"{"$schema": "http://json-schema.org/draft-06/schema", "properties": {"b": {"minimum": 5}}}"#,
    r#"{"$schema": "https://json-schema.org/draft/2019-09/schema", "type": "object"}"#,
];

/// The files of a chart by their paths.
type Files = BTreeMap<String, String>;

struct Generator(Random);

impl Generator {
    fn chance(&mut self, percent: usize) -> bool {
        self.0.chance(percent)
    }

    fn pick(&mut self, items: &[&'static str]) -> &'static str {
        self.0.pick(items)
    }

    /// A table of values, nested at most `depth` deep.
    fn table(&mut self, depth: usize, indent: usize) -> String {
        let mut out = String::new();
        let first = self.0.below(KEYS.len());
        for n in 0..1 + self.0.below(4) {
            let key = KEYS[(first + 2 * n) % KEYS.len()];
            let pad = " ".repeat(indent);
            if depth > 0 && self.chance(50) {
                let below = self.table(depth - 1, indent + 2);
                write!(out, "{pad}{key}:\n{below}").expect("a string");
            } else {
                writeln!(out, "{pad}{key}: {}", self.pick(SCALARS)).expect("a string");
            }
        }
        out
    }

    fn values(&mut self) -> String {
        if self.chance(8) {
            return self
                .pick(&["", "null\n", "# c\n", "a: 1\n---\nb: 2\n"])
                .to_owned();
        }
        let mut out = self.table(2, 0);
        if self.chance(40) {
            let text = match self.chance(15) {
                true => format!("global: {}\n", self.pick(SCALARS)),
                false => format!("global:\n{}", self.table(2, 2)),
            };
            out += &text;
        }
        if self.chance(30) {
            out += self.pick(&[
                "tags: {t1: true, t2: false}\n",
                "tags: {t1: x}\n",
                "tags: 1\n",
            ]);
        }
        out
    }

    fn document(&mut self) -> String {
        if self.chance(5) {
            let odd = [
                "",
                "# c\n",
                "null\n",
                "foo: bar\n",
                "- a\n",
                "a: b: c\n",
                "kind: X\n",
                "5\n",
            ];
            return self.pick(&odd).to_owned();
        }
        let (kind, name) = (self.pick(KINDS), self.pick(&["n1", "n2"]));
        let mut out = format!("apiVersion: v1\nkind: {kind}\nmetadata:\n  name: {name}\n");
        if self.chance(25) {
            let hook = self.pick(HOOKS);
            write!(out, "  annotations:\n    helm.sh/hook: {hook}\n").expect("a string");
        }
        for n in 0..self.0.below(3) {
            let expression = self.pick(EXPRESSIONS);
            match self.chance(80) {
                true => writeln!(out, "d{n}: |-\n  {{{{ {expression} }}}}"),
                false => writeln!(out, "d{n}: {{{{ {expression} }}}}"),
            }
            .expect("a string");
        }
        out
    }

    fn template(&mut self) -> String {
        let mut out = String::new();
        for n in 0..1 + self.0.below(3) {
            if n > 0 || self.chance(40) {
                out += self.pick(SEPARATORS);
            }
            out += &self.document();
        }
        if self.chance(6) {
            out = out.replace('\n', "\r\n");
        }
        out
    }

    /// What a chart says of one of its subcharts, and the name it gives it.
    fn dependency(&mut self, name: &str) -> String {
        let mut out = format!("- name: {name}\n  version: {}\n", self.pick(CONSTRAINTS));
        let alias = self.chance(25).then(|| self.pick(&["al1", "al2", "s1"]));
        if let Some(alias) = alias {
            writeln!(out, "  alias: {alias}").expect("a string");
        }
        if self.chance(35) {
            let name = alias.unwrap_or(name);
            let enabled = format!("{name}.enabled");
            let either = format!("a.b,{enabled}");
            let condition = [enabled.as_str(), either.as_str(), "enabled", "a"];
            writeln!(out, "  condition: {}", condition[self.0.below(4)]).expect("a string");
        }
        if self.chance(25) {
            writeln!(
                out,
                "  tags: {}",
                self.pick(&["[t1]", "[t2]", "[t1, t2]", "[]"])
            )
            .expect("a string");
        }
        if self.chance(30) {
            writeln!(out, "  import-values: {}", self.pick(IMPORTS)).expect("a string");
        }
        out
    }

    fn metadata(&mut self, name: &str, is_root: bool) -> String {
        let api = self.pick(&["v1", "v2", "v2", "v2"]);
        let version = self.pick(&["1.0.0", "1.0.0", "0.1.0", "2.3.4-rc.1", "1.2"]);
        let mut out = format!("apiVersion: {api}\nname: {name}\nversion: {version}\n");
        for (percent, line) in [
            (20, "appVersion: 1.10\n"),
            (5, "deprecated: true\n"),
            (8, "kubeVersion: \">=1.20\"\n"),
            (
                10,
                "keywords: [a]\nmaintainers: [{name: m}]\nannotations: {a: b}\n",
            ),
        ] {
            if self.chance(percent) {
                out += line;
            }
        }
        if !is_root && self.chance(8) {
            out += "type: library\n";
        }
        out
    }

    fn chart(&mut self, name: &str, depth: usize, is_root: bool) -> Files {
        let mut files = Files::new();
        let mut metadata = self.metadata(name, is_root);
        let mut dependencies = String::new();
        for sub in ["s1", "s2", "s3"] {
            if depth == 0 || self.chance(55) {
                continue;
            }
            for (path, text) in self.chart(sub, depth - 1, false) {
                files.insert(format!("charts/{sub}/{path}"), text);
            }
            for _ in 0..self.0.below(3) {
                dependencies += &self.dependency(sub);
            }
        }
        if self.chance(4) {
            dependencies += "- {name: missing, version: 1.0.0}\n";
        }
        if !dependencies.is_empty() {
            let text = format!("dependencies:\n{dependencies}");
            match metadata.starts_with("apiVersion: v1") && self.chance(70) {
                true => drop(files.insert("requirements.yaml".to_owned(), text)),
                false => metadata += &text,
            }
        }
        files.insert("Chart.yaml".to_owned(), metadata);
        let helper = format!("{{{{ define \"n\" }}}}{name}{{{{ end }}}}");
        files.insert("templates/_h.tpl".to_owned(), helper);
        self.other_files(&mut files);
        files
    }

    fn other_files(&mut self, files: &mut Files) {
        if self.chance(85) {
            files.insert("values.yaml".to_owned(), self.values());
        }
        for path in ["a.yaml", "cm.yaml", "z/q.yml", "tests/t.yaml", "NOTES.txt"] {
            if self.chance(35) {
                files.insert(format!("templates/{path}"), self.template());
            }
        }
        let ignored = [
            "*.txt\n",
            "files/\n",
            "/templates/a.yaml\n",
            "# c\n\ntests\n",
            "**\n",
        ];
        for (percent, path, choice) in [
            (12, "values.schema.json", SCHEMAS),
            (15, "crds/c.yaml", &["kind: X\n---\nkind: Y\n", "# c\n", ""]),
            (40, "files/a.txt", &["l1\nl2\n", "", "one", "a\r\nb\r\n"]),
            (8, ".helmignore", &ignored),
            (6, "Chart.lock", &["dependencies: []\n", "generated: x\n"]),
        ] {
            if self.chance(percent) {
                files.insert(path.to_owned(), self.pick(choice).to_owned());
            }
        }
    }

    /// The arguments after `template`; values files are added to `files`.
    fn arguments(&mut self, files: &mut Files) -> Vec<String> {
        let mut out = vec!["rel".to_owned(), "top".to_owned()];
        for n in 0..self.0.below(3) {
            files.insert(format!("v{n}.yaml"), self.values());
            out.extend(["-f".to_owned(), format!("v{n}.yaml")]);
        }
        for _ in 0..self.0.below(3) {
            let flag = self.pick(&[
                "--set",
                "--set",
                "--set-string",
                "--set-json",
                "--set-literal",
            ]);
            let path = self.pick(&[
                "a",
                "a.b",
                "a[1].b",
                "s1",
                "s1.a",
                "s1.enabled",
                "global.a",
                "tags.t1",
                "exports.d.a",
            ]);
            let value = self.pick(&["1", "true", "null", "x", "{a,b}", "", "1.5", "{\"b\":null}"]);
            out.extend([flag.to_owned(), format!("{path}={value}")]);
        }
        for (percent, flags) in [
            (15, &["--include-crds"][..]),
            (10, &["--no-hooks"]),
            (10, &["--skip-tests"]),
            (10, &["--is-upgrade"]),
            (10, &["--skip-schema-validation"]),
            (10, &["--api-versions", "foo/v1"]),
            (10, &["--kube-version", "1.28.3-gke.1"]),
            (10, &["-s", "templates/*.yaml"]),
        ] {
            if self.chance(percent) {
                out.extend(flags.iter().map(|flag| (*flag).to_owned()));
            }
        }
        out
    }
}

#[test]
fn random_charts_like_helm() {
    let number = |name: &str| {
        let text = std::env::var(name).ok()?;
        Some(text.parse::<u64>().expect("a number"))
    };
    let (Ok(helm), Some(wanted)) = (
        std::env::var("DIFFERENTIAL_HELM"),
        number("DIFFERENTIAL_CHARTS"),
    ) else {
        support::note(
            "DIFFERENTIAL_HELM and DIFFERENTIAL_CHARTS are not set: not compared with helm",
        );
        return;
    };
    let major = number("DIFFERENTIAL_COMPAT").unwrap_or(4);
    let seed = number("DIFFERENTIAL_SEED").unwrap_or(0x9e37_79b9_7f4a_7c15);
    let mut generator = Generator(Random(seed));
    let mut different = Vec::new();
    for n in 0..wanted {
        let directory = TempDir::new("charts");
        let depth = generator.0.below(4);
        let mut files = Files::new();
        let arguments = generator.arguments(&mut files);
        for (path, text) in generator.chart("top", depth, true) {
            files.insert(format!("top/{path}"), text);
        }
        for (path, text) in &files {
            directory.write(path, text);
        }
        if let Some(what) = compare(&helm, major, directory.path(), &arguments) {
            different.push(format!("chart {n}, {arguments:?}: {what}\n{files:#?}"));
        }
    }
    support::note(&format!("{wanted} charts compared with helm {major}"));
    let shown: Vec<_> = different.iter().take(5).map(String::as_str).collect();
    let n_different = different.len();
    assert!(
        shown.is_empty(),
        "{n_different} differences:\n{}",
        shown.join("\n")
    );
}

/// Runs both in `directory`; the answer of helm that comes nearest counts.
fn compare(helm: &str, major: u64, directory: &Path, arguments: &[String]) -> Option<String> {
    let compat = format!("--helm-compat={major}");
    let ours = Run::new(&["template", &compat])
        .current_dir(directory)
        .output_of(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    let mut last = None;
    for _ in 0..TRIES {
        let output = Command::new(helm)
            .arg("template")
            .args(arguments)
            .current_dir(directory)
            .output()
            .expect("helm starts");
        let theirs = Output::of(&output);
        let same = match theirs.code {
            0 => ours.code == 0 && ours.stdout == theirs.stdout,
            _ => ours.code != 0 && error_of(&ours) == error_of(&theirs),
        };
        if same {
            return None;
        }
        last = Some(format!("\n  helm: {theirs:?}\n  ours: {ours:?}"));
    }
    last
}

/// The error, without what was logged before it.
fn error_of(output: &Output) -> &str {
    let at = output.stderr.find("Error: ");
    at.map_or("", |at| output.stderr[at..].trim_end())
}
