//! Random texts of the formats that templates read and write.

use super::literal::literal;
use crate::support::Random;

/// Pieces that make a YAML or JSON writer think about quotes, folding and escapes.
const ATOMS: &[&str] = &[
    "a",
    "b",
    "word",
    "true",
    "no",
    "on",
    "y",
    "null",
    "~",
    "1",
    "01",
    "1.5",
    "1e3",
    "0x1f",
    "0o7",
    "0b1",
    "1_000",
    ".inf",
    "-.INF",
    ".nan",
    "+1",
    "-",
    "- ",
    "?",
    ":",
    ": ",
    " :",
    "#",
    " #",
    ",",
    "[",
    "]",
    "{",
    "}",
    "&",
    "*",
    "!",
    "|",
    ">",
    "'",
    "\"",
    "%",
    "@",
    "`",
    "=",
    "<<",
    "---",
    "...",
    "--- ",
    "\n",
    "\n\n",
    "\n ",
    " \n",
    "\t",
    "\r",
    "\r\n",
    " ",
    "  ",
    "\u{0}",
    "\u{7}",
    "\u{8}",
    "\u{b}",
    "\u{1b}",
    "\u{7f}",
    "\u{85}",
    "\u{a0}",
    "\u{2028}",
    "\u{2029}",
    "\u{feff}",
    "\u{200b}",
    "\u{d7ff}",
    "\u{fffd}",
    "\u{fffe}",
    "é",
    "☃",
    "😀",
    "\u{10ffff}",
    "\\",
    "\\n",
    "/",
    "<",
    "&amp;",
    "2001-01-01",
    "2001-12-14t21:59:43.10-05:00",
    "2001-12-14 21:59:43",
    "12:30:45",
    "190:20:30",
    "0.0",
    "1e400",
    "9223372036854775808",
    "-9223372036854775809",
    "18446744073709551616",
    "lorem ipsum dolor sit amet consectetur ",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ",
];

/// A string of one to five atoms as a literal.
pub(super) fn string(random: &mut Random) -> String {
    literal(&atoms(random, 5))
}

fn atoms(random: &mut Random, most: usize) -> String {
    random.join(ATOMS, most)
}

/// A value built by functions, with strings of atoms in it.
fn value(random: &mut Random, depth: usize) -> String {
    match random.below(if depth == 0 { 6 } else { 10 }) {
        0 => ".Values.l".to_owned(),
        1 => random
            .pick(&[
                "1",
                "-5",
                "1.5",
                "1e21",
                "1e-7",
                "100000000.0",
                "1e20",
                "0.1",
                "(int64 5)",
                "(float64 3)",
                "nil",
                "true",
                "false",
                "(list)",
                "(dict)",
                "(index (list nil) 0)",
                "(toDate \"2006-01-02\" \"2024-02-29\")",
                ".Chart",
                "(semver \"1.2.3\")",
                "123456789012345678",
                "(fromJson \"{}\")",
                "(b64dec \"/w==\")",
            ])
            .to_owned(),
        6 | 7 => {
            let n = random.below(4);
            let items: Vec<String> = (0..n).map(|_| value(random, depth - 1)).collect();
            format!("(list {})", items.join(" "))
        }
        8 | 9 => {
            let n = random.below(4);
            let items: Vec<String> = (0..n)
                .map(|_| format!("{} {}", string(random), value(random, depth - 1)))
                .collect();
            format!("(dict {})", items.join(" "))
        }
        _ => string(random),
    }
}

/// A value through a writer, or through a writer and a reader.
pub(super) fn written(random: &mut Random) -> String {
    let value = value(random, 3);
    let writer = random.pick(&[
        "toYaml",
        "toYaml",
        "toYaml",
        "toYamlPretty",
        "toJson",
        "toPrettyJson",
        "toRawJson",
        "mustToPrettyJson",
        "toToml",
        "quote",
        "squote",
        "toString",
        "printf \"%v\"",
        "printf \"%q\"",
        "printf \"%#v\"",
        "printf \"%+v\"",
        "printf \"%x\"",
        "toStrings",
        "html",
        "js",
        "urlquery",
        "toYaml | nindent 4",
        "toYaml | fromYaml | toJson",
        "toJson | fromJson | toYaml",
        "toYaml | fromYamlArray | toJson",
        "toToml | fromToml | toJson",
    ]);
    format!("{{{{ {value} | {writer} }}}}")
}

const YAML_LINES: &[&str] = &[
    "a: 1",
    "b: x",
    "? a",
    ": b",
    "? - a",
    "- 1",
    "- a: b",
    "-",
    "- - x",
    "a:",
    "  b: c",
    "  - d",
    "    e: f",
    "a : b",
    "a:b",
    "\"q\": 'x'",
    "'s': \"t\"",
    "\"a\\tb\\x41\\u00e9\\U0001F600\\N\\_\\L\\P\\e\\0\\/\": 1",
    "a: \"\\q\"",
    "a: \"\\x4\"",
    "a: 'it''s'",
    "a: 'multi",
    "  line'",
    "a: \"multi",
    "  line \\",
    "  end\"",
    "a: plain",
    "  multi",
    "a: |",
    "a: |-",
    "a: |+",
    "a: >",
    "a: >-",
    "a: >+",
    "a: |2",
    "a: >1-",
    "a: |0",
    "a: |10",
    "  text",
    "   more",
    "  ",
    "",
    " ",
    "\t",
    "\ta: 1",
    "a:\tb",
    "# comment",
    "a: 1 # comment",
    "a: 1# x",
    "&x a: 1",
    "a: &x 1",
    "a: *x",
    "*x : 1",
    "b: &y {a: 1}",
    "<<: *y",
    "<<: [*y, *x]",
    "<<: 1",
    "<<: {a: 2}",
    "a: *nope",
    "[a, b]",
    "{a: b, c}",
    "a: [1, 2,",
    "  3]",
    "a: {x: 1,",
    "  y: 2}",
    "a: [1, [2, {b: c}]]",
    "[a: b, c: d]",
    "{a, b: }",
    "{\"a\":1,\"b\":[2]}",
    "a: ]",
    "a: }",
    "a: [",
    "a: {",
    "---",
    "--- a",
    "--- |",
    "...",
    "%YAML 1.1",
    "%YAML 1.2",
    "%YAML 2.0",
    "%TAG ! tag:x,2000:",
    "%FOO",
    "a: !!str 1",
    "a: !!int \"3\"",
    "a: !!int x",
    "a: !!float 1",
    "a: !!float x",
    "a: !!bool yes",
    "a: !!null x",
    "a: !!binary aGk=",
    "a: !!binary \"!\"",
    "a: !!map {}",
    "a: !!seq []",
    "a: !!set {x}",
    "a: !!timestamp 2001-01-01",
    "a: !local x",
    "a: !<tag:yaml.org,2002:str> 1",
    "a: !e!x 1",
    "a: ! 1",
    "!!map",
    "a: 2001-01-01",
    "a: 2001-12-14t21:59:43.10-05:00",
    "a: 0x1F",
    "a: 0o17",
    "a: 017",
    "a: 0b11",
    "a: 1_000",
    "a: 1e3",
    "a: 1.",
    "a: .5",
    "a: .inf",
    "a: -.inf",
    "a: .nan",
    "a: +1",
    "a: -0",
    "a: 9223372036854775807",
    "a: 9223372036854775808",
    "a: 18446744073709551616",
    "a: -9223372036854775809",
    "a: 1e400",
    "a: 12:30",
    "a: ~",
    "a: null",
    "a: Null",
    "a: yes",
    "a: No",
    "a: on",
    "a: OFF",
    "a: y",
    "a: True",
    "a: =",
    "1: a",
    "1.5: b",
    "true: c",
    "null: d",
    "~: e",
    "? [a]",
    "? {a: b}",
    "2001-01-01: f",
    "0x10: g",
    "a: @b",
    "a: `b",
    "a: %b",
    "a: b: c",
    "a: - b",
    "a: -b",
    "a: ?b",
    "a: :b",
    "a: 'x' y",
    "a: \"x\" y",
    "a: [x] y",
    "é: ☃",
    "a: \u{feff}b",
    "\u{feff}a: 1",
    "a: x\u{85}y",
    "a: x\u{2028}y",
    "a: \u{0}",
    "a: \u{7f}",
    "a: 😀",
    "a: x\ry",
    "key with spaces: v",
    "http://a.b: c",
    "a: http://x:80/#y",
    "-a: b",
    "- a",
    "  - b",
    " - c",
    "a: !!merge <<",
    "? |",
    "  block key",
    ": v",
    "a: !!omap [x: 1]",
    "a: \"\\uD83D\"",
    "a: 0.1",
    "a: 1e-7",
    "a: 123456789.123",
    "a: 685_230.15",
    "a: 0.",
    "a: 1:30:00.5",
    "a: 0x",
    "a: 1__0",
    "a: 08",
    "a: -0x1",
    "a: 0b",
    "a: - ",
    "a: &",
    "a: *",
    "a: !",
    "a: |x",
    "a: >\t",
    "a: # c",
    "  # c",
    "a: &x",
    "a: &x\n  b",
    "a: !!str",
    "a: !!str\n  b",
];

/// YAML that may be broken, as text.
pub(super) fn yaml(random: &mut Random) -> String {
    let n = 1 + random.below(5);
    let mut out = String::new();
    for _ in 0..n {
        if random.chance(12) {
            out.push_str("  ");
        }
        let line = random.pick(YAML_LINES);
        out.push_str(line);
        if random.chance(8) {
            out.push_str(random.pick(ATOMS));
        }
        out.push_str(random.pick(&[
            "\n", "\n", "\n", "\n", "\n", "\n", "\r\n", "\n\n", "", " \n",
        ]));
    }
    out
}

const JSON_PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"a\"",
    "\"b\\n\\u00e9\"",
    "\"\\ud83d\\ude00\"",
    "\"\\ud83d\"",
    "\"\\x\"",
    "\"",
    "1",
    "-1",
    "1.5",
    "1e3",
    "1E+2",
    "-0",
    "01",
    "1.",
    ".5",
    "1e400",
    "12345678901234567890",
    "true",
    "false",
    "null",
    "nul",
    "tru",
    " ",
    "\n",
    "\t",
    "{\"a\": 1}",
    "[1, 2]",
    "{\"a\": [",
    "]}",
    "\u{0}",
    "☃",
    "'a'",
    "//",
    "{}",
    "[]",
    "\"a\": ",
    "\"a\": 1, \"a\": 2",
];

const TOML_LINES: &[&str] = &[
    "a = 1",
    "b = \"x\"",
    "a.b = 2",
    "a.b.c = 3",
    "\"q\" = 'lit'",
    "[t]",
    "[t.u]",
    "[[arr]]",
    "[[arr.sub]]",
    "[\"q.r\"]",
    "[]",
    "[t",
    "[[arr]",
    "x = [1, 2, 3]",
    "x = [1,",
    "  2]",
    "x = [1, \"a\", [2]]",
    "x = {a = 1, b = \"c\"}",
    "x = {a = 1,}",
    "x = {",
    "x = [",
    "x = ",
    "= 1",
    "x",
    "x = 1 y = 2",
    "x = true",
    "x = True",
    "x = 1.5",
    "x = 1e3",
    "x = .5",
    "x = 1.",
    "x = 0x1F",
    "x = 0o17",
    "x = 0b11",
    "x = 017",
    "x = 1_000",
    "x = 1__0",
    "x = _1",
    "x = +1",
    "x = -0",
    "x = inf",
    "x = -nan",
    "x = 9223372036854775807",
    "x = 9223372036854775808",
    "x = 1979-05-27T07:32:00Z",
    "x = 1979-05-27T00:32:00.999999-07:00",
    "x = 1979-05-27 07:32:00",
    "x = 1979-05-27",
    "x = 07:32:00",
    "x = 07:32",
    "x = 1979-13-27",
    "x = \"\"\"",
    "multi \\",
    "  line\"\"\"",
    "x = '''",
    "raw'''",
    "x = \"\\t\\u00e9\\U0001F600\"",
    "x = \"\\q\"",
    "x = \"\\u00\"",
    "x = \"\\uD800\"",
    "x = \"\\e\\x41\"",
    "x = \"open",
    "x = 'open",
    "# comment",
    "x = 1 # c",
    "",
    " ",
    "\t",
    "a b = 1",
    "é = 1",
    "x = ☃",
    "x = \u{0}",
    "x = \"\u{7}\"",
    "x = \"\u{7f}\"",
    "# \u{1}",
    "x.y = 1",
    "x = {y.z = 1}",
    "[x]",
    "[x.y]",
    "x=1",
    "-_ = 1",
    "1 = 2",
    "1.2 = 3",
    "\"\" = 1",
    "'' = 1",
    ". = 1",
    "a. = 1",
    ".a = 1",
    "x = {a = 1\n}",
    "x = {a = 1, a = 2}",
    "x = [[[]]]",
    "x = 1e400",
    "x = nan",
    "x = 1979-05-27T07:32:00+25:00",
    "x = 25:00:00",
    "x = \"a\" \"b\"",
    "x = '''a''''",
    "x = \"\"\"a\"\"\"\"\"",
    "x = 1,",
    "x = ]",
    "x = }",
    "x = \"\"\"\n\\\n   a\"\"\"",
    "\r",
    "x = tru",
    "x = \"\r\"",
];

/// TOML that may be broken, as text.
fn toml(random: &mut Random) -> String {
    let n = 1 + random.below(4);
    let mut out = String::new();
    for _ in 0..n {
        out.push_str(random.pick(TOML_LINES));
        out.push_str(random.pick(&["\n", "\n", "\n", "\n", "\r\n", "", " \n"]));
    }
    out
}

/// A text through a reader.
pub(super) fn read(random: &mut Random) -> String {
    match random.below(8) {
        0..=3 => {
            let reader = random.pick(&["fromYaml", "fromYaml", "fromYaml", "fromYamlArray"]);
            let writer = random.pick(&[
                "toJson",
                "toJson",
                "toYaml",
                "printf \"%#v\"",
                "printf \"%v\"",
            ]);
            format!("{{{{ {reader} {} | {writer} }}}}", literal(&yaml(random)))
        }
        4 => {
            let reader = random.pick(&["fromJson", "fromJsonArray", "mustFromJson"]);
            let text = random.join(JSON_PIECES, 8);
            format!("{{{{ {reader} {} | printf \"%#v\" }}}}", literal(&text))
        }
        5 | 6 => {
            let writer = random.pick(&["printf \"%#v\"", "toJson", "toToml", "toYaml"]);
            format!("{{{{ fromToml {} | {writer} }}}}", literal(&toml(random)))
        }
        _ => {
            let text = atoms(random, 6);
            format!(
                "{{{{ fromYaml {} | toJson }}}}",
                literal(&format!("a: {text}\n"))
            )
        }
    }
}

/// A `printf` of odd verbs.
pub(super) fn printf(random: &mut Random) -> String {
    let mut format = String::new();
    for _ in 0..1 + random.below(2) {
        format.push('%');
        format.push_str(&random.join(&["+", "-", "#", " ", "0", "", ""], 2));
        format.push_str(random.pick(&["", "", "5", "12", "*", "[1]", "[2]", "[3]*", "[x]", "99"]));
        format.push_str(random.pick(&["", "", ".", ".2", ".0", ".*", ".[1]*"]));
        format.push_str(random.pick(&[
            "v", "v", "d", "s", "q", "x", "X", "T", "t", "f", "e", "g", "G", "E", "F", "b", "o",
            "O", "c", "U", "p", "w", "%", "z", "☃", "!", "",
        ]));
        format.push_str(random.pick(&["", " ", "-", "%%"]));
    }
    let n = random.below(4);
    let args: Vec<String> = (0..n)
        .map(|_| match random.below(3) {
            0 => string(random),
            1 => string(random),
            _ => random
                .pick(&[
                    "5",
                    "-3",
                    "1.5",
                    "nil",
                    "true",
                    "'a'",
                    "(int64 9)",
                    "65",
                    "128512",
                    "-1.0",
                    "1e100",
                    "(list 1 \"a\")",
                    "(dict \"a\" 1)",
                    ".Values.m",
                    ".Values.l",
                    ".Chart",
                    ".Chart.Maintainers",
                    ".Chart.Dependencies",
                    ".Release",
                    ".Files",
                    ".Capabilities",
                    ".Capabilities.KubeVersion",
                    ".Capabilities.APIVersions",
                    "(semver \"1.2.3-a+b\")",
                    "(splitList \",\" \"a,b\")",
                    "(until 3)",
                    "(.Files.GetBytes \"a.txt\")",
                    "(chunk 1 (list 1 2))",
                    ".Values.missing",
                    "(urlParse \"http://x/y\")",
                    "1i",
                    ".Subcharts",
                    ".Template",
                ])
                .to_owned(),
        })
        .collect();
    format!("{{{{ printf {} {} }}}}", literal(&format), args.join(" "))
}

const REGEX_PIECES: &[&str] = &[
    "a",
    "b",
    "[a-c]",
    "[^a]",
    "[[:alpha:]]",
    "[[:nope:]]",
    "\\d",
    "\\w",
    "\\s",
    "\\b",
    "\\pL",
    "\\p{Greek}",
    "\\p{Nope}",
    "\\x41",
    "\\x{1F600}",
    "\\Q.\\E",
    "\\A",
    "\\z",
    "\\Z",
    "\\1",
    "\\",
    "(",
    ")",
    "(?:",
    "(?P<n>",
    "(?<m>",
    "(?P<n",
    "(?i)",
    "(?s-i:",
    "(?=",
    "(?!",
    "(?z)",
    "|",
    "*",
    "+",
    "?",
    "*?",
    "**",
    "{2}",
    "{2,}",
    "{1,3}",
    "{3,1}",
    "{1001}",
    "{,2}",
    "^",
    "$",
    ".",
    "[",
    "]",
    "[z-a]",
    "[a-\\d]",
    "[]a]",
    "é",
    "☃",
    "\\C",
    "\\8",
    "(?",
    "(?P=n)",
    "\\pN",
    "\\PN",
    "[\\w-]",
    "[a&&b]",
    "\\07",
    "\\Q",
    "}",
    "{",
    "{a}",
    "(?U)",
    "(?m)",
    "x{0}",
    "(a*)*",
    "()",
    "$1",
];

/// A call of a regular expression function.
pub(super) fn regex(random: &mut Random) -> String {
    let pattern = literal(&random.join(REGEX_PIECES, 5));
    let text = literal(random.pick(&[
        "",
        "abc",
        "aabbcc",
        "a1 b2\nc3",
        "héé☃ A",
        "aaa",
        "foo.bar",
        "a\tb",
    ]));
    let replacement = literal(random.pick(&[
        "", "x", "$1", "${1}x", "$1x", "$n", "${n}", "$", "$$", "${", "$0-", "${m}$2",
    ]));
    match random.below(9) {
        0 => format!("{{{{ regexMatch {pattern} {text} }}}}"),
        1 => format!("{{{{ mustRegexMatch {pattern} {text} }}}}"),
        2 => format!("{{{{ regexFindAll {pattern} {text} -1 | toJson }}}}"),
        3 => format!("{{{{ regexFind {pattern} {text} | quote }}}}"),
        4 => format!("{{{{ regexReplaceAll {pattern} {text} {replacement} | quote }}}}"),
        5 => format!("{{{{ mustRegexReplaceAll {pattern} {text} {replacement} | quote }}}}"),
        6 => format!("{{{{ regexReplaceAllLiteral {pattern} {text} {replacement} | quote }}}}"),
        7 => format!(
            "{{{{ mustRegexSplit {pattern} {text} {} | toJson }}}}",
            random.pick(&["-1", "0", "1", "2"])
        ),
        _ => format!("{{{{ mustRegexFindAll {pattern} {text} 2 | toJson }}}}"),
    }
}

const LAYOUT: &[&str] = &[
    "2006",
    "06",
    "01",
    "1",
    "Jan",
    "January",
    "02",
    "2",
    "_2",
    "002",
    "15",
    "03",
    "3",
    "04",
    "4",
    "05",
    "5",
    ".000",
    ".999",
    ",000000",
    "PM",
    "pm",
    "Mon",
    "Monday",
    "MST",
    "Z07:00",
    "-0700",
    "Z0700",
    "-07",
    "-07:00:00",
    " ",
    "-",
    ":",
    "T",
    "/",
    "x",
    "☃",
    "2006-01-02",
    "15:04:05",
];
const STAMPS: &[&str] = &[
    "2024-02-29",
    "2023-02-29",
    "2024-13-01",
    "1999-12-31T23:59:59Z",
    "2024-02-29T12:30:45+02:00",
    "12:30:45",
    "24:00:00",
    "Jan",
    "Mon Jan  2 15:04:05 2006",
    "",
    "2024",
    "07",
    "2024-02-29 12:30:45.123",
    "3PM",
    "x",
    "2024-02-29 MST",
    "-0700",
    "0000-01-01",
    "9999-12-31",
];
const ZONES: &[&str] = &[
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Local",
    "",
    "Nope/Zone",
    "EST",
    "Australia/Lord_Howe",
    "../etc",
    "Etc/GMT+5",
];

/// A call of a date function at a fixed time.
pub(super) fn date(random: &mut Random) -> String {
    let layout = literal(&random.join(LAYOUT, 5));
    let stamp = literal(random.pick(STAMPS));
    let zone = literal(random.pick(ZONES));
    let time = random.pick(&[
        "(toDate \"2006-01-02T15:04:05Z07:00\" \"2024-02-29T12:30:45+02:00\")",
        "(toDate \"2006-01-02\" \"1969-07-20\")",
        "0",
        "1700000000",
        "-1",
        "(int64 1700000000)",
        "(toDate \"2006-01-02\" \"2024-03-31\")",
        "9223372036854775807",
        "253402300800",
    ]);
    let span = literal(random.pick(&[
        "1h", "-1.5h", "24h30m", "1s", "1d", "", "x", "1h-1m", "300ms", "9999999h", ".5m", "1",
        "+2m", "1µs", "0",
    ]));
    match random.below(9) {
        0 => format!("{{{{ mustToDate {layout} {stamp} }}}}"),
        1 => format!("{{{{ toDate {layout} {stamp} }}}}"),
        2 => format!("{{{{ toDate \"2006-01-02\" {stamp} | date {layout} }}}}"),
        3 | 4 => format!("{{{{ dateInZone {layout} {time} {zone} }}}}"),
        5 => format!("{{{{ mustDateModify {span} {time} }}}}"),
        6 => format!(
            "{{{{ dateModify {span} (toDate \"2006-01-02\" \"2024-02-29\") | htmlDateInZone {zone} }}}}"
        ),
        7 => format!(
            "{{{{ htmlDateInZone {time} {zone} }}}}{{{{ duration {span} }}}}{{{{ durationRound {span} }}}}"
        ),
        _ => format!("{{{{ toDate {layout} (dateInZone {layout} {time} {zone}) | toJson }}}}"),
    }
}

/// A call of a semantic-version function.
pub(super) fn semver(random: &mut Random) -> String {
    let versions = &[
        "1.2.3",
        "v1.2.3",
        "1.2",
        "1",
        "01.2.3",
        "1.2.3-alpha.1",
        "1.2.3-alpha+b.1",
        "1.2.3-",
        "1.2.3-01",
        "1.2.3+",
        "1.2.3.4",
        "",
        "x",
        "1.2.x",
        "99999999999999999999.0.0",
        "0.0.0",
        "0.2.3",
        "0.0.3",
        "v1.36.0-gke.100",
        " 1.2.3",
        "1.2.3-a.b-c",
        "-1.2.3",
        "2.0.0-rc.1",
        "1.2.3-0",
    ];
    let operators = &[
        "", "=", "==", "!=", ">", "<", ">=", "<=", "=>", "=<", "~", "~>", "^", "!", "> ", ">= ",
    ];
    let joints = &[" ", ", ", ",", " || ", "||", " - ", "  ", " | ", " && "];
    let wild = &[
        "1.2.3",
        "1.2",
        "1",
        "*",
        "x",
        "1.x",
        "1.2.*",
        "X",
        "1.*.3",
        "0.2.3",
        "0.0.3",
        "0",
        "1.2.3-0",
        "1.2.3-alpha",
        "v1.2",
        ">1",
        "",
        "1.2.3+b",
        "2.0.0",
    ];
    let mut constraint = String::new();
    for n in 0..1 + random.below(3) {
        if n > 0 {
            constraint.push_str(random.pick(joints));
        }
        constraint.push_str(random.pick(operators));
        constraint.push_str(random.pick(wild));
    }
    let version = literal(random.pick(versions));
    if random.chance(70) {
        return format!("{{{{ semverCompare {} {version} }}}}", literal(&constraint));
    }
    let method = random.pick(&[
        "Major",
        "Minor",
        "Patch",
        "Prerelease",
        "Metadata",
        "Original",
        "String",
        "IncMajor",
        "IncPatch",
        "Nope",
        "SetPrerelease \"x\"",
        "SetMetadata \"!\"",
        "LessThan (semver \"1.2.3\")",
        "Equal (semver \"1.2.3\")",
        "Compare (semver \"1.2.4\")",
        "Compare 1",
        "MarshalJSON",
        "Value",
    ]);
    format!("{{{{ (semver {version}).{method} }}}}")
}

/// A call of `urlParse` or `urlJoin`.
pub(super) fn url(random: &mut Random) -> String {
    let pieces = &[
        "http",
        "https",
        ":",
        "//",
        "/",
        "user",
        ":p%40",
        "@",
        "host",
        ".x",
        ":80",
        ":x",
        "[::1]",
        "[fe80::1%25en0]",
        "[",
        "?q=1&r=%20",
        "?",
        "#f",
        "#",
        "%zz",
        "%41",
        " ",
        "é",
        "☃",
        "\u{7f}",
        "a b",
        "..",
        "mailto:a@b",
        "*",
        "+",
        "1",
        "\\",
        "\"",
        "<",
        "%",
        ";",
    ];
    let url = literal(&random.join(pieces, 7));
    match random.below(3) {
        0 => format!("{{{{ urlParse {url} | toJson }}}}"),
        1 => format!("{{{{ urlParse {url} | urlJoin }}}}"),
        _ => {
            let parts = &[
                "scheme", "host", "path", "query", "fragment", "userinfo", "opaque", "hostname",
            ];
            let entries: Vec<String> = (0..random.below(5))
                .map(|_| {
                    format!(
                        "{} {}",
                        literal(random.pick(parts)),
                        literal(&random.join(pieces, 2))
                    )
                })
                .collect();
            format!("{{{{ urlJoin (dict {}) }}}}", entries.join(" "))
        }
    }
}

/// Chains of list functions over shared lists.
pub(super) fn lists(random: &mut Random) -> String {
    let mut out = String::new();
    let mut n = 0;
    for _ in 0..2 + random.below(4) {
        let source = |random: &mut Random| {
            if n == 0 || random.chance(20) {
                random
                    .pick(&[
                        ".Values.ls",
                        ".Values.l",
                        "(list \"c\" \"a\" \"b\")",
                        "(splitList \",\" \"c,b,a\")",
                        "(until 4)",
                        "(sortAlpha .Values.ls)",
                        "(fromJsonArray \"[3,2,1]\")",
                        "(toStrings (list 3 1 2))",
                        "(chunk 2 (list 4 3 2 1))",
                        "(concat (list 2 1) (list 3))",
                        "(keys (dict \"k\" 1))",
                        "(regexFindAll \"[a-z]\" \"cab\" -1)",
                        "(seq 3 | splitList \" \")",
                        "(.Files.Lines \"a.txt\")",
                        "(compact (list 0 1 2))",
                        "(without (list 3 1 2) 1)",
                        "(uniq (list 2 1 2))",
                        "(.Files.GetBytes \"a.txt\")",
                        "(rest (list 1 2 3))",
                        "(untilStep 0 10 3)",
                        "(fromYamlArray \"[c, b, a]\")",
                        "(reverse (list 1 2 3))",
                        "(initial (list 1 2 3))",
                        "(values (dict \"k\" 1))",
                        "(pluck \"a\" (dict \"a\" 2) (dict \"a\" 1))",
                    ])
                    .to_owned()
            } else {
                format!("$l{}", random.below(n))
            }
        };
        let from = source(random);
        let bounds = format!("{} {}", random.below(3), random.below(8));
        let call = match random.below(12) {
            0 => format!("slice {from} {bounds}"),
            1 => format!("slice {from} {}", random.below(3)),
            2 => format!("append {from} \"z\""),
            3 => format!("prepend {from} \"z\""),
            4 => format!("sortAlpha {from}"),
            5 => format!("reverse {from}"),
            6 => format!("concat {from} {}", source(random)),
            7 => format!("rest {from}"),
            8 => format!("initial {from}"),
            9 => format!("uniq {from}"),
            10 => format!("slice (append {from} \"y\") {bounds}"),
            _ => format!("slice {from} 0 1 | sortAlpha"),
        };
        out.push_str(&format!("{{{{ $l{n} := {call} }}}}"));
        n += 1;
    }
    for k in 0..n {
        out.push_str(&format!("{{{{ $l{k} | toJson }}}} "));
    }
    out
}

/// Arguments of `--set` and its likes.
pub(super) fn sets(random: &mut Random) -> Vec<(String, String)> {
    let pieces = &[
        "a",
        "b",
        "m",
        "l",
        "ls",
        "s",
        ".",
        ".",
        "=",
        "=",
        ",",
        "[0]",
        "[1]",
        "[-1]",
        "[x]",
        "[",
        "]",
        "{1,2}",
        "{",
        "}",
        "{a,{b}}",
        "1",
        "007",
        "1.5",
        "1e3",
        "true",
        "null",
        "\"q\"",
        "'s'",
        "\\,",
        "\\.",
        "\\",
        " ",
        "é",
        "\n",
        "[2].c",
        ".c.d",
        "{}",
        "[]",
        "{\"j\":1}",
        "[1,2]",
        "0x1f",
        "9223372036854775808",
        "-5",
        "[65537]",
        ":",
    ];
    (0..1 + random.below(2))
        .map(|_| {
            let flag = random
                .pick(&["set", "set", "set", "string", "literal", "json"])
                .to_owned();
            let start = random
                .pick(&["a=", "a.b=", "l[0]=", "", "m.b.c=", "s="])
                .to_owned();
            (flag, format!("{start}{}", random.join(pieces, 6)))
        })
        .collect()
}
