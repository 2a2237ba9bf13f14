//! `jenkins-cmp template NAME CHART …`: `helm template`, flag for flag.

mod idle;
mod pflag;
mod source;

use std::mem::ManuallyDrop;
use std::path::Path;

use clap::{Args, ValueEnum};

pub(super) use pflag::Conventional;

use super::exit::Error;
use super::output;
use crate::chart::{self, LoadOptions};
use crate::files::{self, FileError, Links};
use crate::helm::{HelmCompat, LogLine};
use crate::release::{self, Options, Rendered, TemplateCache};
use crate::values::{self, ValuesOptions};

/// Prints what `helm template` prints.
///
/// Renders a chart from a directory or an archive in this process: no helm, no network.
#[derive(Args, Debug)]
pub(super) struct TemplateArgs {
    /// Release name and chart, or the chart alone (the name is then `release-name`)
    #[arg(value_name = "[NAME] CHART", required = true)]
    name_and_chart: Vec<String>,

    /// The release whose bytes are wanted where the two differ
    #[arg(long, value_name = "MAJOR", default_value = "4", value_enum)]
    helm_compat: Major,

    /// Namespace of the release, `default` if empty
    #[arg(short, long, env = "HELM_NAMESPACE", default_value = "default")]
    namespace: String,

    #[command(flatten)]
    values: ValuesArgs,

    #[command(flatten)]
    cluster: ClusterArgs,

    #[command(flatten)]
    select: SelectArgs,

    #[command(flatten)]
    idle: idle::IdleArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Major {
    #[value(name = "3")]
    V3,
    #[value(name = "4")]
    V4,
}

impl From<Major> for HelmCompat {
    fn from(major: Major) -> HelmCompat {
        match major {
            Major::V3 => HelmCompat::V3,
            Major::V4 => HelmCompat::V4,
        }
    }
}

/// Where values come from; files first, then the flags in the order of this list.
#[derive(Args, Debug)]
struct ValuesArgs {
    /// Values file, `-` for standard input; may repeat or hold several separated by commas
    #[arg(short = 'f', long = "values", value_name = "FILE")]
    files: Vec<String>,

    /// JSON values: `key=JSON` or a JSON object
    #[arg(long, value_name = "TEXT")]
    set_json: Vec<String>,

    /// Values: `key1=val1,key2=val2`
    #[arg(long, value_name = "TEXT")]
    set: Vec<String>,

    /// Values that stay strings
    #[arg(long, value_name = "TEXT")]
    set_string: Vec<String>,

    /// Values from the content of files: `key1=path1,key2=path2`
    #[arg(long, value_name = "TEXT")]
    set_file: Vec<String>,

    /// One value taken literally
    #[arg(long, value_name = "TEXT")]
    set_literal: Vec<String>,

    /// Skip the validation against values.schema.json
    #[arg(long)]
    skip_schema_validation: bool,
}

/// What the chart may ask of the cluster and the release.
#[derive(Args, Debug)]
struct ClusterArgs {
    /// Kubernetes version for `.Capabilities.KubeVersion`
    #[arg(
        long,
        value_name = "VERSION",
        default_value = "",
        hide_default_value = true
    )]
    kube_version: String,

    /// Further API versions for `.Capabilities.APIVersions`; may repeat or be separated by commas
    #[arg(short, long, value_name = "VERSION")]
    api_versions: Vec<String>,

    /// Set `.Release.IsUpgrade` instead of `.Release.IsInstall`
    #[arg(long)]
    is_upgrade: bool,

    /// Take no NAME; the name is `release-name` all the same, as Helm's is
    #[arg(short, long)]
    generate_name: bool,

    /// Template of the release name
    #[arg(
        long,
        value_name = "TEMPLATE",
        default_value = "",
        hide_default_value = true
    )]
    name_template: String,

    /// Resolve host names in `getHostByName`
    #[arg(long)]
    enable_dns: bool,
}

/// What of the result is printed, and where.
#[derive(Args, Debug)]
struct SelectArgs {
    /// Print the files below `crds/` first
    #[arg(long)]
    include_crds: bool,

    /// Leave out hooks
    #[arg(long)]
    no_hooks: bool,

    /// Leave out test hooks
    #[arg(long)]
    skip_tests: bool,

    /// Print only what comes from these templates; may repeat
    #[arg(short, long, value_name = "PATH")]
    show_only: Vec<String>,

    /// Write files below this directory instead
    #[arg(
        long,
        value_name = "DIR",
        default_value = "",
        hide_default_value = true
    )]
    output_dir: String,

    /// Put the release name into the paths of `--output-dir`
    #[arg(long)]
    release_name: bool,
}

/// Runs the command.
///
/// # Errors
///
/// Helm's own text after `Error: `, and the exit code for wrong input.
pub(super) fn run(args: &TemplateArgs) -> Result<(), Error> {
    let (rendered, name) = render(args).map_err(|error| Error {
        failure: error.failure,
        message: format!("Error: {}", error.message),
    })?;
    let shown = |error: String| Error::input(format!("Error: {error}"));
    if !args.select.output_dir.is_empty() {
        return write_files(args, &rendered, &name);
    }
    if args.select.show_only.is_empty() {
        output::stdout(&rendered.stream())
    } else {
        output::stdout(&rendered.show_only(&args.select.show_only).map_err(shown)?)
    }
}

/// Writes the files of `--output-dir` and says so; `--show-only` then finds nothing to show.
fn write_files(args: &TemplateArgs, rendered: &Rendered, name: &str) -> Result<(), Error> {
    let failed = |error: FileError| Error::world(format!("Error: {error}"));
    let name = args.select.release_name.then_some(name);
    let out = rendered.files(&args.select.output_dir, name);
    for (path, content) in &out.files {
        let path = Path::new(path);
        if let Some(directory) = path.parent() {
            files::create_dirs(directory).map_err(failed)?;
        }
        files::write_whole(path, content).map_err(failed)?;
    }
    output::stdout(&out.messages)?;
    match args.select.show_only.first() {
        Some(pattern) => Err(Error::input(format!(
            "Error: could not find template {pattern} in chart"
        ))),
        // The release that is printed now is empty.
        None => output::stdout(b"\n"),
    }
}

fn log(lines: &[LogLine], helm: HelmCompat) {
    for line in lines {
        output::stderr(&line.text_for(helm));
    }
}

fn render(args: &TemplateArgs) -> Result<(Rendered, String), Error> {
    let helm = HelmCompat::from(args.helm_compat);
    let api_versions = pflag::csv_list("-a, --api-versions", &args.cluster.api_versions)?;
    let files = pflag::csv_list("-f, --values", &args.values.files)?;
    for line in args.idle.check(helm)? {
        output::stderr(&line);
    }
    let kube_version = Some(args.cluster.kube_version.clone()).filter(|text| !text.is_empty());
    if let Some(version) = &kube_version {
        release::check_kube_version_flag(version, helm).map_err(Error::input)?;
    }
    let (name, chart) = name_and_chart(args, helm)?;
    let path = source::chart(chart)?;
    let user = ValuesOptions {
        files,
        set_json: args.values.set_json.clone(),
        set: args.values.set.clone(),
        set_string: args.values.set_string.clone(),
        set_file: args.values.set_file.clone(),
        set_literal: args.values.set_literal.clone(),
    };
    let values = values::merge_options(&user, helm, &mut source::values)
        .map_err(|error| Error::input(error.message))?;
    let load = LoadOptions {
        helm,
        links: Links::Anywhere,
    };
    let loaded = chart::load(&path, load).map_err(|error| {
        log(error.log(), helm);
        Error::input(error.message())
    })?;
    args.idle.check_labels()?;
    // The process ends soon, and the system takes large data back faster than we do.
    let (values, loaded) = (ManuallyDrop::new(values), ManuallyDrop::new(loaded));
    let templates = ManuallyDrop::new(TemplateCache::default());
    let options = Options {
        name: name.clone(),
        namespace: match args.namespace.as_str() {
            "" => "default".to_owned(),
            given => given.to_owned(),
        },
        is_upgrade: args.cluster.is_upgrade,
        kube_version,
        api_versions,
        include_crds: args.select.include_crds,
        hooks: !args.select.no_hooks,
        tests: !args.select.skip_tests,
        validate_schema: !args.values.skip_schema_validation,
        objects: false,
        helm,
    };
    let host = super::host::System {
        helm,
        dns: args.cluster.enable_dns,
    };
    log(&loaded.log, helm);
    let rendered = release::render_cached(&loaded.chart, &values, &options, &host, &templates);
    let rendered = rendered.map_err(|error| {
        log(&error.log, helm);
        Error::input(error.helm_text())
    })?;
    log(&rendered.log, helm);
    Ok((rendered, name))
}

/// The release's name and the chart, in the order `helm template` takes them.
fn name_and_chart(args: &TemplateArgs, helm: HelmCompat) -> Result<(String, &str), Error> {
    let cluster = &args.cluster;
    match &args.name_and_chart[..] {
        [_, _] if cluster.generate_name => Err(Error::input(
            "cannot set --generate-name and also specify a name",
        )),
        [_, _] if !cluster.name_template.is_empty() => Err(Error::input(
            "cannot set --name-template and also specify a name",
        )),
        [name, chart] => Ok((name.clone(), chart)),
        [chart] if cluster.name_template.is_empty() => Ok(("release-name".to_owned(), chart)),
        [chart] => {
            let host = super::host::System { helm, dns: false };
            let name = release::name_from_template(&cluster.name_template, &host)
                .map_err(|error| Error::input(error.helm_text()))?;
            Ok((name, chart))
        }
        [_, _, more @ ..] => Err(Error::usage(format!(
            "expected at most two arguments, unexpected arguments: {}",
            more.join(", ")
        ))),
        [] => Err(Error::usage(
            "\"helm template\" requires at least 1 argument",
        )),
    }
}
