//! Go's `fmt`: `Sprintf`, `Sprint`, `Sprintln`.
//!
//! In: a format and values. Out: bytes. Nothing is refused; as in Go, what is wrong with a
//! directive stands in the text (`%!d(string=x)`). Values nested deeper than
//! [`MAX_FORMAT_DEPTH`] print as `<too deep>`. Printing stops once more than
//! [`MAX_FORMAT_BYTES`] have been written: a longer result is incomplete, and whoever passes it on
//! should say so. (Go would exhaust its stack or memory on both.)

use super::spec::{Bits, Spec};
use super::{Int, Kind, ListType, Object, Str, Value};
use crate::limits::{MAX_FORMAT_BYTES, MAX_FORMAT_DEPTH};

pub use super::quote::quote;

/// What `%p` prints for anything that is not nil.
const ADDRESS: u64 = 0xc0_0000_0000;

/// Go's `fmt.Sprintf`.
///
/// ```
/// use jenkins_cmp::value::{Value, printf::sprintf};
///
/// let args = [Value::int(7), Value::from("x")];
/// assert_eq!(sprintf(b"%03d %q %s", &args), b"007 \"x\" %!s(MISSING)");
/// ```
pub fn sprintf(format: &[u8], args: &[Value]) -> Vec<u8> {
    let mut directives = Directives {
        format,
        at: 0,
        args,
        next: 0,
        reordered: false,
        good_index: true,
        printer: Printer::new(),
    };
    directives.run();
    directives.printer.out
}

/// Go's `fmt.Sprint`: a space stands between two operands when neither is a string.
pub fn sprint(args: &[Value]) -> Vec<u8> {
    let mut printer = Printer::new();
    let mut after_string = true;
    for arg in args {
        let is_string = arg.kind() == Kind::String;
        if !is_string && !after_string {
            printer.out.push(b' ');
        }
        printer.argument(arg, 'v');
        after_string = is_string;
    }
    printer.out
}

/// Go's `fmt.Sprintln`: a space stands between operands, a newline at the end.
pub fn sprintln(args: &[Value]) -> Vec<u8> {
    let mut printer = Printer::new();
    for (i, arg) in args.iter().enumerate() {
        if i > 0 {
            printer.out.push(b' ');
        }
        printer.argument(arg, 'v');
    }
    printer.out.push(b'\n');
    printer.out
}

/// Appends `%v` of a value to `out`.
pub(super) fn append(out: &mut Vec<u8>, value: &Value) {
    let mut printer = Printer::new();
    printer.end = out.len().saturating_add(MAX_FORMAT_BYTES);
    std::mem::swap(&mut printer.out, out);
    printer.argument(value, 'v');
    *out = printer.out;
}

/// A format under way.
struct Directives<'a> {
    format: &'a [u8],
    at: usize,
    args: &'a [Value],
    /// The index of the next argument.
    next: usize,
    /// Whether an explicit index (`%[2]d`) was met.
    reordered: bool,
    /// Whether the explicit indices of this directive make sense.
    good_index: bool,
    printer: Printer,
}

impl Directives<'_> {
    fn run(&mut self) {
        while self.at < self.format.len() && !self.printer.is_full() {
            let rest = &self.format[self.at..];
            let literal = rest.iter().position(|&b| b == b'%').unwrap_or(rest.len());
            self.printer.out.extend_from_slice(&rest[..literal]);
            self.at += literal;
            if self.at < self.format.len() {
                self.at += 1;
                self.directive();
            }
        }
        if !self.reordered && self.next < self.args.len() && !self.printer.is_full() {
            self.extra();
        }
    }

    fn directive(&mut self) {
        self.good_index = true;
        let mut spec = self.flags();
        let mut after_index = self.index();
        self.width(&mut spec, &mut after_index);
        // Go takes a point at the very end for the verb.
        if self.peek() == Some(b'.') && self.at + 1 < self.format.len() {
            self.precision(&mut spec, &mut after_index);
        }
        if !after_index {
            self.index();
        }
        let Some(verb) = self.verb() else {
            self.printer.out.extend_from_slice(b"%!(NOVERB)");
            return;
        };
        if verb == '%' {
            self.printer.out.push(b'%');
        } else if !self.good_index {
            self.printer.complaint(verb, "(BADINDEX)");
        } else if let Some(arg) = self.args.get(self.next) {
            if matches!(verb, 'v' | 'w') {
                spec.sharp_v = spec.sharp;
                spec.sharp = false;
                spec.plus = false;
            }
            self.printer.spec = spec;
            self.printer.argument(arg, verb);
            self.next += 1;
        } else {
            self.printer.complaint(verb, "(MISSING)");
        }
    }

    fn peek(&self) -> Option<u8> {
        self.format.get(self.at).copied()
    }

    fn flags(&mut self) -> Spec {
        let mut spec = Spec::default();
        while let Some(byte) = self.peek() {
            match byte {
                b'#' => spec.sharp = true,
                b'0' => spec.zero = true,
                b'+' => spec.plus = true,
                b'-' => spec.minus = true,
                b' ' => spec.space = true,
                _ => break,
            }
            self.at += 1;
        }
        spec
    }

    fn width(&mut self, spec: &mut Spec, after_index: &mut bool) {
        if self.peek() == Some(b'*') {
            self.at += 1;
            *after_index = false;
            match self.star() {
                None => self.printer.out.extend_from_slice(b"%!(BADWIDTH)"),
                Some(width) => {
                    spec.width = Some(width.unsigned_abs());
                    if width < 0 {
                        spec.minus = true;
                        spec.zero = false;
                    }
                }
            }
        } else {
            spec.width = self.number(self.format.len());
            if *after_index && spec.width.is_some() {
                self.good_index = false;
            }
        }
    }

    fn precision(&mut self, spec: &mut Spec, after_index: &mut bool) {
        self.at += 1;
        if *after_index {
            self.good_index = false;
        }
        *after_index = self.index();
        if self.peek() == Some(b'*') {
            self.at += 1;
            *after_index = false;
            spec.precision = self.star().and_then(|n| usize::try_from(n).ok());
            if spec.precision.is_none() {
                self.printer.out.extend_from_slice(b"%!(BADPREC)");
            }
        } else {
            spec.precision = Some(self.number(self.format.len()).unwrap_or(0));
        }
    }

    /// Takes the argument of a `*`: an integer of at most a million either way.
    fn star(&mut self) -> Option<isize> {
        let arg = self.args.get(self.next)?;
        self.next += 1;
        let number = match arg {
            Value::Int(n) => *n,
            Value::Object(o) => o.number()?,
            _ => return None,
        };
        let number = isize::try_from(number.wide()).ok()?;
        (!too_large(number.unsigned_abs())).then_some(number)
    }

    /// Reads a decimal number that ends before `end`; one that is too large swallows the rest, as
    /// in Go.
    fn number(&mut self, end: usize) -> Option<usize> {
        let mut number = None;
        while let Some(digit) = self.peek().filter(u8::is_ascii_digit) {
            if self.at >= end {
                break;
            }
            let so_far = number.unwrap_or(0);
            if too_large(so_far) {
                self.at = end;
                return None;
            }
            number = Some(so_far * 10 + usize::from(digit - b'0'));
            self.at += 1;
        }
        number
    }

    /// Reads an explicit argument index (`[2]`) if one stands here, and says whether it was read.
    fn index(&mut self) -> bool {
        if self.peek() != Some(b'[') {
            return false;
        }
        self.reordered = true;
        let rest = &self.format[self.at..];
        let close = rest.iter().position(|&b| b == b']');
        let Some(close) = close.filter(|_| rest.len() >= 3) else {
            self.good_index = false;
            self.at += 1;
            return false;
        };
        let close = self.at + close;
        self.at += 1;
        let index = self.number(close).filter(|_| self.at == close);
        self.at = close + 1;
        match index {
            Some(n) if (1..=self.args.len()).contains(&n) => {
                self.next = n - 1;
                true
            }
            _ => {
                self.good_index = false;
                index.is_some()
            }
        }
    }

    /// Reads the verb; invalid UTF-8 is U+FFFD, one byte at a time.
    fn verb(&mut self) -> Option<char> {
        let rest = &self.format[self.at..];
        let chunk = rest.get(..rest.len().min(4))?.utf8_chunks().next()?;
        let verb = chunk.valid().chars().next();
        self.at += verb.map_or(1, char::len_utf8);
        Some(verb.unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    /// Lists the arguments that no directive used.
    fn extra(&mut self) {
        let printer = &mut self.printer;
        printer.spec = Spec::default();
        printer.out.extend_from_slice(b"%!(EXTRA ");
        for (i, arg) in self.args[self.next..].iter().enumerate() {
            if i > 0 {
                printer.out.extend_from_slice(b", ");
            }
            if !matches!(arg, Value::Nil) {
                printer.out.extend_from_slice(arg.type_name().as_bytes());
                printer.out.push(b'=');
            }
            printer.argument(arg, 'v');
        }
        printer.out.push(b')');
    }
}

fn too_large(number: usize) -> bool {
    number > 1_000_000
}

/// Prints values under one directive.
struct Printer {
    out: Vec<u8>,
    spec: Spec,
    /// How many containers are open.
    depth: usize,
    /// The length of `out` after which nothing more is printed.
    end: usize,
}

impl Printer {
    fn new() -> Printer {
        Printer {
            out: Vec::new(),
            spec: Spec::default(),
            depth: 0,
            end: MAX_FORMAT_BYTES,
        }
    }

    fn is_full(&self) -> bool {
        self.out.len() > self.end
    }

    /// Prints an operand.
    fn argument(&mut self, value: &Value, verb: char) {
        match (value, verb) {
            (Value::Nil, 'v' | 'T') => self.spec.pad(&mut self.out, b"<nil>"),
            (Value::Nil, _) => self.bad_verb(verb, value),
            (_, 'T') => self.spec.text(&mut self.out, value.type_name().as_bytes()),
            (_, 'p') => self.pointer(value),
            (Value::List(l), 'v' | 'w') if l.list_type() == ListType::Bytes => {
                // Go: only as an operand itself is the type of a byte slice `[]byte`.
                match self.spec.sharp_v && l.is_nil() {
                    true => self.nil("[]byte"),
                    false => self.list("[]byte", &l.items(), verb),
                }
            }
            (Value::List(_) | Value::Map(_) | Value::Object(_), 'w') => self.bad_verb(verb, value),
            _ => self.value(value, verb),
        }
    }

    /// Prints a value that is not nil, or stands in a container.
    fn value(&mut self, value: &Value, verb: char) {
        match value {
            // Go: a nil interface in a container prints alike under every verb.
            Value::Nil if self.spec.sharp_v => self.raw("interface {}(nil)"),
            Value::Nil => self.raw("<nil>"),
            Value::Bool(b) => match verb {
                'v' | 't' => {
                    let text: &[u8] = if *b { b"true" } else { b"false" };
                    self.spec.pad(&mut self.out, text);
                }
                _ => self.bad_verb(verb, value),
            },
            Value::Int(n) => self.integer(*n, verb, value),
            Value::Float(f) => self.float(*f, verb, value),
            Value::Str(s) => self.text(s, verb, value),
            Value::List(l) => match verb {
                's' | 'q' | 'x' | 'X' if l.list_type() == ListType::Bytes => {
                    self.text(&l.to_bytes(), verb, value);
                }
                _ if l.is_nil() && self.spec.sharp_v => self.nil(l.list_type().name()),
                _ => self.list(l.list_type().name(), &l.items(), verb),
            },
            Value::Map(m) if m.is_nil() && self.spec.sharp_v => self.nil(m.map_type().name()),
            Value::Map(m) => self.map(m.map_type().name(), m.entries().iter(), verb),
            Value::Object(o) => self.object(o.as_ref(), verb, value),
        }
    }

    fn integer(&mut self, n: Int, verb: char, value: &Value) {
        let bits = Bits {
            bits: n.to_i64() as u64,
            signed: !n.is_unsigned(),
        };
        let (spec, out) = (self.spec, &mut self.out);
        match verb {
            'v' if spec.sharp_v && n.is_unsigned() => {
                Spec {
                    sharp: true,
                    ..spec
                }
                .integer(out, bits, 16, verb);
            }
            'v' | 'd' => spec.integer(out, bits, 10, verb),
            'b' => spec.integer(out, bits, 2, verb),
            'o' | 'O' => spec.integer(out, bits, 8, verb),
            'x' | 'X' => spec.integer(out, bits, 16, verb),
            'c' => spec.character(out, bits.bits),
            'q' => spec.quoted_character(out, bits.bits),
            'U' => spec.unicode(out, bits.bits),
            _ => self.bad_verb(verb, value),
        }
    }

    fn float(&mut self, f: f64, verb: char, value: &Value) {
        let (spec, out) = (self.spec, &mut self.out);
        match verb {
            'v' => spec.float(out, f, 'g', None),
            'b' | 'g' | 'G' | 'x' | 'X' => spec.float(out, f, verb, None),
            'f' | 'e' | 'E' => spec.float(out, f, verb, Some(6)),
            'F' => spec.float(out, f, 'f', Some(6)),
            _ => self.bad_verb(verb, value),
        }
    }

    fn text(&mut self, text: &[u8], verb: char, value: &Value) {
        let (spec, out) = (self.spec, &mut self.out);
        match verb {
            'v' if spec.sharp_v => spec.quoted(out, text),
            'v' | 's' => spec.text(out, text),
            'x' | 'X' => spec.hex(out, text, verb == 'X'),
            'q' => spec.quoted(out, text),
            _ => self.bad_verb(verb, value),
        }
    }

    fn list(&mut self, type_name: &str, items: &[Value], verb: char) {
        self.open(type_name, "[");
        self.nested(|printer| {
            for (i, item) in items.iter().enumerate() {
                if printer.is_full() {
                    break;
                }
                printer.separate(i);
                printer.value(item, verb);
            }
        });
        self.close();
    }

    fn map<'a>(
        &mut self,
        type_name: &str,
        entries: impl Iterator<Item = (&'a Str, &'a Value)>,
        verb: char,
    ) {
        self.open(type_name, "map[");
        self.nested(|printer| {
            for (i, (key, item)) in entries.enumerate() {
                if printer.is_full() {
                    break;
                }
                printer.separate(i);
                printer.value(&Value::Str(key.clone()), verb);
                printer.out.push(b':');
                printer.value(item, verb);
            }
        });
        self.close();
    }

    /// Prints an object: by its own text where the verb takes a string, item by item, or as its
    /// number.
    fn object(&mut self, object: &dyn Object, verb: char, value: &Value) {
        if verb == 'v' && !self.spec.sharp_v {
            self.text(&object.display(), verb, value);
        } else if let Some(items) = object.items() {
            self.list(object.type_name(), &items, verb);
        } else if let Some(entries) = object.entries() {
            let entries = entries.iter().map(|(key, item)| (key, item));
            self.map(object.type_name(), entries, verb);
        } else if matches!(verb, 's' | 'x' | 'X' | 'q') {
            self.text(&object.display(), verb, value);
        } else if let Some(number) = object.number() {
            self.integer(number, verb, value);
        } else if verb == 'v' {
            self.out.extend_from_slice(&object.display());
        } else {
            self.bad_verb(verb, value);
        }
    }

    /// Prints an address. Ours is always the same, so that equal inputs give equal bytes.
    fn pointer(&mut self, value: &Value) {
        let is_nil = match value {
            Value::List(l) => l.is_nil(),
            Value::Map(m) => m.is_nil(),
            Value::Object(o) if matches!(o.kind(), Kind::Map | Kind::Slice) => false,
            Value::Object(o) if matches!(o.kind(), Kind::Ptr | Kind::Func) => !o.is_true(),
            _ => return self.bad_verb('p', value),
        };
        let address = Bits {
            bits: if is_nil { 0 } else { ADDRESS },
            signed: false,
        };
        let spec = Spec {
            sharp: !self.spec.sharp,
            ..self.spec
        };
        spec.integer(&mut self.out, address, 16, 'p');
    }

    /// Prints what is inside a container, unless that is nested too deep.
    fn nested(&mut self, print: impl FnOnce(&mut Printer)) {
        if self.depth >= MAX_FORMAT_DEPTH {
            self.raw("<too deep>");
            return;
        }
        self.depth += 1;
        stacker::maybe_grow(64 * 1024, 1024 * 1024, || print(self));
        self.depth -= 1;
    }

    fn open(&mut self, type_name: &str, plain: &str) {
        if self.spec.sharp_v {
            self.raw(type_name);
            self.raw("{");
        } else {
            self.raw(plain);
        }
    }

    fn separate(&mut self, index: usize) {
        if index > 0 {
            self.raw(if self.spec.sharp_v { ", " } else { " " });
        }
    }

    fn close(&mut self) {
        self.raw(if self.spec.sharp_v { "}" } else { "]" });
    }

    fn nil(&mut self, type_name: &str) {
        self.raw(type_name);
        self.raw("(nil)");
    }

    /// Tells of a verb that does not fit: `%!d(string=x)`.
    fn bad_verb(&mut self, verb: char, value: &Value) {
        self.complaint(verb, "(");
        if matches!(value, Value::Nil) {
            self.raw("<nil>");
        } else {
            self.raw(value.type_name());
            self.raw("=");
            self.argument(value, 'v');
        }
        self.raw(")");
    }

    fn complaint(&mut self, verb: char, what: &str) {
        self.raw("%!");
        self.raw(verb.encode_utf8(&mut [0; 4]));
        self.raw(what);
    }

    fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }
}
