//! Random templates, rendered here and by helm: output and errors must be equal.
//!
//! Runs where the environment names a helm binary and how many cases are wanted:
//! `DIFFERENTIAL_HELM=/path/to/helm DIFFERENTIAL_CASES=2000 cargo test --release differential`.
//! `DIFFERENTIAL_SEED` repeats a run; `DIFFERENTIAL_COMPAT=3` names the release of the binary.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use jenkins_cmp::funcs;
use jenkins_cmp::template::{Function, Param};

use crate::support::{self, Random};

/// Cases in one chart: helm starts once for all of them.
const BATCH: usize = 40;

/// Functions whose results differ between two runs of helm, or that take long.
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
    "toDate",
    "mustToDate",
];

const VALUES: &str = r##"
s: hello World
empty: ""
uni: "héllo ☃ 😀"
multi: "a: 1\nb:\n  - c\n"
num: 3
neg: -7
big: 1000000
frac: 1.5
on_: true
off_: false
nil: null
l: [1, b, 2.5, true, null]
ls: [b, a, c, a]
le: []
m: {a: 1, b: {c: d, e: [1, 2]}, z: null}
me: {}
version: 1.21.3-gke.1
re: "a(b*)c"
json: '{"a": [1, "x", null], "b": {"c": 1.5}}'
date: 2024-05-01
"##;

const STRINGS: &[&str] = &[
    r#""""#,
    r#""abc""#,
    r#""A-b_c d""#,
    r#""  x ""#,
    r#""héé☃""#,
    "`raw\\n`",
    r#""a,b,,c""#,
    r#""a\nb\n""#,
    r#""3""#,
    r#""010""#,
    r#""1.5""#,
    r#""true""#,
    r#"" ""#,
    r#""%d %s %v""#,
    r#""a/b/../c.txt""#,
    r#""^1.2""#,
    r#"">=1.20-0""#,
    r#""v1.2.3-a+b""#,
    r#""(a|b)+""#,
    r#""[""#,
    r#""{\"a\": 1}""#,
    r#""- 1\n- x""#,
    r#""https://u:p@h.x:80/p?q=1#f""#,
    r#""YWJj""#,
    r#""_0""#,
    r#""2h45m""#,
    r#""a""#,
    r#""b""#,
    r#""\x00\x1f""#,
    ".Values.s",
    ".Values.uni",
    ".Values.multi",
    ".Values.version",
    ".Values.re",
    ".Values.json",
    ".Values.date",
    ".Values.empty",
    ".Release.Name",
    ".Chart.Name",
];
const INTS: &[&str] = &[
    "0",
    "1",
    "2",
    "3",
    "-1",
    "-3",
    "5",
    "10",
    "0x10",
    "'a'",
    "1e1",
    "(int .Values.num)",
    "17",
];
const FLOATS: &[&str] = &[
    "0.0",
    "1.5",
    "-2.25",
    "1e6",
    "3.0",
    ".Values.frac",
    ".Values.num",
];
const BOOLS: &[&str] = &["true", "false", ".Values.on_", ".Values.off_"];
const LISTS: &[&str] = &[
    ".Values.l",
    ".Values.ls",
    ".Values.le",
    "(list)",
    "(list 1 \"a\" nil)",
    "(until 3)",
    "(splitList \",\" \"b,a,c\")",
    "(list 1 1.0 (list 2))",
    "(tuple \"x\" \"y\")",
];
const MAPS: &[&str] = &[
    ".Values.m",
    ".Values.me",
    ".Values",
    "(dict)",
    "(dict \"a\" 1 \"b\" (dict \"c\" nil))",
    "(dict \"x\")",
    ".Values.m.b",
];
const ODD: &[&str] = &[
    "nil",
    ".Values.nil",
    ".Values.missing",
    "(.Values.missing)",
    ".Values.s",
    "(split \",\" \"a,b\")",
    "(int64 3)",
    "(semver \"1.2.3\")",
    ".Files",
    ".Capabilities.KubeVersion",
    ".Capabilities.APIVersions",
    ".Release",
    ".Chart",
    "(toString 1.5)",
    "(fromJson .Values.json)",
];

struct Generator<'a> {
    random: Random,
    functions: &'a [&'a Function],
    /// Variables in scope.
    variables: Vec<String>,
}

impl Generator<'_> {
    fn argument(&mut self, param: Param, depth: usize) -> String {
        if self.random.chance(6) {
            return self.random.pick(ODD).to_owned();
        }
        if depth > 0 && self.random.chance(18) {
            return format!("({})", self.call(depth - 1));
        }
        if !self.variables.is_empty() && self.random.chance(10) {
            let at = self.random.below(self.variables.len());
            return self.variables[at].clone();
        }
        let pool = match param {
            Param::String => STRINGS,
            Param::Int | Param::Int64 | Param::Uint32 => INTS,
            Param::Float64 => FLOATS,
            Param::Bool => BOOLS,
            Param::List => LISTS,
            Param::Map => MAPS,
            Param::Object(_) | Param::Any | Param::Reflect => {
                [STRINGS, INTS, FLOATS, BOOLS, LISTS, MAPS, ODD][self.random.below(7)]
            }
        };
        self.random.pick(pool).to_owned()
    }

    fn call(&mut self, depth: usize) -> String {
        const BUILT_IN: &[(&str, usize)] = &[
            ("and", 2),
            ("or", 2),
            ("not", 1),
            ("eq", 2),
            ("ne", 2),
            ("lt", 2),
            ("le", 2),
            ("gt", 2),
            ("ge", 2),
            ("index", 2),
            ("len", 1),
            ("print", 2),
            ("printf", 3),
            ("println", 2),
            ("html", 1),
            ("js", 1),
            ("urlquery", 1),
            ("eq", 3),
            ("index", 3),
        ];
        let (name, mut params) = if self.random.chance(25) {
            let (name, count) = BUILT_IN[self.random.below(BUILT_IN.len())];
            let first = if name == "printf" {
                Param::String
            } else {
                Param::Any
            };
            (
                name,
                std::iter::once(first)
                    .chain(vec![Param::Any; count - 1])
                    .collect(),
            )
        } else {
            let function = self.functions[self.random.below(self.functions.len())];
            let mut params = function.params.to_vec();
            if function.variadic {
                let last = params.pop().unwrap_or(Param::Any);
                params.extend(std::iter::repeat_n(last, self.random.below(4)));
            }
            (function.name, params)
        };
        if self.random.chance(3) {
            params.push(Param::Any);
        } else if self.random.chance(3) {
            params.pop();
        }
        // Most list and map functions take any value: give them what they want, mostly.
        for param in &mut params {
            if *param == Param::Any && self.random.chance(55) {
                *param = [Param::List, Param::Map, Param::String][self.random.below(3)];
            }
        }
        let piped = params.len() > 1 && self.random.chance(30);
        let arguments: Vec<String> = params
            .into_iter()
            .map(|param| self.argument(param, depth))
            .collect();
        let (last, first) = arguments
            .split_last()
            .map_or(("", &[][..]), |(l, f)| (l.as_str(), f));
        if piped {
            format!("{last} | {name} {}", first.join(" "))
                .trim_end()
                .to_owned()
        } else {
            format!("{name} {}", arguments.join(" "))
                .trim_end()
                .to_owned()
        }
    }

    fn action(&mut self, body: &str) -> String {
        let left = if self.random.chance(15) {
            "{{- "
        } else {
            "{{ "
        };
        let right = if self.random.chance(15) {
            " -}}"
        } else {
            " }}"
        };
        format!("{left}{body}{right}")
    }

    fn block(&mut self, depth: usize) -> String {
        let known = self.variables.len();
        let mut out = String::new();
        for _ in 0..1 + self.random.below(3) {
            let piece = self.statement(depth);
            out.push_str(&piece);
        }
        self.variables.truncate(known);
        out
    }

    fn statement(&mut self, depth: usize) -> String {
        let call = self.call(2);
        match self.random.below(if depth == 0 { 6 } else { 12 }) {
            0 => self
                .random
                .pick(&["text", " ", "\n", "a\n  b ", "{", "}}"])
                .to_owned(),
            1 => {
                let name = format!("$v{}", self.variables.len());
                let out = self.action(&format!("{name} := {call}"));
                self.variables.push(name);
                out
            }
            2 if !self.variables.is_empty() => {
                let at = self.random.below(self.variables.len());
                let name = self.variables[at].clone();
                let assign = self.action(&format!("{name} = {call}"));
                format!("{assign}{}", self.action(&name))
            }
            2..=5 => self.action(&call),
            6 | 7 => {
                let (then, other) = (self.block(depth - 1), self.block(depth - 1));
                let open = self.action(&format!("if {call}"));
                let middle = if self.random.chance(30) {
                    let second = self.call(1);
                    self.action(&format!("else if {second}"))
                } else {
                    self.action("else")
                };
                format!("{open}{then}{middle}{other}{}", self.action("end"))
            }
            8 => {
                let list = [LISTS, MAPS, INTS][self.random.below(3)];
                let over = self.random.pick(list).to_owned();
                let open = self.action(&format!("range $k, $e := {over}"));
                self.variables.extend(["$k".to_owned(), "$e".to_owned()]);
                let mut body = self.block(depth - 1);
                self.variables.truncate(self.variables.len() - 2);
                if self.random.chance(20) {
                    let word = self.random.pick(&["break", "continue"]).to_owned();
                    body = format!("{{{{ if $e }}}}{{{{ {word} }}}}{{{{ end }}}}{body}");
                }
                format!("{open}{body}{}", self.action("end"))
            }
            9 => {
                let open = self.action(&format!("with {call}"));
                let body = self.block(depth - 1);
                format!("{open}{body}{}{}", self.action("."), self.action("end"))
            }
            10 => {
                let over = self.random.pick(LISTS).to_owned();
                let open = self.action(&format!("range {over}"));
                let body = self.block(depth - 1);
                format!("{open}{body}{}", self.action("end"))
            }
            _ => {
                let field = self.random.pick(&[
                    ".Values.m.b.c",
                    ".Values.missing.x",
                    "(.Values.missing).x",
                    ".Values.s.x",
                    "$.Values.l",
                    ".Values.m.z.q",
                    ".Nope",
                    ".Chart.Nope",
                    ".Release.Revision",
                    "(index .Values.l 1)",
                    ".Capabilities.KubeVersion.Minor",
                    ".Template.Name",
                ]);
                self.action(field)
            }
        }
    }
}

/// Whose bytes are compared.
struct Reference {
    helm: String,
    compat: u8,
}

impl Reference {
    fn run(&self, chart: &Path) -> Result<String, String> {
        let output = Command::new(&self.helm)
            .args(["template", "rel"])
            .arg(chart)
            .args(["--set", "int=5"])
            .output()
            .expect("helm starts");
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        if output.status.success() {
            Ok(text(output.stdout))
        } else {
            Err(text(output.stderr))
        }
    }
}

fn ours(chart: &Path, compat: u8) -> Result<String, String> {
    let compat = compat.to_string();
    let chart = chart.to_str().expect("a UTF-8 path");
    let output = support::run(&[
        "template",
        "rel",
        chart,
        "--set",
        "int=5",
        "--helm-compat",
        &compat,
    ]);
    if output.code == 0 {
        Ok(output.stdout)
    } else {
        Err(output.stderr)
    }
}

fn write_chart(directory: &Path, cases: &[(usize, String)]) {
    let templates = directory.join("templates");
    let _ = fs::remove_dir_all(&templates);
    fs::create_dir_all(&templates).expect("a directory");
    let metadata = "apiVersion: v2\nname: diff\nversion: 1.2.3\nappVersion: 1.10\n";
    fs::write(directory.join("Chart.yaml"), metadata).expect("Chart.yaml");
    fs::write(directory.join("values.yaml"), VALUES).expect("values.yaml");
    let mut main = String::new();
    for (n, case) in cases {
        let define = format!("{{{{ define \"c{n}\" }}}}{case}{{{{ end }}}}");
        fs::write(templates.join(format!("_c{n}.tpl")), define).expect("a template");
        // A case sees values of its own: `set` in one must not be seen in the next.
        let dot = "(dict \"Values\" (fromJson (toJson .Values)) \"Files\" .Files \"Chart\" .Chart \
                   \"Release\" .Release \"Capabilities\" .Capabilities \"Template\" .Template)";
        writeln!(main, "v{n}: {{{{ include \"c{n}\" {dot} | toJson }}}}").expect("a string");
    }
    fs::write(templates.join("main.yaml"), main).expect("main.yaml");
}

/// The case that an error message speaks of.
fn culprit(message: &str) -> Option<usize> {
    let at = message.find("templates/_c")? + "templates/_c".len();
    message[at..].split('.').next()?.parse().ok()
}

#[test]
fn differential() {
    let (Ok(helm), Ok(cases)) = (
        std::env::var("DIFFERENTIAL_HELM"),
        std::env::var("DIFFERENTIAL_CASES"),
    ) else {
        support::note(
            "DIFFERENTIAL_HELM and DIFFERENTIAL_CASES are not set: not compared with helm",
        );
        return;
    };
    let number = |name: &str, default: u64| {
        std::env::var(name)
            .ok()
            .map_or(default, |text| text.parse().expect("a number"))
    };
    let reference = Reference {
        helm,
        compat: number("DIFFERENTIAL_COMPAT", 4) as u8,
    };
    let table = funcs::table(reference.compat);
    let functions: Vec<&Function> = table
        .0
        .iter()
        .filter(|f| !LEFT_OUT.contains(&f.name))
        .collect();
    let seed = number("DIFFERENTIAL_SEED", 0x9e37_79b9_7f4a_7c15);
    let mut generator = Generator {
        random: Random(seed),
        functions: &functions,
        variables: vec![],
    };
    let directory = support::TempDir::new("differential");
    let wanted: usize = cases.parse().expect("a number of cases");
    let mut different = BTreeSet::new();
    let mut done = 0;
    while done < wanted {
        let mut batch: Vec<(usize, String)> =
            (0..BATCH).map(|n| (done + n, generator.block(2))).collect();
        done += BATCH;
        compare(&reference, directory.path(), &mut batch, &mut different);
    }
    support::note(&format!(
        "{done} cases compared with helm {}",
        reference.compat
    ));
    let report: Vec<_> = different.iter().take(40).collect();
    assert!(
        different.is_empty(),
        "{} differences:\n{:#?}",
        different.len(),
        report
    );
}

/// Compares a batch, taking out the first failing case until the rest succeeds.
fn compare(
    reference: &Reference,
    directory: &Path,
    batch: &mut Vec<(usize, String)>,
    different: &mut BTreeSet<String>,
) {
    while !batch.is_empty() {
        write_chart(directory, batch);
        let (helm, ours) = (reference.run(directory), ours(directory, reference.compat));
        match (helm, ours) {
            (Ok(helm), Ok(ours)) => {
                for (a, b) in helm.lines().zip(ours.lines()).filter(|(a, b)| a != b) {
                    let case = a
                        .trim_start_matches('v')
                        .split(':')
                        .next()
                        .unwrap_or_default();
                    let text = batch.iter().find(|(n, _)| n.to_string() == case);
                    different.insert(format!("{text:?}\n  helm: {a}\n  ours: {b}"));
                }
                return;
            }
            (helm, ours) => {
                let message = helm.as_ref().err().or(ours.as_ref().err()).cloned();
                if message.as_deref().and_then(culprit).is_none() && helm == ours {
                    return;
                }
                let Some(n) = message.as_deref().and_then(culprit) else {
                    different.insert(format!("{batch:?}\n  helm: {helm:?}\n  ours: {ours:?}"));
                    return;
                };
                let at = batch
                    .iter()
                    .position(|(m, _)| *m == n)
                    .expect("a case of the batch");
                let (_, case) = batch.remove(at);
                if helm != ours {
                    let ok = |r: Result<String, String>| r.map(|_| "no error".to_owned());
                    let (helm, ours) = (ok(helm), ok(ours));
                    different.insert(format!("{case}\n  helm: {helm:?}\n  ours: {ours:?}"));
                }
            }
        }
    }
}
