//! Go's `fmt`: `Sprintf`, `Sprint`, `Sprintln`.
//!
//! In: a format and values. Out: bytes. Nothing is refused; as in Go, what is wrong with a
//! directive stands in the text (`%!d(string=x)`). Values nested deeper than
//! [`MAX_FORMAT_DEPTH`](crate::limits::MAX_FORMAT_DEPTH) print as `<too deep>`. Printing stops once more than
//! [`MAX_FORMAT_BYTES`] have been written: a longer result is incomplete, and whoever passes it on
//! should say so. (Go would exhaust its stack or memory on both.)

use super::printer::Printer;
use super::spec::Spec;
use super::{Kind, Value};
use crate::limits::MAX_FORMAT_BYTES;

pub use super::quote::quote;

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

/// Appends what a template action prints: `%v` of the value, or of what it points to.
pub(crate) fn append_target(out: &mut Vec<u8>, value: &Value) {
    let start = out.len();
    append(out, value);
    if value.kind() == Kind::Ptr && out[start..].starts_with(b"&") {
        out.remove(start);
    }
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
                spec.plus_v = spec.plus;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::MAX_FORMAT_DEPTH;
    use crate::value::{Map, escape, format, recorded};

    /// Calls what `testdata/format/` names.
    fn call(name: &str, args: &[Value]) -> Vec<u8> {
        let text = || args[0].as_str().unwrap();
        match name {
            "printf" => sprintf(text(), &args[1..]),
            "print" => sprint(args),
            "println" => sprintln(args),
            "strconv.Quote" => quote(text()).into_bytes(),
            "html" => escape::html(text()),
            "js" => escape::js(text()),
            "urlquery" => escape::urlquery(text()),
            "float32" => match args[0] {
                Value::Float(f) => format::float32(f).into_bytes(),
                _ => panic!("float32 takes a float"),
            },
            _ => panic!("unknown function {name}"),
        }
    }

    #[test]
    fn prints_as_recorded() {
        let mut failed = Vec::new();
        for case in recorded::cases("format", |go_type, _| panic!("unknown type {go_type}")) {
            let ours = Ok(Value::str(call(&case.name, &case.args)));
            if !case.result.is(&ours) {
                failed.push(format!(
                    "{} {} {:?}\n  ours   {ours:?}\n  theirs {:?}",
                    case.place, case.name, case.args, case.result
                ));
            }
        }
        assert!(
            failed.is_empty(),
            "{} failed\n{}",
            failed.len(),
            failed.join("\n")
        );
    }

    /// `depth` lists, each the only item of the next.
    fn tower(depth: usize) -> Value {
        (1..depth).fold(Value::list(vec![]), |inner, _| Value::list(vec![inner]))
    }

    #[test]
    fn depth_is_bounded() {
        let text = sprint(&[tower(MAX_FORMAT_DEPTH)]);
        assert_eq!(text.len(), 2 * MAX_FORMAT_DEPTH);
        let text = sprint(&[tower(MAX_FORMAT_DEPTH + 1)]);
        assert!(text.windows(10).any(|w| w == b"<too deep>"));
        assert_eq!(text.len(), 2 * (MAX_FORMAT_DEPTH + 1) + 10);
    }

    #[test]
    fn cycles_end() {
        let map = Map::new();
        map.insert("self", map.clone().into()).unwrap();
        let text = sprintf(b"%v", &[map.into()]);
        assert!(text.starts_with(b"map[self:map[self:"));
        assert!(text.windows(10).any(|w| w == b"<too deep>"));
    }

    #[test]
    fn size_is_bounded() {
        let doubled = (0..40).fold(Value::from("x"), |v, _| Value::list(vec![v.clone(), v]));
        let mut printer = Printer::new();
        printer.end = 1000;
        printer.argument(&doubled, 'v');
        assert!((1001..1100).contains(&printer.out.len()));

        let format = b"%9000000d".repeat(20);
        let unused = sprintf(&format, &[]);
        assert!(
            unused.len() < 1000,
            "a width without an operand costs nothing"
        );
        let wide = sprintf(&format, &vec![Value::int(1); 20]);
        assert!((MAX_FORMAT_BYTES..MAX_FORMAT_BYTES + 9_000_001).contains(&wide.len()));
    }

    #[test]
    fn addresses_are_always_the_same() {
        let args = [Value::list(vec![]), Map::new().into(), Value::int(1)];
        let text = sprintf(b"%p %#p %p", &args);
        assert_eq!(text, b"0xc000000000 c000000000 %!p(int=1)");
    }
}
