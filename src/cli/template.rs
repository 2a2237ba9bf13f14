//! `jenkins-cmp template NAME CHART …`: `helm template`, flag for flag.

use std::fs;
use std::io::Read as _;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::exit::Error;
use super::output;
use crate::chart::{self, LoadOptions};
use crate::files::{self, Links};
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

    /// Namespace of the release
    #[arg(short, long, env = "HELM_NAMESPACE", default_value = "default")]
    namespace: String,

    #[command(flatten)]
    values: ValuesArgs,

    #[command(flatten)]
    cluster: ClusterArgs,

    #[command(flatten)]
    select: SelectArgs,

    #[command(flatten)]
    ignored: IgnoredArgs,
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
    #[arg(long, value_name = "VERSION")]
    kube_version: Option<String>,

    /// Further API versions for `.Capabilities.APIVersions`; may repeat or be separated by commas
    #[arg(short, long, value_name = "VERSION")]
    api_versions: Vec<String>,

    /// Set `.Release.IsUpgrade` instead of `.Release.IsInstall`
    #[arg(long)]
    is_upgrade: bool,

    /// Template of the release name
    #[arg(long, value_name = "TEMPLATE")]
    name_template: Option<String>,

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
    #[arg(long, value_name = "DIR")]
    output_dir: Option<PathBuf>,

    /// Put the release name into the paths of `--output-dir`
    #[arg(long)]
    release_name: bool,
}

/// Flags of helm that have no influence on the text when no cluster is asked.
#[derive(Args, Debug)]
#[command(next_help_heading = "Accepted for compatibility, without effect")]
struct IgnoredArgs {
    #[arg(long, hide = true)]
    atomic: bool,
    #[arg(long, hide = true)]
    create_namespace: bool,
    #[arg(long, hide = true, value_name = "TEXT")]
    description: Option<String>,
    #[arg(long, hide = true)]
    devel: bool,
    #[arg(long, hide = true)]
    disable_openapi_validation: bool,
    #[arg(long, hide = true)]
    force: bool,
    #[arg(long, hide = true)]
    force_conflicts: bool,
    #[arg(long, hide = true)]
    force_replace: bool,
    #[arg(long, hide = true)]
    hide_notes: bool,
    #[arg(short, long, hide = true, value_name = "KEY=VALUE")]
    labels: Vec<String>,
    #[arg(long, hide = true)]
    render_subchart_notes: bool,
    #[arg(long, hide = true)]
    replace: bool,
    #[arg(long, hide = true)]
    rollback_on_failure: bool,
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, value_name = "BOOL")]
    server_side: Option<Option<String>>,
    #[arg(long, hide = true)]
    skip_crds: bool,
    #[arg(long, hide = true)]
    take_ownership: bool,
    #[arg(long, hide = true, value_name = "DURATION")]
    timeout: Option<String>,
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, value_name = "STRATEGY")]
    wait: Option<Option<String>>,
    #[arg(long, hide = true)]
    wait_for_jobs: bool,
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
    if let Some(directory) = &args.select.output_dir {
        let name = args.select.release_name.then_some(&*name);
        let out = rendered.files(directory, name);
        for (path, content) in &out.files {
            files::write_whole(path, content).map_err(|e| Error::world(format!("Error: {e}")))?;
        }
        return output::stdout(&out.messages);
    }
    if args.select.show_only.is_empty() {
        output::stdout(&rendered.stream())
    } else {
        output::stdout(&rendered.show_only(&args.select.show_only).map_err(shown)?)
    }
}

fn log(lines: &[LogLine], helm: HelmCompat) {
    for line in lines {
        output::stderr(&line.text_for(helm));
    }
}

fn render(args: &TemplateArgs) -> Result<(Rendered, String), Error> {
    let helm = HelmCompat::from(args.helm_compat);
    let (name, chart) = name_and_chart(args, helm)?;
    let path = locate(chart)?;
    let user = ValuesOptions {
        files: csv_list(&args.values.files)?,
        set_json: args.values.set_json.clone(),
        set: args.values.set.clone(),
        set_string: args.values.set_string.clone(),
        set_file: args.values.set_file.clone(),
        set_literal: args.values.set_literal.clone(),
    };
    let values = values::merge_options(&user, helm, &mut read_source)
        .map_err(|error| Error::input(error.message))?;
    let load = LoadOptions {
        helm,
        links: Links::Anywhere,
    };
    let loaded = chart::load(&path, load).map_err(|error| Error::input(error.message()))?;
    // The process ends soon, and the system takes large data back faster than we do.
    let (values, loaded) = (ManuallyDrop::new(values), ManuallyDrop::new(loaded));
    let templates = ManuallyDrop::new(TemplateCache::default());
    let options = Options {
        name: name.clone(),
        namespace: args.namespace.clone(),
        is_upgrade: args.cluster.is_upgrade,
        kube_version: args.cluster.kube_version.clone(),
        api_versions: csv_list(&args.cluster.api_versions)?,
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
    match (&args.name_and_chart[..], &args.cluster.name_template) {
        ([name, _], Some(_)) => Err(Error::input(format!(
            "cannot set --name-template and also specify a name: {name}"
        ))),
        ([name, chart], None) => Ok((name.clone(), chart)),
        ([chart], Some(template)) => {
            let host = super::host::System { helm, dns: false };
            let name = release::name_from_template(template, helm, &host)
                .map_err(|error| Error::input(error.helm_text()))?;
            Ok((name, chart))
        }
        ([chart], None) => Ok(("release-name".to_owned(), chart)),
        ([_, _, more @ ..], _) => Err(Error::usage(format!(
            "expected at most two arguments, unexpected arguments: {}",
            more.join(", ")
        ))),
        ([], _) => Err(Error::usage(
            "\"helm template\" requires at least 1 argument",
        )),
    }
}

/// The chart's path; what is neither a directory nor a file is refused in Helm's words.
fn locate(chart: &str) -> Result<PathBuf, Error> {
    let chart = chart.trim();
    let path = Path::new(chart);
    if path.exists() {
        return Ok(path.to_owned());
    }
    if path.is_absolute() || chart.starts_with('.') {
        return Err(Error::input(format!("path {chart:?} not found")));
    }
    Err(Error::input(format!(
        "chart {chart:?} not found: give the path of a directory or of a .tgz archive"
    )))
}

/// Reads a values file or a file for `--set-file`; `-` is standard input.
fn read_source(path: &str) -> Result<Vec<u8>, String> {
    if path.trim() == "-" {
        let mut bytes = Vec::new();
        let read = std::io::stdin().lock().read_to_end(&mut bytes);
        return read.map(|_| bytes).map_err(|error| error.to_string());
    }
    if path.contains("://") {
        return Err(format!("{path}: values are read from files only"));
    }
    fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("open {path}: no such file or directory"),
        std::io::ErrorKind::PermissionDenied => format!("open {path}: permission denied"),
        std::io::ErrorKind::IsADirectory => format!("read {path}: is a directory"),
        _ => format!("open {path}: {error}"),
    })
}

/// Splits the values of a list flag at commas; a quoted field may hold commas, as in CSV.
fn csv_list(flags: &[String]) -> Result<Vec<String>, Error> {
    let mut out = Vec::new();
    for flag in flags {
        let mut rest = flag.as_str();
        loop {
            let (field, after) = match rest.strip_prefix('"') {
                Some(quoted) => quoted_field(quoted)
                    .ok_or_else(|| Error::usage(format!("unbalanced quotes in {flag:?}")))?,
                None => {
                    let end = rest.find(',').unwrap_or(rest.len());
                    (rest[..end].to_owned(), &rest[end..])
                }
            };
            out.push(field);
            match after.strip_prefix(',') {
                Some(next) => rest = next,
                None => break,
            }
        }
    }
    Ok(out)
}

/// A field after its opening quote, and what follows the closing one; `""` is a quote.
fn quoted_field(text: &str) -> Option<(String, &str)> {
    let mut field = String::new();
    let mut rest = text;
    loop {
        let (before, after) = rest.split_once('"')?;
        field.push_str(before);
        match after.strip_prefix('"') {
            Some(next) => {
                field.push('"');
                rest = next;
            }
            None if after.is_empty() || after.starts_with(',') => return Some((field, after)),
            None => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_flags_are_comma_separated_with_quotes() {
        let list =
            |flags: &[&str]| csv_list(&flags.iter().map(|f| (*f).to_owned()).collect::<Vec<_>>());
        assert_eq!(list(&["a,b", "c"]).expect("a list"), ["a", "b", "c"]);
        assert_eq!(list(&["\"a,b\",c\"d"]).expect("a list"), ["a,b", "c\"d"]);
        assert_eq!(list(&["\"a\"\"b\""]).expect("a list"), ["a\"b"]);
        assert!(list(&["\"a"]).is_err());
    }
}
