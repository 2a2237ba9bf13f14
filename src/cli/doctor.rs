//! `jenkins-cmp doctor [FILE…]`: Argo CD's side of the plugin.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;

use super::exit::Error;
use super::{output, render};
use crate::render::HelmCharts;
use crate::wiring::{self, Container, Report, Surroundings};

/// Checks how Argo CD is wired to the plugin, and prints what would mend it.
///
/// Without files it looks at the container it runs in: user, directories, sockets, plugin.yaml.
/// With files it looks at the Applications, ApplicationSets, plugin.yaml and argocd-cmd-params-cm in
/// them. Exits with 1 when there are findings.
#[derive(Args, Debug)]
pub(super) struct DoctorArgs {
    /// Files with manifests
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// The repository that the Applications render; by default the one around the current directory
    #[arg(long, value_name = "DIR")]
    repository: Option<PathBuf>,

    /// The top of the container's file system
    #[arg(long, value_name = "DIR", default_value = "/", hide = true)]
    root: PathBuf,
}

/// Runs the command.
pub(super) fn run(args: &DoctorArgs) -> Result<(), Error> {
    let report = if args.files.is_empty() {
        container(args)?
    } else {
        files(args)?
    };
    output::stdout(report.to_string().as_bytes())?;
    match report.findings.len() {
        0 => Ok(()),
        1 => Err(Error::no("the wiring has 1 finding")),
        n => Err(Error::no(format!("the wiring has {n} findings"))),
    }
}

fn container(args: &DoctorArgs) -> Result<Report, Error> {
    let user = fs::metadata("/proc/self")
        .context("failed to find the own user")?
        .uid();
    let environment: BTreeMap<String, String> = render::environment();
    Ok(wiring::check_container(&Container {
        root: &args.root,
        user,
        environment: &environment,
        parse: &parse,
    }))
}

fn files(args: &DoctorArgs) -> Result<Report, Error> {
    let read = |path: &PathBuf| {
        let name = path.display().to_string();
        let text = fs::read_to_string(path)
            .map_err(|error| Error::input(format!("failed to read {name}: {error}")))?;
        Ok((name, text))
    };
    let files: Result<Vec<(String, String)>, Error> = args.files.iter().map(read).collect();
    let repository = match &args.repository {
        Some(repository) => repository.clone(),
        None => around(&super::generate::current_directory()?).to_owned(),
    };
    let repository = repository.canonicalize().map_err(|error| {
        let shown = repository.display();
        Error::input(format!("failed to open {shown}: {error}"))
    })?;
    Ok(wiring::check_files(
        &files?,
        &Surroundings {
            repository: &repository,
            charts: &HelmCharts::new(&render::stand_ins),
            parse: &parse,
        },
    )?)
}

/// The nearest directory with `.git`, else the directory itself.
fn around(directory: &Path) -> &Path {
    let mut above = directory.ancestors();
    above
        .find(|path| path.join(".git").exists())
        .unwrap_or(directory)
}

/// Says what is wrong with a command line of ours.
fn parse(argv: &[String]) -> Result<(), String> {
    match super::parse(argv.iter().map(OsString::from)) {
        Ok(_) => Ok(()),
        Err(error) => {
            let text = error.to_string();
            let line = text.lines().next().unwrap_or_default();
            Err(line.trim_start_matches("error: ").to_owned())
        }
    }
}
