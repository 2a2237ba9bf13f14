//! Where the time of a render goes: each part by itself, then whole processes.
//!
//! `JENKINS_CHART=jenkins-5.9.53.tgz cargo bench --bench engine` prints Markdown tables; without
//! the variable the small chart of the tests is taken. `HELM=/path/to/helm` adds helm itself.

mod shared;

use std::error::Error;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use jenkins_cmp::chart::{self, LoadOptions, Loaded};
use jenkins_cmp::files::Links;
use jenkins_cmp::funcs;
use jenkins_cmp::helm::HelmCompat;
use jenkins_cmp::release::{self, Derived, Options, TemplateCache};
use jenkins_cmp::template::TemplateSet;
use jenkins_cmp::value::Tree;
use jenkins_cmp::{values, yaml};
use shared::measure::{children_cpu, status};

const HELM: HelmCompat = HelmCompat::V4;

/// How often each part runs.
const N_RUNS: u32 = 100;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    // `cargo test` runs this too, but without the flag.
    if !std::env::args().any(|arg| arg == "--bench") {
        return Ok(());
    }
    let small = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/charts/jenkins");
    let path = std::env::var_os("JENKINS_CHART").map_or(small, PathBuf::from);
    line("| part | least ms | median ms |");
    line("|---|---|---|");
    parts(&path)?;
    line("\n| process | CPU ms | wall ms | peak memory KiB |");
    line("|---|---|---|---|");
    process(env!("CARGO_BIN_EXE_jenkins-cmp"), &path)?;
    if let Ok(helm) = std::env::var("HELM") {
        process(&helm, &path)?;
    }
    Ok(())
}

fn parts(path: &Path) -> Outcome<()> {
    let load = || -> Outcome<Loaded> {
        let options = LoadOptions {
            helm: HELM,
            links: Links::Anywhere,
        };
        Ok(chart::load(path, options).map_err(|error| error.message().to_owned())?)
    };
    let chart = load()?.chart;
    let defaults = chart.values_raw.clone().unwrap_or_default();
    part("load the chart", || load().map(drop))?;
    part("parse its values.yaml", || {
        drop(values::parse_values("values.yaml", &defaults, HELM)?);
        Ok(())
    })?;
    part("parse its templates", || {
        let mut set = TemplateSet::new("gotpl", funcs::table(HELM.major()));
        for file in chart.templates.iter() {
            set.add(file.name.as_str(), file.data.clone())?;
        }
        drop(black_box(set));
        Ok(())
    })?;
    let host = Derived::stand_ins(HELM, "bench".to_owned());
    let (user, options, cache) = (Tree::empty_map(), options(), TemplateCache::default());
    let render = |cache: &TemplateCache| {
        let rendered = release::render_cached(&chart, &user, &options, &host, cache);
        rendered.map_err(|error| error.helm_text())
    };
    let rendered = render(&cache)?;
    part("render it, templates parsed", || {
        drop(black_box(render(&cache)?));
        Ok(())
    })?;
    part("render it, templates not parsed", || {
        drop(black_box(render(&TemplateCache::default())?));
        Ok(())
    })?;
    let texts: Vec<&[u8]> = rendered.manifests.iter().map(|d| &*d.text).collect();
    let objects: Result<Vec<Tree>, yaml::Error> = texts.iter().map(|t| yaml::to_tree(t)).collect();
    let objects = objects?;
    part("read the manifests as YAML", || {
        for text in &texts {
            black_box(yaml::to_tree(text)?);
        }
        Ok(())
    })?;
    part("write the manifests as YAML", || {
        for object in &objects {
            black_box(yaml::write(object));
        }
        Ok(())
    })
}

fn options() -> Options {
    Options {
        name: "jenkins".to_owned(),
        namespace: "ci".to_owned(),
        is_upgrade: false,
        kube_version: None,
        api_versions: Vec::new(),
        include_crds: true,
        hooks: true,
        tests: true,
        validate_schema: true,
        objects: false,
        helm: HELM,
    }
}

/// Times one part and prints its row.
fn part(name: &str, mut work: impl FnMut() -> Outcome<()>) -> Outcome<()> {
    let mut times = Vec::new();
    for _ in 0..N_RUNS {
        let start = Instant::now();
        work()?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    let (least, median) = (ms(times[0]), ms(times[times.len() / 2]));
    line(&format!("| {name} | {least:.3} | {median:.3} |"));
    Ok(())
}

/// Runs `program template` as a process of its own, over and over, and prints the row.
fn process(program: &str, chart: &Path) -> Outcome<()> {
    let (start, cpu) = (Instant::now(), children_cpu());
    let mut peak = 0;
    for _ in 0..N_RUNS {
        let mut child = Command::new(program)
            .args(["template", "jenkins"])
            .arg(chart)
            .stdout(Stdio::null())
            .spawn()?;
        // The figure is gone with the process, so it is read while that runs.
        while child.try_wait()?.is_none() {
            peak = peak.max(peak_kib(child.id()));
        }
        if !child.wait()?.success() {
            return Err(format!("{program} failed").into());
        }
    }
    let each = |time: Duration| time.as_secs_f64() * 1000.0 / f64::from(N_RUNS);
    let (wall, cpu) = (each(start.elapsed()), each(children_cpu() - cpu));
    let name = Path::new(program).file_name().unwrap_or_default();
    let name = name.to_string_lossy();
    line(&format!("| {name} | {cpu:.1} | {wall:.1} | {peak} |"));
    Ok(())
}

/// The most memory that a process has held so far.
fn peak_kib(id: u32) -> u64 {
    let text = status(id, "VmHWM").unwrap_or_default();
    let number = text.split(' ').next().unwrap_or_default();
    number.parse().unwrap_or(0)
}

#[expect(clippy::print_stdout, reason = "the report of the benchmark")]
fn line(text: &str) {
    println!("{text}");
}
