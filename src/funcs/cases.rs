//! Reads the recorded calls under `testdata/funcs/` and repeats them.
//!
//! A line is `name(arguments) = result`, or `= ! "text"` for an error or panic. ` / arguments`
//! after it shows the arguments once more, as the call left them. `@0` is the first map of the
//! line, so that shared maps can be told from equal ones; both sides of `=` count by themselves.
//!
//! Literals: `nil`, `true`, `1` (int), `1i64`, `1u64`, `1u8`, `1.5f`, `"quoted as in Go"`,
//! `any[…]`, `str[…]`, `int[…]`, `bytes[…]`, `maps[…]`, `lists[…]`, `map{"key": …}`, `smap{…}`;
//! `any!` is a nil slice of the type, `map!` a nil map.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::funcs::replay::FixedHost;
use crate::funcs::{dicts, lists, network, strings};
use crate::template::{Args, Call, FuncError, Function};
use crate::value::printf::quote;
use crate::value::{Int, List, ListType, Map, MapType, Str, Value, format};

const LIST_TYPES: &[(&str, ListType)] = &[
    ("any", ListType::Any),
    ("str", ListType::Str),
    ("int", ListType::Int),
    ("bytes", ListType::Bytes),
    ("maps", ListType::Maps),
    ("lists", ListType::Lists),
];

const MAP_TYPES: &[(&str, MapType)] = &[("map", MapType::Any), ("smap", MapType::Str)];

#[test]
fn strings() {
    check("strings", strings::FUNCTIONS);
}

#[test]
fn lists() {
    check("lists", lists::FUNCTIONS);
}

#[test]
fn dicts() {
    check("dicts", dicts::FUNCTIONS);
}

#[test]
fn network() {
    check("network", network::FUNCTIONS);
}

#[test]
fn parameters_are_those_of_go() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/funcs/signatures.txt");
    let text = std::fs::read_to_string(path).unwrap();
    let recorded: BTreeMap<&str, &str> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| (line.split('(').next().unwrap(), line))
        .collect();
    let functions = super::table(4).0;
    for pair in functions.windows(2) {
        assert_ne!(pair[0].name, pair[1].name, "listed twice");
    }
    for function in functions {
        assert_eq!(recorded.get(function.name), Some(&&*signature(function)));
    }
}

fn signature(function: &Function) -> String {
    let n = function.params.len();
    let params = function.params.iter().enumerate().map(|(i, param)| {
        let dots = if function.variadic && i + 1 == n {
            "..."
        } else {
            ""
        };
        format!("{dots}{}", param.go_name())
    });
    format!(
        "{}({})",
        function.name,
        params.collect::<Vec<_>>().join(", ")
    )
}

/// Repeats every call recorded for `group` and sees to it that each function has some.
fn check(group: &str, functions: &[Function]) {
    let dir = format!("{}/testdata/funcs/{group}", env!("CARGO_MANIFEST_DIR"));
    let mut n_cases: BTreeMap<&str, usize> = functions.iter().map(|f| (f.name, 0)).collect();
    let mut failures = Vec::new();
    for entry in std::fs::read_dir(&dir).expect("the group has recorded calls") {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        for line in text
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            let (name, rest) = line.split_once('(').expect("a call");
            let function = functions
                .iter()
                .find(|f| f.name == name)
                .expect("a known function");
            *n_cases.get_mut(name).unwrap() += 1;
            let (expected, actual) = repeat(function, rest);
            if expected != actual {
                failures.push(format!("{line}\n  actual: {actual}"));
            }
        }
    }
    assert!(
        failures.is_empty(),
        "{} failures:\n{}",
        failures.len(),
        failures[..failures.len().min(20)].join("\n")
    );
    let needs_run = |name: &&str| matches!(*name, "getHostByName");
    let untested: Vec<_> = n_cases
        .iter()
        .filter(|(name, n)| **n == 0 && !needs_run(name))
        .collect();
    assert!(untested.is_empty(), "without a recorded call: {untested:?}");
}

fn repeat(function: &Function, rest: &str) -> (String, String) {
    let mut reader = Reader {
        rest,
        maps: Vec::new(),
    };
    let args = reader.sequence(")");
    let expected = reader
        .rest
        .strip_prefix(" = ")
        .expect("a result")
        .to_owned();
    let result = match function.call {
        Call::Pure(body) => body(Args(&args)),
        Call::Run(body) => body(&mut FixedHost::default(), Args(&args)),
        Call::Reflect(_) => panic!("{} is a built-in", function.name),
    };
    let mut writer = Writer::default();
    match result {
        Ok(value) => writer.value(&value),
        Err(FuncError::Message(text)) => {
            writer.out.push_str("! ");
            writer.out.push_str(&quote(text.as_bytes()));
        }
        Err(other) => panic!("{} failed with {other:?}", function.name),
    }
    if expected.contains(" / ") && writes_arguments(function.name) {
        writer.out.push_str(" / ");
        writer.sequence(args.iter());
    }
    (expected, writer.out)
}

fn writes_arguments(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "deepCopy",
        "dict",
        "dig",
        "get",
        "merge",
        "mergeOverwrite",
        "mustMerge",
        "mustMergeOverwrite",
        "omit",
        "pick",
        "pluck",
        "set",
        "sortAlpha",
        "unset",
    ];
    NAMES.contains(&name)
}

struct Reader<'a> {
    rest: &'a str,
    maps: Vec<Map>,
}

impl<'a> Reader<'a> {
    fn eat(&mut self, token: &str) -> bool {
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// Reads values up to `end`.
    fn sequence(&mut self, end: &str) -> Vec<Value> {
        let mut values = Vec::new();
        while !self.eat(end) {
            values.push(self.value());
            self.eat(", ");
        }
        values
    }

    fn take_while(&mut self, holds: fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !holds(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    fn value(&mut self) -> Value {
        if self.rest.starts_with('"') {
            return Value::Str(self.string());
        }
        if self.eat("@") {
            let index: usize = self.take_while(|c| c.is_ascii_digit()).parse().unwrap();
            return Value::Map(self.maps[index].clone());
        }
        let word = self.take_while(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
        let list_type = LIST_TYPES.iter().find(|(name, _)| *name == word);
        let map_type = MAP_TYPES.iter().find(|(name, _)| *name == word);
        match (word, list_type, map_type) {
            ("nil", ..) => Value::Nil,
            ("true", ..) => Value::Bool(true),
            ("false", ..) => Value::Bool(false),
            (_, Some((_, list_type)), _) if self.eat("!") => Value::List(List::nil(*list_type)),
            (_, _, Some((_, map_type))) if self.eat("!") => Value::Map(Map::nil(*map_type)),
            (_, Some((_, list_type)), _) => {
                assert!(self.eat("["));
                Value::List(List::new(*list_type, self.sequence("]")))
            }
            (_, _, Some((_, map_type))) => Value::Map(self.map(*map_type)),
            _ => number(word),
        }
    }

    fn map(&mut self, map_type: MapType) -> Map {
        assert!(self.eat("{"));
        let map = Map::with_type(map_type, BTreeMap::new());
        self.maps.push(map.clone());
        while !self.eat("}") {
            let key = self.string();
            assert!(self.eat(": "));
            let value = self.value();
            map.insert(key, value).unwrap();
            self.eat(", ");
        }
        map
    }

    /// Reads a string quoted by Go's `strconv.Quote`.
    fn string(&mut self) -> Str {
        assert!(self.eat("\""));
        let mut out = Vec::new();
        loop {
            let c = self.char();
            let c = match c {
                '"' => return Str::from(out),
                '\\' => match self.char() {
                    'x' => {
                        out.push(u8::try_from(self.hex(2)).unwrap());
                        continue;
                    }
                    'u' => char::from_u32(self.hex(4)).unwrap(),
                    'U' => char::from_u32(self.hex(8)).unwrap(),
                    'a' => '\x07',
                    'b' => '\x08',
                    'f' => '\x0c',
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'v' => '\x0b',
                    c => c,
                },
                c => c,
            };
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }

    fn char(&mut self) -> char {
        let mut chars = self.rest.chars();
        let c = chars.next().expect("a closing quote");
        self.rest = chars.as_str();
        c
    }

    fn hex(&mut self, n_digits: usize) -> u32 {
        let (digits, rest) = self.rest.split_at(n_digits);
        self.rest = rest;
        u32::from_str_radix(digits, 16).unwrap()
    }
}

fn number(word: &str) -> Value {
    let int = |suffix| word.strip_suffix(suffix);
    if let Some(n) = int("i64") {
        Value::int64(n.parse().unwrap())
    } else if let Some(n) = int("u64") {
        Value::Int(Int::Uint64(n.parse().unwrap()))
    } else if let Some(n) = int("u8") {
        Value::Int(Int::Uint8(n.parse().unwrap()))
    } else if let Some(f) = word.strip_suffix('f') {
        Value::Float(f.parse().unwrap())
    } else {
        Value::int(word.parse().unwrap())
    }
}

#[derive(Default)]
struct Writer {
    out: String,
    maps: Vec<usize>,
}

impl Writer {
    fn sequence<'v>(&mut self, values: impl Iterator<Item = &'v Value>) {
        for (i, value) in values.enumerate() {
            if i > 0 {
                self.out.push_str(", ");
            }
            self.value(value);
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Nil => self.out.push_str("nil"),
            Value::Bool(b) => write!(self.out, "{b}").unwrap(),
            Value::Int(Int::Int(n)) => write!(self.out, "{n}").unwrap(),
            Value::Int(Int::Int64(n)) => write!(self.out, "{n}i64").unwrap(),
            Value::Int(Int::Uint64(n)) => write!(self.out, "{n}u64").unwrap(),
            Value::Int(Int::Uint8(n)) => write!(self.out, "{n}u8").unwrap(),
            Value::Float(f) => write!(self.out, "{}f", format::float(*f)).unwrap(),
            Value::Str(text) => self.out.push_str(&quote(text)),
            Value::List(list) => self.list(list),
            Value::Map(map) => self.map(map),
            Value::Object(object) => panic!("no literal for {object:?}"),
        }
    }

    fn list(&mut self, list: &List) {
        let name = LIST_TYPES.iter().find(|(_, t)| *t == list.list_type());
        self.out.push_str(name.expect("every type has a name").0);
        if list.is_nil() {
            self.out.push('!');
            return;
        }
        self.out.push('[');
        self.sequence(list.items().iter());
        self.out.push(']');
    }

    fn map(&mut self, map: &Map) {
        if let Some(index) = self.maps.iter().position(|seen| *seen == map.address()) {
            write!(self.out, "@{index}").unwrap();
            return;
        }
        let name = MAP_TYPES.iter().find(|(_, t)| *t == map.map_type());
        self.out.push_str(name.expect("no named types here").0);
        if map.is_nil() {
            self.out.push('!');
            return;
        }
        self.maps.push(map.address());
        self.out.push('{');
        for (i, (key, item)) in map.entries().iter().enumerate() {
            if i > 0 {
                self.out.push_str(", ");
            }
            write!(self.out, "{}: ", quote(key)).unwrap();
            self.value(item);
        }
        self.out.push('}');
    }
}
