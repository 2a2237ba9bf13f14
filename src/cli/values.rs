//! `jenkins-cmp values [PATH]`: the merged values of an overlay, and where one of them comes from.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;

use super::exit::Error;
use super::output;
use super::remote::Remote;
use super::render::{SettingsArgs, World, stand_ins};
use crate::app::explain::{Effect, Say, explain};
use crate::app::unknown::{Known, unknown_keys};
use crate::app::values::{ParsedFiles, assemble};
use crate::render;
use crate::report::Fingerprints;
use crate::value::Tree;
use crate::yaml;

/// Prints the values that an overlay's chart is rendered with.
///
/// They are the chart's defaults, then the bases' files, the overlay's, patches and parameters.
///
/// With `--explain controller.numExecutors` it prints which file and line each layer sets that
/// value on, and what comes out, with what looks like a secret hidden. Without it the values are
/// printed as they are, ready for `helm template -f`. Keys that the chart does not know are warned
/// about.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  jenkins-cmp values overlays/prod
  jenkins-cmp values overlays/prod --explain controller.numExecutors
  jenkins-cmp values overlays/prod --explain 'controller.podLabels.app\\.kubernetes\\.io/part-of'")]
pub(super) struct ValuesArgs {
    /// Directory of an overlay
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,

    /// Print where the value at this path of keys comes from; `\.` is a dot within a key
    #[arg(long, value_name = "KEY.KEY…")]
    explain: Option<String>,

    /// Print secrets as they are
    #[arg(long, requires = "explain")]
    show_secrets: bool,

    #[command(flatten)]
    settings: SettingsArgs,
}

/// Runs the command.
pub(super) fn run(args: &ValuesArgs) -> Result<(), Error> {
    let remote = Remote::new(&args.settings.remote);
    let world = World::new(&args.settings, &stand_ins, &remote);
    let prepared = world.prepare(&args.path)?;
    let chart = render::load_chart(&prepared.overlay, world.charts())?;
    let values = assemble(
        &prepared.overlay,
        chart.defaults(),
        &prepared.additions,
        &ParsedFiles::default(),
    )?;
    let known = Known {
        name: chart.name(),
        version: chart.version(),
        defaults: chart.defaults(),
        templates: chart.templates(),
        subcharts: chart.subcharts(),
    };
    for warning in unknown_keys(&values.user, &known) {
        output::stderr(&format!("warning: {warning:#}"));
    }
    let merged = values.merged()?;
    let Some(path) = &args.explain else {
        return output::stdout(yaml::write(&merged).as_bytes());
    };
    // An explanation is for people, and more of them read the logs of CI than the values.
    let shown = |path: &[&str], tree: &Tree| match args.show_secrets {
        true => tree.clone(),
        false => Fingerprints::hidden().mask_at(path, tree),
    };
    let keys = keys(path);
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let defaults = (chart.defaults(), chart.defaults_text());
    let mut says = explain(&prepared.overlay, defaults, &prepared.additions, &keys)?;
    for say in &mut says {
        if let Effect::Sets(tree) = &mut say.effect {
            *tree = shown(&keys, tree);
        }
    }
    let value = merged.at(keys.iter().copied());
    let value = value.map(|tree| shown(&keys, tree));
    if says.is_empty() && value.is_none() {
        return Err(Error::input(format!("no layer sets `{path}`")));
    }
    output::stdout(report(path, &says, value.as_ref()).as_bytes())
}

/// The keys of a path, whose dots may be escaped.
fn keys(path: &str) -> Vec<String> {
    let mut keys = Vec::new();
    let mut key = String::new();
    let mut chars = path.chars().peekable();
    while let Some(c) = chars.next() {
        let escaped = chars.next_if(|next| c == '\\' && matches!(next, '.' | '\\'));
        match (c, escaped) {
            ('.', None) => keys.push(std::mem::take(&mut key)),
            (c, escaped) => key.push(escaped.unwrap_or(c)),
        }
    }
    keys.push(key);
    keys
}

/// The layers, lowest first, then what comes out of them.
fn report(path: &str, says: &[Say], value: Option<&Tree>) -> String {
    let mut out = String::new();
    for (at, say) in says.iter().enumerate() {
        let mark = if at + 1 == says.len() { "->" } else { "  " };
        let line = match say.line {
            0 => String::new(),
            line => format!(":{line}"),
        };
        let effect = match &say.effect {
            Effect::Sets(tree) => short(tree),
            Effect::Deletes => "null, which deletes it".to_owned(),
            Effect::Patches(op, pointer) => format!("{op} {pointer}"),
        };
        let place = format!("{}{line}", say.place);
        let _ = writeln!(
            out,
            "{mark} {:<14}  {place}  {effect}",
            say.layer.to_string()
        );
    }
    match value {
        None => {
            let _ = writeln!(out, "{path} is not set");
        }
        Some(tree @ (Tree::Map(_) | Tree::List(_))) => {
            let _ = write!(out, "{path}:\n{}", indented(&yaml::write(tree)));
        }
        Some(tree) => {
            let _ = writeln!(out, "{path}: {}", yaml::write(tree).trim_end());
        }
    }
    out
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

/// A value in one line.
fn short(tree: &Tree) -> String {
    const MAX_CHARS: usize = 60;
    match tree {
        Tree::Map(entries) if entries.is_empty() => "{}".to_owned(),
        Tree::Map(entries) => match entries.len() {
            1 => "a map with 1 key".to_owned(),
            n => format!("a map with {n} keys"),
        },
        Tree::List(items) if items.is_empty() => "[]".to_owned(),
        Tree::List(items) => match items.len() {
            1 => "a list of 1 item".to_owned(),
            n => format!("a list of {n} items"),
        },
        scalar => {
            let text = yaml::write(scalar);
            let mut lines = text.trim_end().lines();
            let first = lines.next().unwrap_or_default();
            match first.chars().count() > MAX_CHARS || lines.next().is_some() {
                true => format!("{} …", first.chars().take(MAX_CHARS).collect::<String>()),
                false => first.to_owned(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_split_at_bare_dots() {
        assert_eq!(keys("a.b"), ["a", "b"]);
        assert_eq!(keys(r"a\.b.c\\d\x"), ["a.b", r"c\d\x"]);
        assert_eq!(keys(""), [""]);
    }
}
