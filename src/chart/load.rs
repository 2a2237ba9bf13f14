//! Finding out what a chart's path is, and reading its files.

use std::fs;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use super::archive::{self, GZIP_HEADER, without_bom};
use super::assemble::{Assembly, assemble};
use super::error::ChartError;
use super::ignore::Rules;
use super::{Budget, Chart, File, metadata};
use crate::files::{self, FileError, Found, Links, Next, os_text, walk};
use crate::helm::{HelmCompat, Level, LogLine};
use crate::limits::MAX_CHART_FILE_BYTES;
use crate::value::Str;
use crate::value::quote::quote;

/// How to load a chart.
#[derive(Clone, Copy, Debug)]
pub struct LoadOptions<'a> {
    /// Whose words and limits.
    pub helm: HelmCompat,
    /// Where links in a chart directory may lead.
    pub links: Links<'a>,
}

/// A chart and what Helm would have logged while loading it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The chart.
    pub chart: Chart,
    /// Lines for standard error.
    pub log: Vec<LogLine>,
}

/// Loads the chart at `path`: a directory, or else an archive.
///
/// # Errors
///
/// Whatever Helm refuses, in its words; a chart that is too large.
pub fn load(path: &Path, options: LoadOptions<'_>) -> Result<Loaded, ChartError> {
    let metadata = fs::metadata(path).map_err(|e| {
        let text = format!("stat {}: {}", path.display(), os_text(&e));
        ChartError::file(text, FileError::io("stat", path, e))
    })?;
    if metadata.is_dir() {
        return load_directory(path, options);
    }
    if !metadata.is_file() {
        return Err(FileError::NotRegular(path.to_owned()).into());
    }
    let file = fs::File::open(path).map_err(|e| FileError::io("open", path, e))?;
    load_archive(&path.to_string_lossy(), file, options.helm)
}

/// How much of an archive is read at a time.
const ARCHIVE_BUFFER_BYTES: usize = 32 * 1024;

/// Loads a chart from the archive `source`, which messages call `name`.
///
/// # Errors
///
/// Whatever Helm refuses, in its words; a chart that is too large.
pub fn load_archive(
    name: &str,
    mut source: impl Read + Seek,
    helm: HelmCompat,
) -> Result<Loaded, ChartError> {
    let unreadable = |e| FileError::io("read", name, e);
    let mut head = Vec::with_capacity(512);
    (&mut source)
        .take(512)
        .read_to_end(&mut head)
        .map_err(unreadable)?;
    archive::check_is_archive(name, &head)?;
    source.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    let mut budget = Budget::new();
    let source = BufReader::with_capacity(ARCHIVE_BUFFER_BYTES, source);
    let not_gzip = |e: ChartError| {
        let details = e.message();
        ChartError::archive(format!(
            "file '{name}' does not appear to be a valid chart file (details: {details})"
        ))
    };
    let files = archive::unpack(source, helm, &mut budget).map_err(|e| {
        if e.message() == GZIP_HEADER {
            not_gzip(e)
        } else if helm == HelmCompat::V4 {
            ChartError::archive("unable to load chart archive").because(e.message())
        } else {
            e
        }
    })?;
    if helm == HelmCompat::V4 {
        let chart_file = files.iter().find(|file| file.name == "Chart.yaml");
        let chart_file = chart_file.ok_or_else(|| {
            ChartError::archive("unable to detect chart version, no Chart.yaml found")
        })?;
        check_api_version(&chart_file.data)?;
    }
    finish(files, helm, budget, Vec::new()).map_err(|e| {
        // Helm 4 takes the error of an archive in the archive for its own.
        if helm == HelmCompat::V4 && e.message().ends_with(GZIP_HEADER) {
            not_gzip(e)
        } else {
            e
        }
    })
}

fn load_directory(path: &Path, options: LoadOptions<'_>) -> Result<Loaded, ChartError> {
    let top = files::absolute(path)?;
    if options.helm == HelmCompat::V4 {
        let file = top.join("Chart.yaml");
        let data = read_file(&file, options.links).map_err(|e| {
            let text = format!("unable to detect chart at {}: {e}", file.display());
            ChartError::file(text, e)
        })?;
        check_api_version(&data)?;
    }
    let mut budget = Budget::new();
    let mut log = Vec::new();
    match read_directory(&top, options, &mut budget, &mut log) {
        Ok(files) => finish(files, options.helm, budget, log),
        Err(error) => Err(error.after(log)),
    }
}

/// Reads the files of the chart at `top` that `.helmignore` leaves.
pub(super) fn read_directory(
    top: &Path,
    options: LoadOptions<'_>,
    budget: &mut Budget,
    log: &mut Vec<LogLine>,
) -> Result<Vec<File>, ChartError> {
    let rules = read_rules(&top.join(".helmignore"), options.links)?;
    let mut found_files = Vec::new();
    walk(top, options.links, |found| {
        log.extend(log_link(&found, options.helm));
        if rules.ignore(found.name, found.metadata.is_dir()) {
            return Ok(Next::Skip);
        }
        if !found.metadata.is_dir() {
            budget.spend(found.metadata.len())?;
            found_files.push(read_found(&found, options.links)?);
        }
        Ok::<_, ChartError>(Next::Enter)
    })?;
    Ok(found_files)
}

fn finish(
    files: Vec<File>,
    helm: HelmCompat,
    budget: Budget,
    log: Vec<LogLine>,
) -> Result<Loaded, ChartError> {
    let mut assembly = Assembly { helm, budget, log };
    match assemble(files, None, 0, &mut assembly) {
        Ok(chart) => Ok(Loaded {
            chart,
            log: assembly.log,
        }),
        Err(error) => Err(error.after(assembly.log)),
    }
}

/// Helm 4 looks at `apiVersion` before anything else.
fn check_api_version(chart_file: &[u8]) -> Result<(), ChartError> {
    let version = metadata::api_version(chart_file).map_err(|e| {
        let source = String::from_utf8_lossy(chart_file);
        ChartError::text(
            "cannot load Chart.yaml",
            e.diagnostic("Chart.yaml", &source),
        )
    })?;
    match version.as_str() {
        "" | "v1" | "v2" => Ok(()),
        "v3" => Err(ChartError::content("invalid chart apiVersion")),
        _ => Err(ChartError::content("unsupported chart version")),
    }
}

fn read_rules(file: &Path, links: Links<'_>) -> Result<Rules, ChartError> {
    let text = if file.exists() {
        read_file(file, links)?
    } else {
        Vec::new()
    };
    Rules::parse(&String::from_utf8_lossy(&text)).map_err(ChartError::content)
}

fn read_found(found: &Found<'_>, links: Links<'_>) -> Result<File, ChartError> {
    if !found.metadata.is_file() {
        return Err(ChartError::file(
            format!(
                "cannot load irregular file {} as it has file mode type bits set",
                found.path.display()
            ),
            FileError::NotRegular(found.path.to_owned()),
        ));
    }
    let data = read_file(found.path, links).map_err(|e| match e {
        FileError::TooLarge { .. } => {
            let real = found.link.unwrap_or(found.path);
            let base = real.file_name().unwrap_or_default().to_string_lossy();
            let text = format!(
                "chart file {} is larger than the maximum file size {MAX_CHART_FILE_BYTES}",
                quote(base.as_bytes())
            );
            ChartError::file(text, e)
        }
        e => ChartError::file(format!("error reading {}: {e}", found.name), e),
    })?;
    Ok(File {
        name: found.name.to_owned(),
        data: Str::from(without_bom(&data)),
    })
}

fn read_file(path: &Path, links: Links<'_>) -> Result<Vec<u8>, FileError> {
    links.check(path)?;
    files::read_regular(path, MAX_CHART_FILE_BYTES)
}

fn log_link(found: &Found<'_>, helm: HelmCompat) -> Option<LogLine> {
    let (path, resolved) = (found.path.display(), found.link?.display());
    Some(match helm {
        HelmCompat::V3 => LogLine::plain(format!(
            "found symbolic link in path: {path} resolves to {resolved}. Contents of linked file \
             included and used"
        )),
        HelmCompat::V4 => LogLine::structured(
            Level::Info,
            "found symbolic link in path. Contents of linked file included and used",
            [
                ("path", path.to_string()),
                ("resolved", resolved.to_string()),
            ],
        ),
    })
}
