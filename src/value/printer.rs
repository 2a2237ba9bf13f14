//! Prints values under one directive of a format.
//!
//! In: flags, a verb, a value of any kind. Out: what Go's `fmt` prints, methods and struct fields
//! included. Pointers inside of other values print what they point to: an address would differ from
//! run to run.

use super::spec::{Bits, Spec};
use super::{Int, Kind, List, ListType, Object, Str, Value};
use crate::limits::{MAX_FORMAT_BYTES, MAX_FORMAT_DEPTH};

/// What `%p` prints for anything that is not nil.
const ADDRESS: u64 = 0xc0_0000_0000;

/// Prints values under one directive.
pub(super) struct Printer {
    pub(super) out: Vec<u8>,
    pub(super) spec: Spec,
    /// How many containers are open.
    depth: usize,
    /// The length of `out` after which nothing more is printed.
    pub(super) end: usize,
    /// Whether `String` methods are out of reach: below an unexported field, and where a verb that
    /// does not fit is told of.
    plain: bool,
}

impl Printer {
    pub(super) fn new() -> Printer {
        Printer {
            out: Vec::new(),
            spec: Spec::default(),
            depth: 0,
            end: MAX_FORMAT_BYTES,
            plain: false,
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.out.len() > self.end
    }

    /// Prints an operand.
    pub(super) fn argument(&mut self, value: &Value, verb: char) {
        match (value, verb) {
            (Value::Nil, 'v' | 'T') => self.spec.pad(&mut self.out, b"<nil>"),
            (Value::Nil, _) => self.bad_verb(verb, value),
            (_, 'T') => self.spec.text(&mut self.out, value.type_name().as_bytes()),
            (_, 'p') => self.pointer(value),
            // Go: a byte slice has its type written `[]byte` only when it is the operand itself.
            (Value::List(l), 'v') if l.list_type() == ListType::Bytes => {
                self.list("[]byte", l, verb)
            }
            (Value::List(l), 'w') if l.list_type() == ListType::Bytes => self.value(value, verb),
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
                _ => self.list(l.list_type().name(), l, verb),
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

    fn list(&mut self, type_name: &str, list: &List, verb: char) {
        if list.is_nil() && self.spec.sharp_v {
            self.nil(type_name);
        } else {
            self.items(type_name, &list.items(), verb);
        }
    }

    fn items(&mut self, type_name: &str, items: &[Value], verb: char) {
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

    /// Prints an object: by its own text where the verb takes a string, else by what it is made of.
    fn object(&mut self, object: &dyn Object, verb: char, value: &Value) {
        if !self.plain && self.spec.sharp_v {
            if let Some(text) = object.go_string() {
                return self.spec.text(&mut self.out, text.as_bytes());
            }
        } else if !self.plain
            && matches!(verb, 'v' | 's' | 'x' | 'X' | 'q')
            && let Some(text) = object.string()
        {
            return self.text(&text, verb, value);
        }
        if let Some(items) = object.items() {
            self.items(object.type_name(), &items, verb);
        } else if let Some(entries) = object.entries() {
            let entries = entries.iter().map(|(key, item)| (key, item));
            self.map(object.type_name(), entries, verb);
        } else if self.depth > 0
            && object.kind() == Kind::Ptr
            && !matches!(verb, 'v' | 'b' | 'o' | 'd' | 'x' | 'X')
        {
            // Go sees an address here, which these verbs do not print.
            self.bad_verb(verb, value);
        } else if let Some(fields) = object.fields() {
            self.fields(object, &fields, verb);
        } else if let Some(number) = object.number() {
            self.integer(number, verb, value);
        } else if let Some((re, im)) = object.complex() {
            self.complex(re, im, verb, value);
        } else if let Some(text) = object.string().filter(|_| verb == 'v') {
            self.text(&text, verb, value);
        } else {
            self.bad_verb(verb, value);
        }
    }

    /// Prints a struct, or a pointer to one.
    fn fields(&mut self, object: &dyn Object, fields: &[(&str, Value)], verb: char) {
        let type_name = object.type_name();
        let (before, type_name) = match object.kind() {
            Kind::Ptr => ("&", type_name.trim_start_matches('*')),
            _ => ("", type_name),
        };
        self.raw(before);
        self.raw(if self.spec.sharp_v { type_name } else { "" });
        self.raw("{");
        self.nested(|printer| {
            for (i, (name, field)) in fields.iter().enumerate() {
                if printer.is_full() {
                    break;
                }
                printer.separate(i);
                if printer.spec.plus_v || printer.spec.sharp_v {
                    printer.raw(name);
                    printer.raw(":");
                }
                let plain = printer.plain;
                printer.plain |= name.starts_with(|c: char| c.is_lowercase());
                printer.value(field, verb);
                printer.plain = plain;
            }
        });
        self.raw("}");
    }

    fn complex(&mut self, re: f64, im: f64, verb: char, value: &Value) {
        if !matches!(
            verb,
            'v' | 'b' | 'g' | 'G' | 'x' | 'X' | 'f' | 'F' | 'e' | 'E'
        ) {
            return self.bad_verb(verb, value);
        }
        let plus = self.spec.plus;
        self.raw("(");
        self.float(re, verb, value);
        self.spec.plus = true;
        self.float(im, verb, value);
        self.raw("i)");
        self.spec.plus = plus;
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
            let plain = std::mem::replace(&mut self.plain, true);
            let depth = std::mem::replace(&mut self.depth, 0);
            self.argument(value, 'v');
            (self.plain, self.depth) = (plain, depth);
        }
        self.raw(")");
    }

    pub(super) fn complaint(&mut self, verb: char, what: &str) {
        self.raw("%!");
        self.raw(verb.encode_utf8(&mut [0; 4]));
        self.raw(what);
    }

    fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }
}
