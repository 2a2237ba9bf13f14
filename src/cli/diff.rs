//! `jenkins-cmp diff [PATH…]`: what a change does to each overlay.

use std::fs;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::exit::Error;
use super::git::Checkout;
use super::output;
use super::remote::Remote;
use super::render::{SettingsArgs, World, stand_ins};
use super::sides::{self, Sides};
use crate::files;
use crate::report::{self, Builder, DEFAULT_MARKDOWN_BYTES, Fingerprints, Report, Side};

/// Shows what a change does to each overlay: resources and fields, what restarts or reloads the
/// controller, which jobs come and go.
///
/// The overlays of the work tree are compared with those of a git revision or with rendered files.
/// Exits with 0 if nothing differs and with 1 if something does. Secrets are shown as fingerprints.
#[derive(Args, Debug)]
pub(super) struct DiffArgs {
    /// Overlays, or directories above them
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,

    /// The git revision to compare with
    #[arg(
        long,
        value_name = "REV",
        default_value = "HEAD",
        conflicts_with = "against"
    )]
    base: String,

    /// A directory with one rendered <OVERLAY>.yaml each to compare with, or `golden`
    #[arg(long, value_name = "DIR")]
    against: Option<PathBuf>,

    /// The form on standard output
    #[arg(long, value_enum, default_value = "text")]
    format: Format,

    /// A further file to write the report to; .txt, .md, .html or .json decides its form
    #[arg(short, long, value_name = "FILE")]
    output: Vec<PathBuf>,

    /// The most bytes of Markdown
    #[arg(long, value_name = "BYTES", default_value_t = DEFAULT_MARKDOWN_BYTES)]
    budget: usize,

    /// A file with the key of the fingerprints, to compare reports; else a random one
    #[arg(long, value_name = "FILE")]
    fingerprint_key: Option<PathBuf>,

    #[command(flatten)]
    settings: SettingsArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    #[value(alias = "txt")]
    Text,
    #[value(alias = "md")]
    Markdown,
    Html,
    Json,
}

/// Runs the command.
pub(super) fn run(args: &DiffArgs) -> Result<(), Error> {
    let files: Vec<(&PathBuf, Format)> = args
        .output
        .iter()
        .map(|path| Ok((path, format_of(path)?)))
        .collect::<Result<_, Error>>()?;
    let report = compare(args)?;
    for (path, format) in files {
        let text = write(&report, format, args.budget, false);
        files::write_whole(path, text.as_bytes()).map_err(|e| Error::world(e.to_string()))?;
    }
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let colour = std::io::stdout().is_terminal() && !no_colour;
    output::stdout(write(&report, args.format, args.budget, colour).as_bytes())?;
    let (n, of) = (report.overlays.len(), report.n_overlays);
    match report.failed.len() {
        0 if report.is_empty() => Ok(()),
        0 => Err(Error::no(format!("{n} of {of} overlays differ"))),
        failed => Err(Error::input(format!(
            "{failed} of {of} overlays could not be compared; the report names them"
        ))),
    }
}

fn compare(args: &DiffArgs) -> Result<Report, Error> {
    let prints = Fingerprints::new(match &args.fingerprint_key {
        Some(path) => fs::read(path)
            .map_err(|e| Error::input(format!("failed to read `{}`: {e}", path.display())))?,
        None => random_key()?,
    });
    let sides = match &args.against {
        Some(directory) => Sides::files(directory)?,
        None => {
            let start = args.paths.first().map_or(Path::new("."), PathBuf::as_path);
            Sides::revision(Checkout::new(sides::existing(start), &args.base)?)
        }
    };
    let before = match &args.against {
        Some(directory) => directory.display().to_string(),
        None => args.base.clone(),
    };
    let overlays = sides.overlays(&args.paths)?;
    let remote = Remote::new(&args.settings.remote);
    let world = World::new(&args.settings, &stand_ins, &remote);
    let mut builder = Builder::new(&before, "work tree", prints);
    for (overlay, name) in sides.named(overlays) {
        match sides.before(&overlay, &world) {
            Err(error) => builder.fail(&name, Side::Before, &error.message),
            Ok(before) => match sides.after(&overlay, &world) {
                Err(error) => builder.fail(&name, Side::After, &error.message),
                Ok(after) => builder.add(&name, before.as_deref(), after.as_deref()),
            },
        }
    }
    Ok(builder.finish())
}

/// A key that makes the fingerprints of one report.
pub(super) fn random_key() -> Result<Vec<u8>, Error> {
    let mut key = vec![0; 32];
    getrandom::fill(&mut key).map_err(|error| Error::world(error.to_string()))?;
    Ok(key)
}

fn write(report: &Report, format: Format, budget: usize, colour: bool) -> String {
    match format {
        Format::Text => report::text(report, colour),
        Format::Markdown => report::markdown(report, budget),
        Format::Html => report::html(report),
        Format::Json => report::json(report),
    }
}

fn format_of(path: &Path) -> Result<Format, Error> {
    let ending = path.extension().and_then(|ending| ending.to_str());
    let format = ending.and_then(|ending| Format::from_str(ending, true).ok());
    format.ok_or_else(|| {
        let path = path.display();
        Error::usage(format!(
            "`--output {path}`: the name ends in .txt, .md, .html or .json"
        ))
    })
}
