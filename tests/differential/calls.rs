//! Random calls of template functions, with arguments that fit and that do not.

use jenkins_cmp::template::{Function, Param};

use super::texts;
use crate::support::Random;

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
    r#""1e3""#,
    r#""0x1F""#,
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
    r#""a.b""#,
    r#""\x00\x1f""#,
    r#""\xff\xfea""#,
    r#""FooBar HTTPServer2x""#,
    r#""9223372036854775808""#,
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
    "0b11",
    "0o17",
    "017",
    "1_000",
    "'a'",
    "'\\n'",
    "'☃'",
    "1e1",
    "+7",
    "(int .Values.num)",
    "(int64 17)",
    "(len .Values.s)",
    "17",
];
const FLOATS: &[&str] = &[
    "0.0",
    "1.5",
    "-2.25",
    "1e6",
    "3.0",
    ".5",
    "1.",
    "0x1p4",
    "1e400",
    "1e-7",
    "1e21",
    ".Values.frac",
    ".Values.num",
    ".Values.big",
    ".Values.huge",
    "2.5i",
    "1i",
];
const BOOLS: &[&str] = &["true", "false", ".Values.on_", ".Values.off_"];
const LISTS: &[&str] = &[
    ".Values.l",
    ".Values.ls",
    ".Values.le",
    ".Values.ll",
    ".Values.lm",
    "(list)",
    "(list 1 \"a\" nil)",
    "(until 3)",
    "(splitList \",\" \"b,a,c\")",
    "(list 1 1.0 (list 2))",
    "(tuple \"x\" \"y\")",
    "(chunk 2 .Values.ls)",
    "(rest (list 1))",
    "(fromJsonArray \"[3, 1, 2]\")",
    "(sortAlpha .Values.ls)",
    "(.Files.GetBytes \"a.txt\")",
];
const MAPS: &[&str] = &[
    ".Values.m",
    ".Values.me",
    ".Values",
    "(dict)",
    "(dict \"a\" 1 \"b\" (dict \"c\" nil))",
    "(dict \"x\")",
    ".Values.m.b",
    "(urlParse \"http://a.b/c?d\")",
    "(split \",\" \"a,b\")",
];
const OTHERS: &[&str] = &[
    "nil",
    ".",
    "$",
    ".Values.nil",
    ".Values.missing",
    "(.Values.missing)",
    ".Values.s",
    "(split \",\" \"a,b\")",
    "(int64 3)",
    "(semver \"1.2.3-a.1+b\")",
    "(toDate \"2006-01-02\" \"2024-02-29\")",
    ".Files",
    ".Files.Get",
    "(.Files.Get \"a.txt\")",
    "(.Files.Glob \"*.txt\")",
    ".Capabilities",
    ".Capabilities.KubeVersion",
    ".Capabilities.APIVersions",
    ".Release",
    ".Chart",
    ".Chart.Maintainers",
    ".Chart.Annotations",
    ".Chart.Keywords",
    ".Chart.Dependencies",
    ".Subcharts",
    ".Template",
    ".Template.Name",
    "(toString 1.5)",
    "(fromJson .Values.json)",
    "(fromToml \"t = 2020-01-02T03:04:05Z\\nd = 2020-01-02\\n[[a]]\\nb = 1\")",
    "(index .Values.l 1)",
    "(index .Values.l 0).x",
    "(eq 1 1)",
    "(printf \"%s\")",
];

/// Built-in functions of the language and how many arguments are usual.
const BUILT_INS: &[(&str, usize)] = &[
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
    ("call", 2),
];

/// Functions that turn anything into text.
const PRINTERS: &[&str] = &[
    "toYaml",
    "toJson",
    "toPrettyJson",
    "toRawJson",
    "toYamlPretty",
    "toToml",
    "mustToJson",
    "mustToYaml",
    "quote",
    "squote",
    "toString",
    "print",
    "typeOf",
    "kindOf",
    "toStrings",
    "html",
    "js",
    "urlquery",
    "printf \"%v\"",
    "printf \"%+v\"",
    "printf \"%#v\"",
    "printf \"%T\"",
    "printf \"%q\"",
    "printf \"%s\"",
    "printf \"%d\"",
    "deepCopy",
    "empty",
    "len",
    "join \"-\"",
    "cat \"x\"",
];

/// Makes calls.
pub(super) struct Calls<'a> {
    pub(super) functions: &'a [&'a Function],
    /// Variables in scope.
    pub(super) variables: Vec<String>,
}

impl Calls<'_> {
    fn argument(&self, random: &mut Random, param: Param, depth: usize) -> String {
        if random.chance(7) {
            return random.pick(OTHERS).to_owned();
        }
        if depth > 0 && random.chance(18) {
            let call = self.call(random, depth - 1);
            let chain = if random.chance(4) { ".a" } else { "" };
            return format!("({call}){chain}");
        }
        if !self.variables.is_empty() && random.chance(10) {
            let at = random.below(self.variables.len());
            let chain = if random.chance(10) { ".b" } else { "" };
            return format!("{}{chain}", self.variables[at]);
        }
        let pool = match param {
            Param::String if random.chance(15) => return texts::string(random),
            Param::String => STRINGS,
            Param::Int | Param::Int64 | Param::Uint32 => INTS,
            Param::Float64 => FLOATS,
            Param::Bool => BOOLS,
            Param::List => LISTS,
            Param::Map => MAPS,
            Param::Object(_) | Param::Any | Param::Reflect => {
                [STRINGS, INTS, FLOATS, BOOLS, LISTS, MAPS, OTHERS][random.below(7)]
            }
        };
        random.pick(pool).to_owned()
    }

    /// Any argument.
    pub(super) fn any(&self, random: &mut Random) -> String {
        self.argument(random, Param::Any, 1)
    }

    /// A list, or what stands for one.
    pub(super) fn list(&self, random: &mut Random) -> String {
        self.argument(random, Param::List, 1)
    }

    /// A pipeline of one to three calls.
    pub(super) fn call(&self, random: &mut Random, depth: usize) -> String {
        let mut out = self.single(random, depth);
        while random.chance(20) {
            let next = if random.chance(60) {
                random.pick(PRINTERS).to_owned()
            } else {
                self.single(random, 0)
            };
            out = format!("{out} | {next}");
        }
        out
    }

    fn single(&self, random: &mut Random, depth: usize) -> String {
        let (name, mut params) = self.function(random);
        if random.chance(3) {
            params.push(Param::Any);
        } else if random.chance(3) {
            params.pop();
        }
        // Most list and map functions take any value: give them what they want, mostly.
        for param in &mut params {
            if *param == Param::Any && random.chance(55) {
                *param = [Param::List, Param::Map, Param::String][random.below(3)];
            }
        }
        let piped = params.len() > 1 && random.chance(30);
        let arguments: Vec<String> = params
            .into_iter()
            .map(|param| self.argument(random, param, depth))
            .collect();
        let (last, first) = arguments
            .split_last()
            .map_or(("", &[][..]), |(l, f)| (l.as_str(), f));
        let call = if piped {
            format!("{last} | {name} {}", first.join(" "))
        } else {
            format!("{name} {}", arguments.join(" "))
        };
        call.trim_end().to_owned()
    }

    fn function(&self, random: &mut Random) -> (String, Vec<Param>) {
        if random.chance(15) {
            let name = random.pick(PRINTERS).to_owned();
            return (name, vec![Param::Any]);
        }
        if random.chance(20) {
            let (name, count) = BUILT_INS[random.below(BUILT_INS.len())];
            let mut params = vec![Param::Any; count];
            if name == "printf" {
                params[0] = Param::String;
            }
            return (name.to_owned(), params);
        }
        let function = self.functions[random.below(self.functions.len())];
        let mut params = function.params.to_vec();
        if function.variadic {
            let last = params.pop().unwrap_or(Param::Any);
            params.extend(std::iter::repeat_n(last, random.below(4)));
        }
        (function.name.to_owned(), params)
    }
}
