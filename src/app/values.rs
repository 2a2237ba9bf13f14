//! The values of an overlay: files, patches, and what the Application adds.
//!
//! In: the chart's defaults, the files of bases and overlay, parameters. Out: what the user gives to
//! Helm, and the same over the defaults. Refused: files that Helm would refuse, patches that do not
//! fit, `--set` paths that Helm would refuse.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use super::{Allowance, Overlay, join};
use crate::diag::Diagnostic;
use crate::helm::HelmCompat;
use crate::manifest::codec;
use crate::patch::Operations;
use crate::patch::json::{Numbers, from_json, to_json};
use crate::value::{Map, MapType, Tree, TreeMap};
use crate::values::{Merging, Nulls, Room, freeze, merge, parse_values, set};
use crate::yaml;

/// The values file of a base or an overlay when nothing else is set.
pub const DEFAULT_FILE: &str = "values.yaml";

/// The JSON patch on the merged values.
pub const PATCH_FILE: &str = "values.patch.yaml";

/// What the Application adds to the files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Additions {
    /// A YAML text.
    pub values: Option<String>,
    /// `--set` paths and their values.
    pub set: BTreeMap<String, String>,
}

/// The values of one overlay.
#[derive(Debug, Clone, PartialEq)]
pub struct Values {
    /// What goes to Helm as the user's values.
    pub user: Tree,
    /// The chart's defaults.
    defaults: Tree,
}

impl Values {
    /// The user's values over the chart's defaults.
    ///
    /// # Errors
    ///
    /// The values are too deep or too many.
    pub fn merged(&self) -> Result<Tree, Box<Diagnostic>> {
        over_defaults(&self.user, &self.defaults)
    }
}

/// The values files of bases as they were parsed, for the overlays of one process that share them.
#[derive(Debug, Default)]
pub struct ParsedFiles(Mutex<HashMap<(String, HelmCompat), (String, Tree)>>);

impl ParsedFiles {
    /// Parses the `text` of `file`, unless it is the one that was parsed last.
    fn parse(&self, file: &str, text: &str, helm: HelmCompat) -> Result<Tree, Box<Diagnostic>> {
        let key = (file.to_owned(), helm);
        let parsed = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, values)) = parsed().get(&key)
            && known == text
        {
            return Ok(values.clone());
        }
        let values = parse_values(file, text.as_bytes(), helm)?;
        parsed().insert(key, (text.to_owned(), values.clone()));
        Ok(values)
    }
}

/// Puts the values of `overlay` together over `defaults`; files of bases may be `parsed` already.
///
/// # Errors
///
/// Points into the file, or names the operation or the parameter, that is wrong.
pub fn assemble(
    overlay: &Overlay,
    defaults: &Tree,
    additions: &Additions,
    parsed: &ParsedFiles,
) -> Result<Values, Box<Diagnostic>> {
    let mut user = files(overlay, parsed)?;
    for directory in overlay.directories() {
        let file = join(directory, PATCH_FILE);
        if let Some(text) = overlay.place.repository.read(&file)? {
            user = patched(&user, defaults, &text, &file)?;
        }
    }
    add(&mut user, additions, overlay.helm)?;
    Ok(Values {
        user: Tree::map(user),
        defaults: defaults.clone(),
    })
}

/// A values file with the directory that it belongs to.
pub(super) struct Source<'o> {
    pub(super) directory: &'o str,
    pub(super) file: String,
    pub(super) text: String,
}

/// Reads the values files of bases and overlay, in the order of merging.
pub(super) fn sources(overlay: &Overlay) -> Result<Vec<Source<'_>>, Box<Diagnostic>> {
    let repository = &overlay.place.repository;
    let default = [DEFAULT_FILE.to_owned()];
    let names = overlay.settings.values.as_deref();
    let allowance = Allowance::default();
    let mut sources = Vec::new();
    let mut found = vec![names.is_none(); names.map_or(1, <[String]>::len)];
    for directory in overlay.directories() {
        for (name, found) in names.unwrap_or(&default).iter().zip(&mut found) {
            let file = repository.resolve(directory, name)?;
            if let Some(text) = repository.read(&file)? {
                *found = true;
                allowance.take(text.len(), &file)?;
                sources.push(Source {
                    directory,
                    file,
                    text,
                });
            }
        }
    }
    let missing = names.unwrap_or_default().iter().zip(&found);
    if let Some((name, _)) = missing.into_iter().find(|(_, found)| !**found) {
        return Err(Box::new(Diagnostic::error(format!(
            "`values`: neither the overlay nor a base has `{name}`"
        ))));
    }
    Ok(sources)
}

/// Merges the values files of bases and overlay.
fn files(overlay: &Overlay, parsed: &ParsedFiles) -> Result<TreeMap, Box<Diagnostic>> {
    let mut user = TreeMap::new();
    for source in sources(overlay)? {
        let (file, text) = (&source.file, &source.text);
        let values = if source.directory == overlay.place.overlay {
            parse_values(file, text.as_bytes(), overlay.helm)?
        } else {
            parsed.parse(file, text, overlay.helm)?
        };
        merge(&mut user, values.as_map().unwrap_or(&TreeMap::new()));
    }
    Ok(user)
}

/// Applies a JSON patch to the user's values over the defaults.
fn patched(
    user: &TreeMap,
    defaults: &Tree,
    text: &str,
    file: &str,
) -> Result<TreeMap, Box<Diagnostic>> {
    let in_file = |problem: Diagnostic| Box::new(problem.in_file(file));
    let json = |tree: &Tree| to_json(tree).map_err(|e| in_file(Diagnostic::error(e.to_string())));
    let list = json(&codec::read_file(text, file)?)?;
    let nodes = yaml::parse(text.as_bytes()).ok();
    let root = nodes.as_ref().and_then(yaml::Document::root);
    let lines: Vec<usize> = root
        .into_iter()
        .flat_map(|root| root.items())
        .map(|item| item.line())
        .collect();
    let placed = |e: Box<Diagnostic>| match e.location {
        Some(_) => e,
        None => in_file(*e),
    };
    let operations = Operations::parse(&list, file, &lines).map_err(placed)?;
    let mut document = json(&over_defaults(&Tree::map(user.clone()), defaults)?)?;
    operations.apply(&mut document).map_err(placed)?;
    let mut result = from_json(&document, Numbers::Floats);
    delete_absent(&mut result, defaults);
    match result {
        Tree::Map(entries) => Ok(entries.as_ref().clone()),
        _ => Err(in_file(Diagnostic::error(
            "what is left of the values is not a mapping",
        ))),
    }
}

/// Sets null, which deletes defaults, for every default that `values` lacks.
fn delete_absent(values: &mut Tree, defaults: &Tree) {
    let (Some(values), Some(defaults)) = (values.as_map_mut(), defaults.as_map()) else {
        return;
    };
    for (key, default) in defaults {
        match values.get_mut(key) {
            Some(value) => delete_absent(value, default),
            None => {
                values.insert(key.clone(), Tree::Null);
            }
        }
    }
}

/// Adds the Application's parameters.
fn add(user: &mut TreeMap, additions: &Additions, helm: HelmCompat) -> Result<(), Box<Diagnostic>> {
    if let Some(text) = &additions.values {
        let values = parse_values("the parameter `values`", text.as_bytes(), helm);
        let values = values.map_err(|mut e| {
            // The line may hold a secret, and Argo CD would show it to everybody.
            if let Some(at) = &mut e.location {
                at.excerpt = None;
            }
            e
        })?;
        merge(user, values.as_map().unwrap_or(&TreeMap::new()));
    }
    let room = &mut Room::default();
    for (path, value) in &additions.set {
        set_one(user, path, value, helm, room)?;
    }
    Ok(())
}

/// Sets one value of the parameter `set`.
pub(super) fn set_one(
    user: &mut TreeMap,
    path: &str,
    value: &str,
    helm: HelmCompat,
    room: &mut Room,
) -> Result<(), Box<Diagnostic>> {
    let argument = format!("{path}={}", escape_commas(value));
    set(user, &argument, helm, room).map_err(|_| {
        let problem = Diagnostic::error(format!("the parameter `set`: cannot set `{path}`"));
        Box::new(problem.hint("paths are those of `helm --set`: `a.b`, `list[0]`"))
    })
}

/// Escapes the commas that would start another assignment, as Argo CD does for Helm: those of a
/// list in braces stay, and so do escaped ones.
fn escape_commas(value: &str) -> String {
    if value.starts_with('{') && value.ends_with('}') {
        return value.to_owned();
    }
    let mut out = String::with_capacity(value.len());
    let mut is_escaped = false;
    for c in value.chars() {
        if c == ',' && !is_escaped {
            out.push('\\');
        }
        is_escaped = c == '\\';
        out.push(c);
    }
    out
}

/// The user's values over the defaults of the chart itself.
fn over_defaults(user: &Tree, defaults: &Tree) -> Result<Tree, Box<Diagnostic>> {
    let empty = TreeMap::new();
    let table =
        |tree: &Tree| -> Map { Tree::thaw_map(tree.as_map().unwrap_or(&empty), MapType::Any) };
    let values = table(user);
    // The chart's rendering says again what Helm would log here.
    Merging::new()
        .coalesce_tables(&values, &table(defaults), "", Nulls::Delete)
        .and_then(|()| freeze(&values))
        .map_err(|text| Box::new(Diagnostic::error(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_stay_inside_a_value() {
        for (value, escaped) in [
            ("a,b", r"a\,b"),
            (r"a\,b", r"a\,b"),
            ("{a,b}", "{a,b}"),
            (",", r"\,"),
        ] {
            assert_eq!(escape_commas(value), escaped);
        }
    }
}
