//! Go's ways of printing values.

use super::Value;

/// Go's `%v` (`fmt.Sprint`) of a value; nil is `<nil>`.
pub fn display(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    write_display(&mut out, value);
    out
}

/// Appends Go's `%v` of a value to `out`.
pub fn write_display(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Nil => out.extend_from_slice(b"<nil>"),
        Value::Bool(b) => out.extend_from_slice(if *b { b"true" } else { b"false" }),
        Value::Int(n) => out.extend_from_slice(n.wide().to_string().as_bytes()),
        Value::Float(f) => out.extend_from_slice(float(*f).as_bytes()),
        Value::Str(s) => out.extend_from_slice(s),
        Value::List(l) => {
            out.push(b'[');
            for (i, item) in l.items().iter().enumerate() {
                if i > 0 {
                    out.push(b' ');
                }
                write_display(out, item);
            }
            out.push(b']');
        }
        Value::Map(m) => {
            out.extend_from_slice(b"map[");
            for (i, (key, item)) in m.entries().iter().enumerate() {
                if i > 0 {
                    out.push(b' ');
                }
                out.extend_from_slice(key);
                out.push(b':');
                write_display(out, item);
            }
            out.push(b']');
        }
        Value::Object(o) => out.extend_from_slice(&o.display()),
    }
}

/// Go's `%v` of a float64, `strconv.FormatFloat(f, 'g', -1, 64)`: the shortest digits that
/// round-trip, in exponent form when the decimal exponent is below −4 or at least 6 (`1e+06`).
pub fn float(f: f64) -> String {
    if f.is_nan() {
        return "NaN".to_owned();
    }
    if f.is_infinite() {
        return if f > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let (negative, digits, exponent) = shortest(f);
    let mut out = String::new();
    if negative {
        out.push('-');
    }
    scientific_or_plain(&mut out, &digits, exponent, -4, 6);
    out
}

/// The sign, shortest digits and decimal exponent (of the first digit) of a finite float.
pub fn shortest(f: f64) -> (bool, String, i32) {
    let negative = f.is_sign_negative();
    if f == 0.0 {
        return (negative, "0".to_owned(), 0);
    }
    let mut buffer = ryu::Buffer::new();
    let text = buffer.format_finite(f.abs());
    let (mantissa, exp) = match text.split_once(['e', 'E']) {
        Some((m, e)) => (m, e.parse::<i32>().expect("ryu writes a decimal exponent")),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all: String = [whole, fraction].concat();
    let leading = all.len() - all.trim_start_matches('0').len();
    let exponent = exp + whole.len() as i32 - 1 - leading as i32;
    let digits = all.trim_matches('0').to_owned();
    (negative, digits, exponent)
}

/// Writes `digits` with the exponent form when the exponent is below `low` or at least `high`.
fn scientific_or_plain(out: &mut String, digits: &str, exponent: i32, low: i32, high: i32) {
    if exponent < low || exponent >= high {
        out.push_str(&digits[..1]);
        if digits.len() > 1 {
            out.push('.');
            out.push_str(&digits[1..]);
        }
        let sign = if exponent < 0 { '-' } else { '+' };
        out.push_str(&format!("e{sign}{:02}", exponent.abs()));
    } else if exponent < 0 {
        out.push_str("0.");
        out.extend(std::iter::repeat_n('0', (-exponent - 1) as usize));
        out.push_str(digits);
    } else {
        let point = exponent as usize + 1;
        if digits.len() <= point {
            out.push_str(digits);
            out.extend(std::iter::repeat_n('0', point - digits.len()));
        } else {
            out.push_str(&digits[..point]);
            out.push('.');
            out.push_str(&digits[point..]);
        }
    }
}
