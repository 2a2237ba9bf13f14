//! `jenkins-cmp settings [PATH]`: the settings of an overlay, and where each comes from.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;

use super::exit::Error;
use super::output;
use super::remote::Remote;
use super::render::{SettingsArgs, World, stand_ins};
use crate::app::Overlay;
use crate::patch::json::{Numbers, from_json, to_json};
use crate::report::Fingerprints;
use crate::yaml;

/// Prints the settings of an overlay after all layers.
///
/// They are the fleet's file, those of each directory down to the overlay, Argo CD's environment and
/// parameters, flags.
///
/// What nobody sets is left out, but for the bases and the chart that have been found. What looks
/// like a secret is hidden.
#[derive(Args, Debug)]
pub(super) struct SettingsCommand {
    /// Directory of an overlay
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,

    /// Print each setting with the file and line, variable, parameter or flag it comes from
    #[arg(long)]
    explain: bool,

    #[command(flatten)]
    settings: SettingsArgs,
}

/// Runs the command.
pub(super) fn run(args: &SettingsCommand) -> Result<(), Error> {
    let remote = Remote::new(&args.settings.remote);
    let world = World::new(&args.settings, &stand_ins, &remote);
    let overlay = world.prepare(&args.path)?.overlay;
    let mut settings = serde_json::to_value(&overlay.settings)
        .map_err(|error| Error::input(format!("the settings have no text form: {error}")))?;
    settings["bases"] = overlay.bases.clone().into();
    settings["chart"]["path"] = overlay.chart.clone().into();
    settings["helmCompat"] = overlay.helm.major().into();
    let prints = Fingerprints::hidden();
    let text = match args.explain {
        true => explained(&overlay, &settings, &prints),
        false => {
            drop_unset(&mut settings);
            yaml::write(&prints.mask_tree(&from_json(&settings, Numbers::Exact)))
        }
    };
    output::stdout(text.as_bytes())
}

/// Takes out what has no value, and groups that are empty then.
fn drop_unset(settings: &mut serde_json::Value) {
    if let serde_json::Value::Object(entries) = settings {
        entries.values_mut().for_each(drop_unset);
        entries.retain(|_, value| {
            !value.is_null() && !value.as_object().is_some_and(serde_json::Map::is_empty)
        });
    }
}

/// One line for each setting: its path, its value, its origin.
fn explained(overlay: &Overlay, settings: &serde_json::Value, prints: &Fingerprints) -> String {
    let mut out = String::new();
    for (path, origin) in &overlay.origins {
        let value = path
            .iter()
            .fold(settings, |value, key| &value[key.as_str()]);
        let keys: Vec<&str> = path.iter().map(String::as_str).collect();
        let value = prints.mask_at(&keys, &from_json(value, Numbers::Exact));
        // What came from JSON goes back there.
        let value = to_json(&value).unwrap_or_default();
        let _ = writeln!(out, "{}: {value}  # {origin}", path.join("."));
    }
    for (path, value) in [
        (["bases"].as_slice(), &settings["bases"]),
        (&["chart", "path"], &settings["chart"]["path"]),
        (&["helmCompat"], &settings["helmCompat"]),
    ] {
        let path: Vec<String> = path.iter().map(|key| (*key).to_owned()).collect();
        if !overlay.origins.contains_key(&path) {
            let _ = writeln!(out, "{}: {value}  # by default", path.join("."));
        }
    }
    out
}
