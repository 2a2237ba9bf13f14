//! Decoding parsed YAML into structs as Go's `encoding/json` does behind sigs.k8s.io/yaml: keys
//! match without regard to case, unknown ones are skipped, scalars become text where text is
//! wanted, null changes nothing, lists are decoded over what is already there, and the first type
//! error is reported after everything else has been decoded.

use std::collections::BTreeMap;

use crate::helm::HelmCompat;
use crate::value::Tree;
use crate::values::float32_text;

/// A struct whose fields can be decoded.
pub(super) trait Decode {
    /// Go's name of the struct, without its package.
    const TYPE: &'static str;
    /// The names of its fields in Go's order.
    const FIELDS: &'static [&'static str];

    /// Decodes `value` into the field `name`, which is one of [`Decode::FIELDS`].
    fn field(&mut self, name: &str, value: &Tree, decoder: &mut Decoder);
}

/// Decodes `value` into `target`; null leaves it as it is.
///
/// # Errors
///
/// Go's text of the first type error.
pub(super) fn decode<T: Decode>(
    target: &mut T,
    value: &Tree,
    helm: HelmCompat,
) -> Result<(), String> {
    let mut decoder = Decoder {
        package: match helm {
            HelmCompat::V3 => "chart",
            HelmCompat::V4 => "v2",
        },
        structs: Vec::new(),
        path: Vec::new(),
        error: None,
    };
    decoder.fields(target, value);
    match decoder.error {
        Some(error) => Err(format!(
            "error unmarshaling JSON: while decoding JSON: {error}"
        )),
        None => Ok(()),
    }
}

/// Where the decoding is, and its first error.
pub(super) struct Decoder {
    package: &'static str,
    structs: Vec<&'static str>,
    path: Vec<&'static str>,
    error: Option<String>,
}

impl Decoder {
    pub(super) fn string(&mut self, out: &mut String, value: &Tree) {
        match text(value) {
            Some(text) => *out = text,
            None if *value == Tree::Null => {}
            None => self.clash(value, "string"),
        }
    }

    pub(super) fn boolean(&mut self, out: &mut bool, value: &Tree) {
        match value {
            Tree::Bool(b) => *out = *b,
            Tree::Null => {}
            _ => self.clash(value, "bool"),
        }
    }

    pub(super) fn strings(&mut self, out: &mut Vec<String>, value: &Tree) {
        self.list(out, value, "[]string", |decoder, out, item| {
            decoder.string(out, item);
        });
    }

    pub(super) fn structs<T: Decode + Default>(&mut self, out: &mut Vec<Option<T>>, value: &Tree) {
        let list_type = format!("[]*{}.{}", self.package, T::TYPE);
        self.list(out, value, &list_type, |decoder, out, item| match item {
            Tree::Null => *out = None,
            item => decoder.fields(out.get_or_insert_default(), item),
        });
    }

    pub(super) fn string_map(&mut self, out: &mut Option<BTreeMap<String, String>>, value: &Tree) {
        match value {
            Tree::Null => *out = None,
            Tree::Map(entries) => {
                let out = out.get_or_insert_default();
                for (key, value) in entries.iter() {
                    let mut text = String::new();
                    self.string(&mut text, value);
                    out.insert(key.to_string(), text);
                }
            }
            _ => self.clash(value, "map[string]string"),
        }
    }

    /// Decodes the items of a list over the items of `out`, which then has as many.
    pub(super) fn list<T: Default>(
        &mut self,
        out: &mut Vec<T>,
        value: &Tree,
        list_type: &str,
        mut item: impl FnMut(&mut Decoder, &mut T, &Tree),
    ) {
        match value {
            Tree::Null => out.clear(),
            Tree::List(items) => {
                out.resize_with(items.len(), T::default);
                for (out, value) in out.iter_mut().zip(items.iter()) {
                    item(self, out, value);
                }
            }
            _ => self.clash(value, list_type),
        }
    }

    fn fields<T: Decode>(&mut self, target: &mut T, value: &Tree) {
        let entries = match value {
            Tree::Map(entries) => entries,
            Tree::Null => return,
            _ => {
                let type_name = match T::TYPE {
                    "chartBase" => "loader.chartBase".to_owned(),
                    name => format!("{}.{name}", self.package),
                };
                return self.clash(value, &type_name);
            }
        };
        self.structs.push(T::TYPE);
        for (key, value) in entries.iter() {
            let key = key.to_str_lossy();
            let field = T::FIELDS
                .iter()
                .find(|field| **field == key)
                .or_else(|| T::FIELDS.iter().find(|field| fold_equal(field, &key)));
            if let Some(field) = field {
                self.path.push(field);
                target.field(field, value, self);
                self.path.pop();
            }
        }
        self.structs.pop();
    }

    fn clash(&mut self, value: &Tree, wanted: &str) {
        let found = match value {
            Tree::Null => "null",
            Tree::Bool(_) => "bool",
            Tree::Int(_) | Tree::Uint(_) | Tree::Float(_) => "number",
            Tree::Str(_) => "string",
            Tree::List(_) => "array",
            Tree::Map(_) => "object",
        };
        let place = match self.structs.last() {
            Some(name) => format!("struct field {name}.{}", self.path.join(".")),
            None => "value".to_owned(),
        };
        self.error.get_or_insert_with(|| {
            format!("json: cannot unmarshal {found} into Go {place} of type {wanted}")
        });
    }
}

/// The text of a scalar where text is wanted; floats lose digits beyond 32 bits, as in Go.
fn text(value: &Tree) -> Option<String> {
    Some(match value {
        Tree::Str(s) => s.to_string(),
        Tree::Bool(b) => b.to_string(),
        Tree::Int(n) => n.to_string(),
        Tree::Uint(n) => n.to_string(),
        Tree::Float(f) => float32_text(*f),
        Tree::Null | Tree::List(_) | Tree::Map(_) => return None,
    })
}

/// Go folds `ſ` to `s` and the Kelvin sign to `k`.
fn fold_equal(field: &str, key: &str) -> bool {
    let fold = |c: char| match c {
        'ſ' => 's',
        '\u{212A}' => 'k',
        c => c.to_ascii_lowercase(),
    };
    field.chars().map(fold).eq(key.chars().map(fold))
}
