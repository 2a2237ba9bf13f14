//! `jenkins-cmp diff [PATH…]`: what a change does to each overlay.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::IsTerminal as _;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::exit::{Error, Failure};
use super::gate::{Defaults, GateArgs, Meter};
use super::git::Checkout;
use super::host;
use super::overlays::{self, PoolArgs};
use super::remote::Remote;
use super::render::{SettingsArgs, World, stand_ins};
use super::sides::{self, Overlay, Sides};
use crate::files;
use crate::manifest::Identity;
use crate::par::Arrival;
use crate::report::{
    self, Builder, DEFAULT_MARKDOWN_BYTES, Fingerprints, MIN_MARKDOWN_BYTES, Outcome, Report, Side,
    Status,
};

/// Shows what a change does to each overlay.
///
/// Both sides are rendered and compared by resource and field: what restarts or reloads the
/// controller, which jobs come and go. The overlays of the work tree are compared with those of a git
/// revision or with rendered files. Exits with 0 if nothing differs and with 1 if something does.
/// Secrets are shown as fingerprints.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  jenkins-cmp diff                                what is not committed yet
  jenkins-cmp diff jenkins --base origin/main     what a branch changes
  jenkins-cmp diff --against golden               the difference from the golden files
  jenkins-cmp diff --base HEAD^1 -o report.md -o report.html")]
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
    #[arg(long, value_name = "BYTES", default_value_t = DEFAULT_MARKDOWN_BYTES, value_parser = budget)]
    budget: usize,

    /// A file with the key of the fingerprints, to compare reports; else a random one
    #[arg(long, value_name = "FILE")]
    fingerprint_key: Option<PathBuf>,

    /// Colours in text on standard output
    #[arg(long, value_name = "WHEN", value_enum, default_value = "auto")]
    color: Color,

    #[command(flatten)]
    pool: PoolArgs,

    #[command(flatten)]
    settings: SettingsArgs,

    #[command(flatten)]
    gate: GateArgs,
}

/// When text has colours.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    Always,
    Never,
}

impl Color {
    fn is_wanted(self) -> bool {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        match self {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                let is_dumb = set("TERM").is_some_and(|term| term == "dumb");
                std::io::stdout().is_terminal() && set("NO_COLOR").is_none() && !is_dumb
            }
        }
    }
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

/// No deadline waits behind a terminal or a pipeline.
const DEFAULTS: Defaults = Defaults {
    command: "diff",
    queue_timeout: Duration::from_secs(600),
};

/// Runs the command.
pub(super) fn run(args: &DiffArgs) -> Result<(), Error> {
    let files: Vec<(&PathBuf, Format)> = args
        .output
        .iter()
        .map(|path| Ok((path, format_of(path)?)))
        .collect::<Result<_, Error>>()?;
    args.gate.measured(DEFAULTS, |meter| {
        let (report, worst) = compare(args, meter)?;
        for (path, format) in files {
            let text = write(&report, format, args.budget, false);
            files::write_whole(path, text.as_bytes()).map_err(|e| Error::world(e.to_string()))?;
        }
        let colour = args.color.is_wanted();
        meter.output(write(&report, args.format, args.budget, colour).as_bytes())?;
        let (n, of) = (report.overlays.len(), report.n_overlays);
        match worst {
            None if report.is_empty() => Ok(()),
            None => Err(Error::no(format!("{n} of {of} overlays differ"))),
            Some(failure) => Err(Error {
                failure,
                message: format!(
                    "{} of {of} overlays could not be compared; the report names them",
                    report.failed.len()
                ),
            }),
        }
    })
}

/// Compares all overlays; gives the report, and the worst failure in it.
fn compare(args: &DiffArgs, meter: &Meter<'_>) -> Result<(Report, Option<Failure>), Error> {
    let prints = match &args.fingerprint_key {
        Some(path) => Fingerprints::new(
            fs::read(path)
                .map_err(|e| Error::input(format!("failed to read `{}`: {e}", path.display())))?,
        ),
        None => host::fingerprints()?,
    };
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
    let overlays = args.pool.share(sides.overlays(&args.paths)?);
    let first = overlays.iter().find_map(Overlay::directory);
    let remote = Remote::new(&args.settings.remote);
    let mut collected = Collected {
        builder: Builder::new(&before, "work tree", prints.clone()),
        failures: Vec::new(),
        gone: Vec::new(),
        new: Vec::new(),
    };
    let comparing = Comparing {
        sides: &sides,
        world: World::new(&args.settings, &stand_ins, &remote),
        prints,
        meter,
        n_slots: overlays::n_slots(&args.gate, first.as_deref())?,
    };
    let work = |overlay: &Overlay| comparing.compare(overlay, overlay);
    args.pool
        .in_order(&overlays, &Overlay::name, &work, &mut |overlay, result| {
            collected.take(overlay, comparing.outcome(result));
        });
    Ok(collected.finish(&args.pool, &comparing))
}

/// What comparing an overlay takes.
struct Comparing<'c> {
    sides: &'c Sides,
    world: World<'c>,
    prints: Fingerprints,
    meter: &'c Meter<'c>,
    n_slots: NonZeroUsize,
}

/// What an overlay comes to, with the kind of failure if a side failed.
type Compared = (Outcome, Option<Failure>);

impl Comparing<'_> {
    /// Renders `old` as it was and `new` as it is, and compares the two.
    fn compare(&self, old: &Overlay, new: &Overlay) -> Result<Compared, Error> {
        let _slot = self.meter.enter(Arrival::now(), self.n_slots)?;
        let failed = |side, error: Error| {
            let outcome = Outcome::failed(side, &error.message, &self.prints);
            Ok((outcome, Some(error.failure)))
        };
        let before = match self.sides.before(old, &self.world) {
            Ok(stream) => stream,
            Err(error) => return failed(Side::Before, error),
        };
        let after = match self.sides.after(new, &self.world) {
            Ok(stream) => stream,
            Err(error) => return failed(Side::After, error),
        };
        let outcome = Outcome::new(before.as_deref(), after.as_deref(), &self.prints);
        let failure = outcome.is_failed().then_some(Failure::Input);
        Ok((outcome, failure))
    }

    /// A turn that did not come, or a bug, is a failure of the overlay's own.
    fn outcome(&self, result: Result<Compared, Error>) -> Compared {
        result.unwrap_or_else(|error| {
            let outcome = Outcome::failed(Side::After, &error.message, &self.prints);
            (outcome, Some(error.failure))
        })
    }
}

/// What has been compared so far.
struct Collected {
    builder: Builder,
    failures: Vec<Failure>,
    gone: Vec<(Overlay, Outcome)>,
    new: Vec<(Overlay, Outcome)>,
}

impl Collected {
    fn take(&mut self, overlay: &Overlay, (outcome, failure): Compared) {
        self.failures.extend(failure);
        // These may be one overlay in two directories, so they wait for each other.
        match outcome.whole() {
            Some((Status::Added, _)) => self.new.push((overlay.clone(), outcome)),
            Some(_) => self.gone.push((overlay.clone(), outcome)),
            None => self.builder.add_outcome(&overlay.name(), outcome),
        }
    }

    /// Compares the overlays that have moved, and ends the report.
    fn finish(mut self, pool: &PoolArgs, comparing: &Comparing<'_>) -> (Report, Option<Failure>) {
        let moved = self.moved();
        let name = |(_, new): &(Overlay, Overlay)| new.name();
        let work = |(old, new): &(Overlay, Overlay)| comparing.compare(old, new);
        pool.in_order(&moved, &name, &work, &mut |(old, new), result| {
            let (outcome, failure) = comparing.outcome(result);
            self.failures.extend(failure);
            self.builder.add_renamed(&old.name(), &new.name(), outcome);
        });
        for (overlay, outcome) in self.gone.into_iter().chain(self.new) {
            self.builder.add_outcome(&overlay.name(), outcome);
        }
        let worst = overlays::worst(self.failures.into_iter());
        (self.builder.finish(), worst)
    }

    /// Takes out the pairs of which one is gone, the other new, and both are the same controller,
    /// while no third one is.
    fn moved(&mut self) -> Vec<(Overlay, Overlay)> {
        let mut places: BTreeMap<Identity, [Vec<usize>; 2]> = BTreeMap::new();
        for (side, list) in [&self.gone, &self.new].into_iter().enumerate() {
            for (at, (_, outcome)) in list.iter().enumerate() {
                if let Some((_, Some(workload))) = outcome.whole() {
                    places.entry(workload.clone()).or_default()[side].push(at);
                }
            }
        }
        let mut pairs: Vec<(usize, usize)> = places
            .into_values()
            .filter_map(|[gone, new]| match (gone.as_slice(), new.as_slice()) {
                ([old], [new]) => Some((*old, *new)),
                _ => None,
            })
            .collect();
        pairs.sort_unstable();
        let (old, new): (Vec<usize>, Vec<usize>) = pairs.iter().copied().unzip();
        let moved = pairs
            .iter()
            .map(|(old, new)| (self.gone[*old].0.clone(), self.new[*new].0.clone()));
        let moved = moved.collect();
        drop_at(&mut self.gone, &old);
        drop_at(&mut self.new, &new);
        moved
    }
}

/// Takes the items at `places` out.
fn drop_at<T>(items: &mut Vec<T>, places: &[usize]) {
    let places: BTreeSet<usize> = places.iter().copied().collect();
    let mut at = 0;
    items.retain(|_| {
        at += 1;
        !places.contains(&(at - 1))
    });
}

fn write(report: &Report, format: Format, budget: usize, colour: bool) -> String {
    match format {
        Format::Text => report::text(report, colour),
        Format::Markdown => report::markdown(report, budget),
        Format::Html => report::html(report),
        Format::Json => report::json(report),
    }
}

fn budget(text: &str) -> Result<usize, String> {
    let bytes = text.parse().map_err(|_| "expected a number".to_owned())?;
    match bytes {
        MIN_MARKDOWN_BYTES.. => Ok(bytes),
        _ => Err(format!("at least {MIN_MARKDOWN_BYTES}")),
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
