//! Random templates: control structures, variables, definitions, comments, trim markers.

use super::calls::Calls;
use crate::support::Random;

const FIELDS: &[&str] = &[
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
    "(index .Values.m \"b\").c",
    "(index .Values.l 7).c",
    ".Capabilities.KubeVersion.Minor",
    ".Capabilities.KubeVersion.Version.x",
    ".Capabilities.APIVersions.Has \"v1\"",
    ".Capabilities.APIVersions.Has",
    ".Capabilities.APIVersions.Has 1",
    ".Capabilities.Nope",
    ".Template.Name",
    ".Template.BasePath",
    ".Files.Get \"a.txt\"",
    ".Files.Get \"none\"",
    ".Files.Get 1",
    ".Files.Get \"a.txt\" | upper",
    ".Files.Lines \"a.txt\"",
    ".Files.AsConfig",
    ".Files.AsSecrets",
    "(.Files.Glob \"*.txt\").AsConfig",
    "(.Files.Glob \"d/**\").AsSecrets | indent 2",
    "(.Files.Glob \"[\").AsConfig",
    ".Files.Glob \"*\" 1",
    ".Files.Nope",
    ".Chart.Version.x",
    ".Chart.Maintainers",
    ".Chart.Type",
    ".Chart.IsRoot",
    "(semver \"1.2.3-a\").Major",
    "(semver \"1.2.3-a\").Prerelease",
    "(semver \"1.2.3\").Compare (semver \"1.2.4\")",
    "(semver \"1.2.3\").Nope",
    "(semver \"1.2.3\").IncMinor",
    "(toDate \"2006-01-02\" \"2024-02-29\").Year",
    "(toDate \"2006-01-02\" \"2024-02-29\").Format \"Mon Jan _2 15:04:05\"",
    "(toDate \"2006-01-02\" \"2024-02-29\").Month | printf \"%d\"",
    "(toDate \"2006-01-02\" \"2024-02-29\").AddDate 0 1 0",
    "(dict \"a\" (dict \"b\" 1)).a.b",
    "(dict \"a\" nil).a.b",
    "(list 1 2).x",
    "\"x\".y",
    "1.x",
    "nil.x",
    "$",
    "nil",
    "1 | .Values",
    ".Values.m.b | .Values.s",
    "print | .Values.s 1",
    ".Values.s 1",
    "$.Values.m.b.e 0",
];

const TEXTS: &[&str] = &[
    "text",
    " ",
    "\n",
    "a\n  b ",
    "{",
    "}}",
    "{ {",
    "\t",
    "\r\n",
    "- ",
    "{{/* c */}}",
    "{{- /* c */ -}}",
    "{{- /* a\nb */}}",
    "{{/* c }}",
    "{{ /* c */}}",
];

/// Makes templates.
pub(super) struct Blocks<'a> {
    pub(super) calls: Calls<'a>,
    /// Definitions of the case so far.
    pub(super) defines: usize,
    /// How deep in loops.
    pub(super) loops: usize,
}

impl Blocks<'_> {
    /// An action with or without trim markers.
    fn action(&self, random: &mut Random, body: &str) -> String {
        let left = random.pick(&["{{ ", "{{ ", "{{ ", "{{ ", "{{", "{{- ", "{{-\n"]);
        let right = random.pick(&[" }}", " }}", " }}", " }}", "}}", " -}}", "\n-}}"]);
        format!("{left}{body}{right}")
    }

    /// Some statements.
    pub(super) fn block(&mut self, random: &mut Random, depth: usize) -> String {
        let known = self.calls.variables.len();
        let mut out = String::new();
        for _ in 0..1 + random.below(3) {
            out.push_str(&self.statement(random, depth));
        }
        self.calls.variables.truncate(known);
        out
    }

    fn statement(&mut self, random: &mut Random, depth: usize) -> String {
        let call = self.calls.call(random, 2);
        match random.below(if depth == 0 { 8 } else { 18 }) {
            0 => random.pick(TEXTS).to_owned(),
            1 => {
                let name = format!("$v{}", self.calls.variables.len());
                let out = self.action(random, &format!("{name} := {call}"));
                self.calls.variables.push(name);
                out
            }
            2 if !self.calls.variables.is_empty() => {
                let at = random.below(self.calls.variables.len());
                let name = self.calls.variables[at].clone();
                let assign = self.action(random, &format!("{name} = {call}"));
                format!("{assign}{}", self.action(random, &name))
            }
            2..=5 => self.action(random, &call),
            6 | 7 => {
                let field = random.pick(FIELDS).to_owned();
                self.action(random, &field)
            }
            8 | 9 => self.condition(random, depth, "if", &call),
            10 => self.condition(random, depth, "with", &call),
            11 => {
                let call = format!("$w := {call}");
                let word = random.pick(&["if", "with"]).to_owned();
                self.calls.variables.push("$w".to_owned());
                let out = self.condition(random, depth, &word, &call);
                self.calls.variables.pop();
                out
            }
            12..=14 => self.range(random, depth),
            15 => {
                let name = format!("d{}", self.defines);
                self.defines += 1;
                let known = std::mem::take(&mut self.calls.variables);
                let body = self.block(random, depth - 1);
                self.calls.variables = known;
                let arg = self.calls.any(random);
                match random.below(3) {
                    0 => format!(
                        "{{{{ block {name:?} {arg} }}}}{body}{{{{ . }}}}{}",
                        self.action(random, "end")
                    ),
                    1 => format!("{{{{ tpl {} {arg} }}}}", super::literal::literal(&body)),
                    _ => format!(
                        "{}{}",
                        self.action(random, &format!("template {name:?} {arg}")),
                        self.action(random, &format!("include {name:?} {arg} | upper"))
                    ),
                }
            }
            _ if self.loops > 0 => {
                let word = random.pick(&["break", "continue"]).to_owned();
                let inner = self.action(random, &word);
                let cond = self.action(random, &format!("if {call}"));
                format!("{cond}{inner}{}", self.action(random, "end"))
            }
            _ => self.action(random, &call),
        }
    }

    fn condition(&mut self, random: &mut Random, depth: usize, word: &str, call: &str) -> String {
        let (then, other) = (self.block(random, depth - 1), self.block(random, depth - 1));
        let open = self.action(random, &format!("{word} {call}"));
        let end = self.action(random, "end");
        let middle = match random.below(4) {
            0 => String::new(),
            1 => {
                let second = self.calls.call(random, 1);
                self.action(random, &format!("else {word} {second}"))
            }
            _ => self.action(random, "else"),
        };
        if middle.is_empty() {
            format!("{open}{then}{end}")
        } else {
            format!("{open}{then}{middle}{other}{end}")
        }
    }

    fn range(&mut self, random: &mut Random, depth: usize) -> String {
        let over = if random.chance(60) {
            self.calls.list(random)
        } else {
            self.calls.any(random)
        };
        let known = self.calls.variables.len();
        let head = match random.below(4) {
            0 => over,
            1 => {
                self.calls.variables.push("$e".to_owned());
                format!("$e := {over}")
            }
            2 if known > 0 => {
                let name = self.calls.variables[random.below(known)].clone();
                format!("{name} = {over}")
            }
            _ => {
                self.calls
                    .variables
                    .extend(["$k".to_owned(), "$e".to_owned()]);
                format!("$k, $e := {over}")
            }
        };
        self.loops += 1;
        let body = self.block(random, depth - 1);
        self.loops -= 1;
        self.calls.variables.truncate(known);
        let open = self.action(random, &format!("range {head}"));
        let dot = self.action(random, ".");
        let end = self.action(random, "end");
        if random.chance(30) {
            let other = self.block(random, depth - 1);
            let middle = self.action(random, "else");
            return format!("{open}{body}{middle}{other}{end}");
        }
        format!("{open}{body}{dot}{end}")
    }

    /// Definitions of the templates that the case calls by name.
    pub(super) fn definitions(&mut self, random: &mut Random) -> String {
        let mut out = String::new();
        for n in 0..self.defines {
            self.calls.variables.clear();
            let body = self.block(random, 1);
            out.push_str(&format!("{{{{ define \"d{n}\" }}}}{body}{{{{ end }}}}"));
            if n > 8 {
                break;
            }
        }
        out
    }
}

/// Pieces that the syntax cases throw together.
const PIECES: &[&str] = &[
    "{{",
    "}}",
    "{{-",
    "-}}",
    " ",
    " ",
    " ",
    "\n",
    "if",
    "else",
    "end",
    "range",
    "with",
    "define",
    "template",
    "block",
    "break",
    "continue",
    "nil",
    "true",
    ".",
    "$",
    "$x",
    "$x := ",
    "$x = ",
    ":=",
    "=",
    ",",
    "|",
    "(",
    ")",
    "\"a\"",
    "`b`",
    "'c'",
    "'",
    "\"",
    "`",
    "1",
    "0x",
    "1.5",
    "1e",
    "08",
    "0b2",
    "1_",
    "1__0",
    "1i",
    "1+2i",
    "+",
    "-",
    "-1",
    ".a",
    ".a.b",
    "..",
    ".1",
    "$.a",
    "$x.b",
    "print",
    "len",
    "nope",
    "/*",
    "*/",
    "{{/*",
    "*/}}",
    "#",
    "@",
    "☃",
    "é",
    "\\",
    "\u{0}",
    "\u{feff}",
    "!",
    "%",
    "_a",
    "a.b",
    "\"\\x\"",
    "\"\\u00e9\"",
    "'\\''",
    "'ab'",
    "\"\n\"",
    "{{ end }}",
    "{{ else }}",
    "{{ if true }}",
    "{{ range list 1 2 }}",
    "{{ with 1 }}",
    "{{ define \"a\" }}",
    "{{ template \"a\" . }}",
    "else if",
    "else with",
    "else range",
    "(print 1)",
    "(list 1).x",
    "nil | print",
    "| print",
    "| .a",
    "| 1",
    "text",
];

/// Tokens in no order.
pub(super) fn soup(random: &mut Random) -> String {
    let mut out = String::new();
    for _ in 0..1 + random.below(3) {
        out.push_str("{{ ");
        out.push_str(&random.join(PIECES, 9));
        out.push_str(random.pick(&[" }}", " }}", "}}", " -}}", ""]));
        if random.chance(30) {
            out.push_str("{{ end }}");
        }
    }
    out
}

/// `text` with some pieces taken out, doubled or put in.
pub(super) fn mutate(random: &mut Random, text: &str) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..1 + random.below(3) {
        if chars.is_empty() {
            break;
        }
        let at = random.below(chars.len());
        let to = (at + 1 + random.below(4)).min(chars.len());
        match random.below(3) {
            0 => {
                chars.drain(at..to);
            }
            1 => {
                let piece: Vec<char> = chars[at..to].to_vec();
                chars.splice(at..at, piece);
            }
            _ => {
                let piece: Vec<char> = random.pick(PIECES).chars().collect();
                chars.splice(at..at, piece);
            }
        }
    }
    chars.into_iter().collect()
}
