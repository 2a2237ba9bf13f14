//! The formats of santhosh-tekuri/jsonschema v6.
//!
//! In: a text. Out: whether it has the format. Refused with that package's texts, or those of the
//! packages of Go that it asks.

use crate::funcs::address::parse_address;
use crate::funcs::dates::check_date;
use crate::funcs::regex::translate;
use crate::funcs::url::Url;
use crate::value::printf::quote;
use crate::value::quote::quote_char;

/// Checks a text.
pub(super) type Check = fn(&str) -> Result<(), String>;

/// Every format by its name.
pub(super) const FORMATS: [(&str, Check); 19] = [
    ("date", |text| date(text.as_bytes())),
    ("date-time", date_time),
    ("duration", duration),
    ("email", email),
    ("hostname", hostname),
    ("ipv4", ipv4),
    ("ipv6", ipv6),
    ("iri", uri),
    ("iri-reference", uri_reference),
    ("json-pointer", json_pointer),
    ("period", period),
    ("regex", |text| translate(text).map(|_| ())),
    ("relative-json-pointer", relative_json_pointer),
    ("semver", semver),
    ("time", |text| time(text.as_bytes())),
    ("uri", uri),
    ("uri-reference", uri_reference),
    ("uri-template", uri_template),
    ("uuid", uuid),
];

type Checked = Result<(), String>;

fn refuse(text: &str) -> Checked {
    Err(text.to_owned())
}

fn within(what: &str, checked: Checked) -> Checked {
    checked.map_err(|e| format!("{what}: {e}"))
}

fn n_digits(text: &[u8]) -> usize {
    text.iter().take_while(|b| b.is_ascii_digit()).count()
}

fn json_pointer(text: &str) -> Checked {
    if text.is_empty() {
        return Ok(());
    }
    let Some(rest) = text.strip_prefix('/') else {
        return refuse("not starting with /");
    };
    let is_plain = |token: &str| {
        let mut after_tildes = token.split('~').skip(1);
        after_tildes.all(|rest| rest.starts_with(['0', '1']))
    };
    if rest.split('/').all(is_plain) {
        return Ok(());
    }
    refuse("~ must be followed by 0 or 1")
}

fn relative_json_pointer(text: &str) -> Checked {
    let n_digits = n_digits(text.as_bytes());
    if n_digits == 0 {
        return refuse("must start with non-negative integer");
    }
    if n_digits > 1 && text.starts_with('0') {
        return refuse("starts with zero");
    }
    match &text[n_digits..] {
        "#" => Ok(()),
        pointer => json_pointer(pointer),
    }
}

fn uuid(text: &str) -> Checked {
    const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];
    let groups: Vec<&str> = text.split('-').collect();
    if groups.len() != GROUPS.len() {
        return refuse("must have 5 elements");
    }
    for (i, (group, want)) in groups.iter().zip(GROUPS).enumerate() {
        if group.len() != want {
            let i = i + 1;
            return Err(format!("element {i} must be {want} characters long"));
        }
        if let Some(c) = group.chars().find(|c| !c.is_ascii_hexdigit()) {
            return Err(format!("non-hex character {}", quote_char(c)));
        }
    }
    Ok(())
}

fn duration(text: &str) -> Checked {
    const UNITS: [&[u8]; 2] = [b"YMD", b"HMS"];
    let Some(text) = text.strip_prefix('P') else {
        return refuse("must start with P");
    };
    if text.is_empty() {
        return refuse("nothing after P");
    }
    if let Some(weeks) = text.strip_suffix('W') {
        return match weeks {
            "" => refuse("no number in week"),
            _ if n_digits(weeks.as_bytes()) == weeks.len() => Ok(()),
            _ => refuse("invalid week"),
        };
    }
    for (i, part) in text.split('T').enumerate() {
        if i > 0 && part.is_empty() {
            return refuse("no time elements");
        }
        let Some(all) = UNITS.get(i) else {
            return refuse("more than one T");
        };
        let (mut units, mut rest) = (*all, part.as_bytes());
        while !rest.is_empty() {
            let n_digits = n_digits(rest);
            if n_digits == 0 {
                return refuse("missing number");
            }
            let Some((&unit, after)) = rest[n_digits..].split_first() else {
                return refuse("missing unit");
            };
            let Some(at) = units.iter().position(|known| *known == unit) else {
                let quoted = quote_char(char::from(unit));
                return Err(match all.contains(&unit) {
                    true => format!("unit {quoted} out of order"),
                    false => format!("invalid unit {quoted}"),
                });
            };
            (units, rest) = (&units[at + 1..], after);
        }
    }
    Ok(())
}

/// Go's `strconv.Atoi`.
fn atoi(text: &[u8]) -> Result<i64, String> {
    let fail = |what: &str| format!("strconv.Atoi: parsing {}: {what}", quote(text));
    let digits = match text {
        [b'+' | b'-', digits @ ..] => digits,
        digits => digits,
    };
    if digits.is_empty() || n_digits(digits) < digits.len() {
        return Err(fail("invalid syntax"));
    }
    let number = std::str::from_utf8(text).ok().and_then(|t| t.parse().ok());
    number.ok_or_else(|| fail("value out of range"))
}

fn ipv4(text: &str) -> Checked {
    let groups: Vec<&str> = text.split('.').collect();
    if groups.len() != 4 {
        return refuse("expected four decimals");
    }
    for group in groups {
        if group.len() > 1 && group.starts_with('0') {
            return refuse("leading zeros");
        }
        if !(0..=255).contains(&atoi(group.as_bytes())?) {
            return refuse("decimal must be between 0 and 255");
        }
    }
    Ok(())
}

fn ipv6(text: &str) -> Checked {
    if !text.contains(':') {
        return refuse("missing colon");
    }
    parse_address(text.as_bytes())?;
    if text.contains('%') {
        return refuse("zone id is not a part of ipv6 address");
    }
    Ok(())
}

fn hostname(text: &str) -> Checked {
    let text = text.strip_suffix('.').unwrap_or(text);
    if text.len() > 253 {
        return refuse("more than 253 characters long");
    }
    for label in text.split('.') {
        if !(1..=63).contains(&label.len()) {
            return refuse("label must be 1 to 63 characters long");
        }
        if label.starts_with('-') {
            return refuse("label starts with hyphen");
        }
        if label.ends_with('-') {
            return refuse("label ends with hyphen");
        }
        let is_invalid = |c: &char| !c.is_ascii_alphanumeric() && *c != '-';
        if let Some(c) = label.chars().find(is_invalid) {
            return Err(format!("invalid character {}", quote_char(c)));
        }
    }
    Ok(())
}

fn email(text: &str) -> Checked {
    if text.len() > 254 {
        return refuse("more than 255 characters long");
    }
    let Some((local, domain)) = text.rsplit_once('@') else {
        return refuse("missing @");
    };
    if local.len() > 64 {
        return refuse("local part more than 64 characters long");
    }
    // Go looks for the quote at the beginning twice and never for the one at the end.
    if local.len() > 1 && local.starts_with('"') {
        let inner = &local.as_bytes()[1..local.len() - 1];
        if inner.iter().any(|b| b"\\\"".contains(b)) {
            return refuse("backslash and quote are not allowed within quoted local part");
        }
    } else {
        local_part(local)?;
    }
    let address = domain
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    match address {
        Some(address) => match address.strip_prefix("IPv6:") {
            Some(address) => within("invalid ipv6 address", ipv6(address)),
            None => within("invalid ipv4 address", ipv4(address)),
        },
        None => within("invalid domain", hostname(domain)),
    }
}

fn local_part(text: &str) -> Checked {
    if text.starts_with('.') {
        return refuse("starts with dot");
    }
    if text.ends_with('.') {
        return refuse("ends with dot");
    }
    if text.contains("..") {
        return refuse("consecutive dots");
    }
    let is_invalid = |c: &char| !c.is_ascii_alphanumeric() && !".!#$%&'*+-/=?^_`{|}~".contains(*c);
    match text.chars().find(is_invalid) {
        Some(c) => Err(format!("invalid character {}", quote_char(c))),
        None => Ok(()),
    }
}

fn date(text: &[u8]) -> Checked {
    check_date(b"2006-01-02", text)
}

fn time(text: &[u8]) -> Checked {
    if text.len() < 9 {
        return refuse("less than 9 characters long");
    }
    if text[2] != b':' || text[5] != b':' {
        return refuse("missing colon in correct place");
    }
    let (clock, mut rest) = text.split_at(8);
    let mut fields = [0; 3];
    for (field, token) in fields.iter_mut().zip(clock.splitn(3, |b| *b == b':')) {
        *field = atoi(token).map_err(|_| "invalid hour/min/sec".to_owned())?;
        if *field < 0 {
            return refuse("non-positive hour/min/sec");
        }
    }
    let [hour, minute, second] = fields;
    if hour > 23 || minute > 59 || second > 60 {
        return refuse("hour/min/sec out of range");
    }
    if let Some(fraction) = rest.strip_prefix(b".") {
        let n_digits = n_digits(fraction);
        if n_digits == 0 {
            return refuse("no digits in second fraction");
        }
        rest = &fraction[n_digits..];
    }
    let mut minutes = hour * 60 + minute;
    if !matches!(rest, b"z" | b"Z") {
        minutes -= offset(rest)?;
        if minutes < 0 {
            minutes += 24 * 60;
        }
    }
    if second >= 60 && minutes != 23 * 60 + 59 {
        return refuse("invalid leap second");
    }
    Ok(())
}

/// The minutes of an offset from universal time, `+02:00`.
fn offset(text: &[u8]) -> Result<i64, String> {
    let fail = |message: &str| Err(message.to_owned());
    if text.len() != 6 {
        return fail("offset must be 6 characters long");
    }
    let sign = match text[0] {
        b'+' => 1,
        b'-' => -1,
        _ => return fail("offset must begin with plus/minus"),
    };
    let text = &text[1..];
    if text[2] != b':' {
        return fail("missing colon in offset in correct place");
    }
    let mut fields = [0; 2];
    for (field, token) in fields.iter_mut().zip(text.splitn(2, |b| *b == b':')) {
        *field = atoi(token).map_err(|_| "invalid hour/min in offset".to_owned())?;
        if *field < 0 {
            return fail("non-positive hour/min in offset");
        }
    }
    let [hours, minutes] = fields;
    if hours > 23 || minutes > 59 {
        return fail("hour/min in offset out of range");
    }
    Ok(sign * (hours * 60 + minutes))
}

fn date_time(text: &str) -> Checked {
    let text = text.as_bytes();
    if text.len() < 20 {
        return refuse("less than 20 characters long");
    }
    if !matches!(text[10], b't' | b'T') {
        return refuse("11th character must be t or T");
    }
    within("invalid date element", date(&text[..10]))?;
    within("invalid time element", time(&text[11..]))
}

fn parse_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text.as_bytes())?;
    let host = String::from_utf8_lossy(url.hostname()).into_owned();
    if host.contains(':') {
        if !(url.host.contains(&b'[') && url.host.contains(&b']')) {
            return Err("ipv6 address not enclosed in brackets".to_owned());
        }
        within("invalid ipv6 address", ipv6(&host))?;
    }
    Ok(url)
}

fn uri(text: &str) -> Checked {
    match parse_url(text)?.scheme.is_empty() {
        true => refuse("relative url"),
        false => Ok(()),
    }
}

/// Checks a URL that may be relative.
pub(super) fn uri_reference(text: &str) -> Checked {
    if text.contains('\\') {
        return refuse("contains \\");
    }
    parse_url(text).map(|_| ())
}

fn uri_template(text: &str) -> Checked {
    let url = parse_url(text)?;
    // Go looks at the path as it is written, which it keeps only if it would write another.
    let Some(path) = url.raw_path else {
        return Ok(());
    };
    for token in path.split(|b| *b == b'/') {
        let mut is_open = false;
        for brace in braces(token) {
            if (brace == b'{') == is_open {
                return refuse("nested curly braces");
            }
            is_open = !is_open;
        }
        if is_open {
            return refuse("no matching closing brace");
        }
    }
    Ok(())
}

/// The braces of a part of a path, escaped or not.
fn braces(text: &[u8]) -> impl Iterator<Item = u8> {
    text.iter().enumerate().filter_map(|(i, byte)| {
        let escape = text.get(i + 1..i + 3).unwrap_or_default();
        match byte {
            b'{' | b'}' => Some(*byte),
            b'%' if escape.eq_ignore_ascii_case(b"7b") => Some(b'{'),
            b'%' if escape.eq_ignore_ascii_case(b"7d") => Some(b'}'),
            _ => None,
        }
    })
}

fn period(text: &str) -> Checked {
    let Some((start, end)) = text.split_once('/') else {
        return refuse("missing slash");
    };
    if start.starts_with('P') {
        within("invalid start duration", duration(start))?;
        return within("invalid end date-time", date_time(end));
    }
    within("invalid start date-time", date_time(start))?;
    if end.starts_with('P') {
        return within("invalid end duration", duration(end));
    }
    within("invalid end date-time", date_time(end))
}

fn semver(text: &str) -> Checked {
    let is_other = |c: &char| !c.is_ascii_alphanumeric() && *c != '-';
    let (text, build) = match text.split_once('+') {
        Some((text, build)) => (text, Some(build)),
        None => (text, None),
    };
    if build == Some("") {
        return refuse("build is empty");
    }
    for id in build.iter().flat_map(|build| build.split('.')) {
        if id.is_empty() {
            return refuse("build identifier is empty");
        }
        if let Some(c) = id.chars().find(is_other) {
            let c = quote_char(c);
            return Err(format!("invalid character {c} in build identifier"));
        }
    }
    let (core, pre_release) = match text.split_once('-') {
        Some((core, pre_release)) => (core, Some(pre_release)),
        None => (text, None),
    };
    for id in pre_release.iter().flat_map(|ids| ids.split('.')) {
        if id.is_empty() {
            return refuse("pre-release identifier is empty");
        }
        if let Some(c) = id.chars().find(is_other) {
            let c = quote_char(c);
            return Err(format!("invalid character {c} in pre-release identifier"));
        }
        if n_digits(id.as_bytes()) == id.len() && id.len() > 1 && id.starts_with('0') {
            return refuse("pre-release numeric identifier starts with zero");
        }
    }
    let numbers: Vec<&str> = core.split('.').collect();
    if numbers.len() != 3 {
        return refuse("versionCore must have 3 numbers separated by dot");
    }
    for (number, name) in numbers.iter().zip(["major", "minor", "patch"]) {
        if number.is_empty() {
            return Err(format!("{name} is empty"));
        }
        if number.len() > 1 && number.starts_with('0') {
            return Err(format!("{name} starts with zero"));
        }
        if n_digits(number.as_bytes()) < number.len() {
            return Err(format!("{name} contains non-digit"));
        }
    }
    Ok(())
}
