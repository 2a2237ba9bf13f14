//! Lays out YAML text as the emitters of go-yaml v2 and v3 do.
//!
//! In: a run of calls, one for each scalar, key, and beginning and end of a collection. Out: block
//! style text, indented by two, with a line feed at its end. Refuses nothing; the caller sees to it
//! that keys and values alternate.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::style::{self, Analysis, Style};

/// Whose rules apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Engine {
    /// go-yaml v2 (`toYaml`).
    V2,
    /// go-yaml v3 (`toYamlPretty`).
    V3,
}

/// Columns by which each level is indented.
const INDENT: usize = 2;

/// go-yaml v2 folds text at the first space beyond this column; v3 never does.
const WIDTH: usize = 80;

/// The longest ordinary key in bytes.
const MAX_SIMPLE_KEY: usize = 128;

/// The length of a line of base64.
const BASE64_LINE: usize = 70;

/// Text in the making.
pub(super) struct Emitter {
    engine: Engine,
    out: String,
    /// Characters on the current line.
    column: usize,
    /// The last thing written was a line break, or nothing was written yet.
    at_line_start: bool,
    /// The next scalar must be set off by a space.
    needs_space: bool,
    levels: Vec<Level>,
}

/// A collection that is being written.
struct Level {
    is_list: bool,
    indent: usize,
    /// The next item goes on the line where the collection was begun.
    is_inline: bool,
    /// The key that waits for its value was written with `?`.
    explicit_key: bool,
}

impl Emitter {
    /// Starts an empty document.
    pub(super) fn new(engine: Engine) -> Emitter {
        Emitter {
            engine,
            out: String::new(),
            column: 0,
            at_line_start: true,
            needs_space: false,
            levels: Vec::new(),
        }
    }

    /// The number of bytes written so far.
    pub(super) fn len(&self) -> usize {
        self.out.len()
    }

    /// Ends the document.
    pub(super) fn finish(mut self) -> String {
        if !self.at_line_start {
            self.out.push('\n');
        }
        self.out
    }

    /// Writes a value whose text is plain: null, a boolean, a number.
    pub(super) fn plain(&mut self, text: &str) {
        self.begin_node();
        self.space();
        self.put_str(text);
    }

    /// Writes a string.
    pub(super) fn string(&mut self, bytes: &[u8]) {
        self.begin_node();
        self.scalar(&Text::of(bytes), false);
    }

    /// Writes a key; its value must follow.
    pub(super) fn key(&mut self, bytes: &[u8]) {
        let text = Text::of(bytes);
        self.begin_entry();
        let multiline = text.text.contains(style::is_break);
        let simple = text.length() <= MAX_SIMPLE_KEY && !multiline;
        if !simple {
            self.put('?');
            self.needs_space = true;
        }
        self.scalar(&text, simple);
        if !simple {
            self.begin_entry();
        }
        self.put(':');
        self.needs_space = true;
        if let Some(level) = self.levels.last_mut() {
            level.explicit_key = !simple;
        }
    }

    /// Begins a list; its items must follow, and [`Emitter::end`] unless it is empty.
    pub(super) fn begin_list(&mut self, len: usize) {
        if len == 0 {
            self.plain("[]");
        } else {
            self.begin_collection(true);
        }
    }

    /// Begins a map; its entries must follow, and [`Emitter::end`] unless it is empty.
    pub(super) fn begin_map(&mut self, len: usize) {
        if len == 0 {
            self.plain("{}");
        } else {
            self.begin_collection(false);
        }
    }

    /// Ends the innermost collection.
    pub(super) fn end(&mut self) {
        self.levels.pop();
    }

    fn begin_collection(&mut self, is_list: bool) {
        self.begin_node();
        let (indent, is_inline) = match self.levels.last() {
            None => (0, true),
            Some(parent) if parent.is_list || parent.explicit_key => (parent.indent + INDENT, true),
            Some(parent) if is_list && self.engine == Engine::V2 => (parent.indent, false),
            Some(parent) => (parent.indent + INDENT, false),
        };
        self.levels.push(Level {
            is_list,
            indent,
            is_inline,
            explicit_key: false,
        });
    }

    /// Writes the `-` of a list item; map values have had their `:`.
    fn begin_node(&mut self) {
        if self.levels.last().is_some_and(|level| level.is_list) {
            self.begin_entry();
            self.put('-');
            self.needs_space = true;
        }
    }

    /// Goes to where the next item or key of the innermost collection begins.
    fn begin_entry(&mut self) {
        let Some(level) = self.levels.last_mut() else {
            return;
        };
        let indent = level.indent;
        if std::mem::take(&mut level.is_inline) {
            self.space();
        } else {
            self.needs_space = false;
            self.new_line(indent);
        }
    }

    fn new_line(&mut self, indent: usize) {
        if !self.at_line_start {
            self.line_break('\n');
        }
        while self.column < indent {
            self.put(' ');
        }
    }

    fn line_break(&mut self, c: char) {
        self.out.push(c);
        self.column = 0;
        self.at_line_start = true;
    }

    fn space(&mut self) {
        if std::mem::take(&mut self.needs_space) {
            self.put(' ');
        }
    }

    fn put(&mut self, c: char) {
        self.out.push(c);
        self.column += 1;
        self.at_line_start = false;
    }

    fn put_str(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += text.chars().count();
        self.at_line_start = false;
    }

    fn scalar(&mut self, text: &Text<'_>, simple_key: bool) {
        let analysis = Analysis::of(&text.text, self.engine);
        let style = if text.is_binary {
            self.space();
            self.put_str("!!binary");
            self.needs_space = true;
            analysis.of_base64(&text.text)
        } else {
            style::of_string(&text.text, analysis, self.engine, simple_key)
        };
        let indent = self.levels.last().map_or(0, |level| level.indent) + INDENT;
        let width = match self.engine {
            Engine::V2 if !simple_key => Some(WIDTH),
            _ => None,
        };
        self.space();
        match style {
            Style::Plain => self.flow_text(&text.text, indent, width, false),
            Style::Single => {
                self.put('\'');
                self.flow_text(&text.text, indent, width, true);
                self.put('\'');
            }
            Style::Double => self.double_quoted(&text.text, indent, width),
            Style::Literal => self.literal(&text.text, indent),
        }
    }

    /// Writes plain text or the inside of single quotes.
    fn flow_text(&mut self, text: &str, indent: usize, width: Option<usize>, quoted: bool) {
        if width.is_none_or(|width| self.column + text.len() <= width)
            && !text.contains(|c| c == '\'' || style::is_break(c))
        {
            self.put_str(text);
            return;
        }
        let mut after_space = false;
        let mut after_break = false;
        for (i, c) in text.char_indices() {
            let rest = &text[i + c.len_utf8()..];
            if c == ' ' {
                let inside = !quoted || (i > 0 && !rest.is_empty());
                if inside
                    && !after_space
                    && width.is_some_and(|width| self.column > width)
                    && !rest.starts_with(' ')
                {
                    self.new_line(indent);
                } else {
                    self.put(c);
                }
                after_space = true;
            } else if style::is_break(c) {
                // Only U+2028 and U+2029 come here: other breaks mean double quotes or a literal.
                self.line_break(c);
                after_break = true;
            } else {
                if after_break {
                    self.new_line(indent);
                }
                if quoted && c == '\'' {
                    self.put('\'');
                }
                self.put(c);
                after_space = false;
                after_break = false;
            }
        }
    }

    fn double_quoted(&mut self, text: &str, indent: usize, width: Option<usize>) {
        // Go asks at every character whether the text begins with a byte-order mark.
        let escape_all = text.starts_with('\u{feff}');
        self.put('"');
        let mut after_space = false;
        for (i, c) in text.char_indices() {
            let rest = &text[i + c.len_utf8()..];
            let escaped = escape_all
                || !style::is_printable(c)
                || style::is_break(c)
                || c == '"'
                || c == '\\';
            if escaped {
                self.escape(c);
                after_space = false;
            } else if c == ' ' {
                let inside = i > 0 && !rest.is_empty();
                if inside && !after_space && width.is_some_and(|width| self.column > width) {
                    self.new_line(indent);
                    if rest.starts_with(' ') {
                        self.put('\\');
                    }
                } else {
                    self.put(c);
                }
                after_space = true;
            } else {
                self.put(c);
                after_space = false;
            }
        }
        self.put('"');
    }

    fn escape(&mut self, c: char) {
        let short = match c {
            '\0' => '0',
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{b}' => 'v',
            '\u{c}' => 'f',
            '\r' => 'r',
            '\u{1b}' => 'e',
            '"' => '"',
            '\\' => '\\',
            '\u{85}' => 'N',
            '\u{a0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ => {
                let code = u32::from(c);
                let escape = match code {
                    0..=0xff => format!("\\x{code:02X}"),
                    0x100..=0xffff => format!("\\u{code:04X}"),
                    _ => format!("\\U{code:08X}"),
                };
                self.put_str(&escape);
                return;
            }
        };
        self.put('\\');
        self.put(short);
    }

    fn literal(&mut self, text: &str, indent: usize) {
        self.put('|');
        if text.starts_with(|c| c == ' ' || style::is_break(c)) {
            self.put('2');
        }
        let mut from_end = text.chars().rev().map(style::is_break);
        match (from_end.next(), from_end.next()) {
            (Some(true), Some(false)) => {}
            (Some(true), _) => self.put('+'),
            _ => self.put('-'),
        }
        self.line_break('\n');
        for c in text.chars() {
            if style::is_break(c) {
                self.line_break(c);
            } else {
                if self.at_line_start {
                    self.new_line(indent);
                }
                self.put(c);
            }
        }
    }
}

/// A string as it is written: bytes that are not UTF-8 become tagged base64.
struct Text<'a> {
    text: std::borrow::Cow<'a, str>,
    is_binary: bool,
}

impl Text<'_> {
    fn of(bytes: &[u8]) -> Text<'_> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Text {
                text: text.into(),
                is_binary: false,
            },
            Err(_) => Text {
                text: base64_lines(bytes).into(),
                is_binary: true,
            },
        }
    }

    /// The length that decides whether a key is an ordinary one; a tag counts.
    fn length(&self) -> usize {
        let tag = if self.is_binary { "!!binary".len() } else { 0 };
        self.text.len() + tag
    }
}

/// Base64 in lines, each ended if there are several.
fn base64_lines(bytes: &[u8]) -> String {
    let encoded = STANDARD.encode(bytes);
    if encoded.len() < BASE64_LINE {
        return encoded;
    }
    let mut out = String::with_capacity(encoded.len() + encoded.len() / BASE64_LINE + 1);
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(BASE64_LINE));
        out.push_str(line);
        out.push('\n');
        rest = after;
    }
    out
}
