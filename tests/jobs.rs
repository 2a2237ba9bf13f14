//! Jobs and JCasC: the examples of the documentation, Groovy's own compiler, a migration.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use jenkins_cmp::app::settings::JobsSettings;
use jenkins_cmp::jobs::{self, Context, Rank, Source, Sources};
use jenkins_cmp::limits::{
    MAX_JINJA_MEMORY, MAX_JINJA_SECONDS, MAX_JOB_COMBINATIONS, MAX_JOBS_PER_SCRIPT,
};
use jenkins_cmp::manifest;
use jenkins_cmp::value::Tree;
use serde_json::json;

use crate::support::{Run, TempDir, note, root};

/// Texts that break naive quoting.
const HOSTILE: &[&str] = &[
    "it's",
    "''' and ''",
    "'''\nmany\n'",
    "${x} $y ${ { } } $",
    "\\ \\u0041 \\\\u0027 \\n",
    "\\\nu0041 \\'''\\\n",
    "\u{1}\u{7f}\u{a0}\t\u{202e}\u{feff}é日本😀",
    "\n\n leading and trailing\n\n",
    "/* */ // # <% \"\"\" $/ /$",
    "\\",
    "a\\\nb\\",
];

fn examples() -> PathBuf {
    root().join("testdata/jobs/examples")
}

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path.as_ref()).unwrap_or_else(|e| panic!("{}: {e}", path.as_ref().display()))
}

/// What the declared jobs `text` become, in the order in which Jenkins runs it.
fn declare(name: &str, text: &str, settings: &JobsSettings) -> Vec<(String, String)> {
    let context = Context::new(|| Ok(json!({"vars": {"domain": "ci.example.com"}})));
    let source = Source {
        file: format!("jobs/{name}"),
        text: text.to_owned(),
        rank: Rank::default(),
    };
    let sources = Sources::from([(name.to_owned(), source)]);
    let scripts = jobs::declare(sources, settings, &context).unwrap_or_else(|e| panic!("{e:#}"));
    let ordered: BTreeMap<_, _> = scripts
        .into_iter()
        .map(|(path, source)| ((source.rank, path), source.text))
        .collect();
    ordered
        .into_iter()
        .map(|((_, path), text)| (path, text))
        .collect()
}

fn scripts_of_example(name: &str) -> Vec<(String, String)> {
    let text = read(examples().join(format!("{name}.yaml")));
    declare(&format!("{name}.yaml"), &text, &JobsSettings::default())
}

const EXAMPLES: [&str; 4] = ["pipelines", "multibranch", "freestyle", "matrix"];

#[test]
fn examples_become_scripts() {
    for name in EXAMPLES {
        let shown: Vec<String> = scripts_of_example(name)
            .into_iter()
            .map(|(path, text)| format!("// ==== {path}\n{text}"))
            .collect();
        insta::with_settings!({snapshot_path => examples(), prepend_module_to_snapshot => false, omit_expression => true}, {
            insta::assert_snapshot!(name, shown.join("\n"));
        });
    }
}

#[test]
fn the_documentation_shows_the_examples() {
    let page = read(root().join("docs/jobs.md"));
    let mut wanted = vec![
        (
            "context.groovy.j2".to_owned(),
            read(examples().join("context.groovy.j2")),
        ),
        (
            "context.groovy".to_owned(),
            read(examples().join("context.groovy")),
        ),
        (
            "migration".to_owned(),
            read(root().join("testdata/jobs/migration/jenkins-cmp.yaml")),
        ),
    ];
    for name in EXAMPLES {
        wanted.push((
            name.to_owned(),
            read(examples().join(format!("{name}.yaml"))),
        ));
    }
    for (path, text) in scripts_of_example("pipelines") {
        wanted.push((path, text));
    }
    for (name, text) in wanted {
        assert!(
            page.contains(&format!("\n{text}```\n")),
            "docs/jobs.md does not show {name}"
        );
    }
}

/// An overlay in a fleet of its own, over the small chart of the tests.
fn fleet(settings: &str) -> TempDir {
    let directory = TempDir::new("jenkins-cmp-jobs");
    let chart = root().join("testdata/charts/jenkins");
    for entry in walkdir::WalkDir::new(&chart) {
        let path = entry.expect("a readable chart").into_path();
        if path.is_file() {
            let below = path.strip_prefix(&chart).expect("a path below the chart");
            let below = format!("charts/jenkins/{}", below.display());
            directory.write(&below, fs::read(&path).expect("a readable file"));
        }
    }
    directory.write(
        "jenkins-cmp.yaml",
        "release: {name: jenkins, namespace: ci}\nchart: {path: charts/jenkins}\nvars: {domain: ci.example.com}\n",
    );
    directory.write("overlays/prod/jenkins-cmp.yaml", settings);
    directory.write(
        "overlays/prod/values.yaml",
        "controller: {numExecutors: 2}\n",
    );
    directory
}

/// The ConfigMaps of the overlay that are not the chart's, by name.
fn config_maps(directory: &TempDir) -> BTreeMap<String, Tree> {
    let output = Run::new(&["render", "overlays/prod"])
        .current_dir(directory.path())
        .output();
    assert_eq!(output.code, 0, "{}", output.stderr);
    by_name(&output.stdout, |source| source.starts_with("prod/"))
}

fn by_name(stream: &str, wanted: impl Fn(&str) -> bool) -> BTreeMap<String, Tree> {
    let documents = manifest::split(stream, "the stream").expect("manifests");
    documents
        .iter()
        .filter(|document| wanted(document.source().unwrap_or_default()))
        .map(|document| {
            let object = document.object().clone();
            let name = object.at(["metadata", "name"]).and_then(Tree::as_str);
            (name.unwrap_or_default().to_owned(), object)
        })
        .collect()
}

#[test]
fn templates_see_the_overlay() {
    let directory = fleet("{}");
    let template = read(examples().join("context.groovy.j2"));
    directory.write("overlays/prod/jobs/context.groovy.j2", template);
    let maps = config_maps(&directory);
    let script = maps["jenkins-jobs"].at(["data", "context.groovy"]);
    let expected = read(examples().join("context.groovy"));
    assert_eq!(script.and_then(Tree::as_str), Some(expected.as_str()));
}

#[test]
fn an_installation_with_other_names_is_taken_over_without_a_difference() {
    let migration = root().join("testdata/jobs/migration");
    let installed = by_name(&read(migration.join("installed.yaml")), |_| true);
    let directory = fleet(&read(migration.join("jenkins-cmp.yaml")));
    for (name, file) in [
        ("jobs-groovy", "jobs/test.groovy"),
        ("global-settings", "casc/global-settings.yaml"),
    ] {
        let key = file.rsplit('/').next().expect("a name");
        let text = installed[name].at(["data", key]).and_then(Tree::as_str);
        directory.write(&format!("overlays/prod/{file}"), text.expect("a file"));
    }
    assert_eq!(config_maps(&directory), installed);
}

#[test]
fn combinations_and_files_are_bounded() {
    let declare = |text: &str| {
        let source = Source {
            file: "jobs/a.yaml".to_owned(),
            text: text.to_owned(),
            rank: Rank::default(),
        };
        let sources = Sources::from([("a.yaml".to_owned(), source)]);
        let context = Context::new(|| Ok(json!({})));
        jobs::declare(sources, &JobsSettings::default(), &context)
            .map(|_| ())
            .map_err(|e| e.to_string())
    };
    let axes = |n: usize| {
        let axis = |n: usize| vec!["1"; n].join(", ");
        let (a, b) = (axis(100), axis(n));
        declare(&format!(
            "- template: x\n  matrix: {{a: [{a}], b: [{b}]}}\n"
        ))
    };
    assert_eq!(axes(MAX_JOB_COMBINATIONS / 100), Ok(()));
    let problem = axes(MAX_JOB_COMBINATIONS / 100 + 1).unwrap_err();
    assert!(problem.contains("combinations"), "{problem}");
    let jobs = |n: usize| {
        let items = (0..n).map(|n| format!("- freeStyleJob: j{n}\n"));
        declare(&items.collect::<String>())
    };
    assert_eq!(jobs(MAX_JOBS_PER_SCRIPT), Ok(()));
    let problem = jobs(MAX_JOBS_PER_SCRIPT + 1).unwrap_err();
    assert!(problem.contains("more than"), "{problem}");
}

/// Templates that do too much in few steps, each beside one of its kind that does less.
#[test]
fn templates_have_so_much_time_and_memory() {
    let directory = fleet("{}");
    directory.write("overlays/test/values.yaml", "{}\n");
    let render = |text: &str| {
        directory.write("overlays/prod/jobs/a.groovy.j2", text);
        let output = Run::new(&["render", "--all", "-o", "out"])
            .current_dir(directory.path())
            .output();
        // One broken overlay does not hide the others.
        assert!(directory.path().join("out/test.yaml").is_file());
        match output.code {
            0 => Ok(()),
            code => Err((code, output.stderr)),
        }
    };
    let refused = |text: &str, why: &str| {
        let (code, problem) = render(text).unwrap_err();
        assert_eq!(code, 3, "{problem}");
        assert!(
            problem.contains("overlays/prod/jobs/a.groovy.j2:"),
            "{problem}"
        );
        assert!(problem.contains(why), "{problem}");
    };
    let text = |n| {
        format!(
            "{{% set ns = namespace(x='x') %}}{{% for a in range({n}) %}}\
             {{% set ns.x = ns.x ~ ns.x %}}{{% endfor %}}// {{{{ ns.x|length }}}}"
        )
    };
    let most = MAX_JINJA_MEMORY.ilog2();
    assert_eq!(render(&text(most - 2)), Ok(()));
    let why = format!("templates take more than {MAX_JINJA_MEMORY} bytes of memory");
    refused(&text(most), &why);
    let equal = |n| {
        let build = "{% set ns.x = [ns.x, ns.x] %}{% set ns.y = [ns.y, ns.y] %}";
        format!(
            "{{% set ns = namespace(x=[1], y=[1]) %}}{{% for a in range({n}) %}}{build}\
             {{% endfor %}}// {{{{ ns.x == ns.y }}}}"
        )
    };
    assert_eq!(render(&equal(10)), Ok(()));
    refused(
        &equal(40),
        &format!("templates take more than {MAX_JINJA_SECONDS} seconds"),
    );
    let chain = |n| format!("// {{{{ 1{} }}}}", "+1".repeat(n));
    assert_eq!(render(&chain(1_000)), Ok(()));
    refused(
        &chain(1_000_000),
        "an expression of the template is too long",
    );
}

#[test]
fn groovy_compiles_and_reads_what_is_generated() {
    let Some(jar) = groovy() else {
        note("no groovy-all-2.4.21.jar in GROOVY_JAR or ~/.m2, or no java: scripts not compiled");
        return;
    };
    let directory = TempDir::new("jenkins-cmp-groovy");
    let cleanup = JobsSettings {
        cleanup: Some(true),
        ..JobsSettings::default()
    };
    // YAML takes these two only when they are escaped.
    let quoted = |text: &&str| {
        let text = json!(text).to_string();
        text.replace('\u{7f}', "\\u007f")
            .replace('\u{feff}', "\\ufeff")
    };
    let texts: Vec<String> = HOSTILE.iter().map(quoted).collect();
    let hostile: Vec<String> = texts
        .iter()
        .enumerate()
        .map(|(n, text)| format!("- {{folder: 'it''s {n}', description: {text}}}\n"))
        .collect();
    let mut scripts = declare("hostile.yaml", &hostile.concat(), &cleanup);
    let many: String = (0..1_000)
        .map(|n| format!("- folder: f{n}\n  description: d\n"))
        .collect();
    scripts.extend(declare("many.yaml", &many, &cleanup));
    scripts.extend(EXAMPLES.iter().flat_map(|name| scripts_of_example(name)));
    for (n, (path, text)) in (0..).zip(&scripts) {
        let name = path.replace(['/', '-', '.'], "_");
        directory.write(&format!("s{n}_{name}.groovy"), text);
    }
    directory.write("wanted.json", format!("[{}]", texts.join(",")));
    directory.write("Check.groovy", CHECK);
    let output = Command::new("java")
        .args(["-Dfile.encoding=UTF-8", "-cp"])
        .arg(&jar)
        .args(["groovy.ui.GroovyMain", "Check.groovy"])
        .arg(root().join("testdata/jobs/stubs"))
        .current_dir(directory.path())
        .output()
        .expect("java starts");
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    let n = scripts.len();
    assert_eq!(
        stdout.trim(),
        format!("{n} compiled, {} read", HOSTILE.len()),
        "{stderr}"
    );
}

/// Compiles every script, then runs the first one with a `folder` that notes descriptions.
const CHECK: &str = r#"
def loader = new GroovyClassLoader()
loader.addClasspath(args[0])
def scripts = new File('.').listFiles().findAll { it.name ==~ /s\d+_.*/ }
scripts.each { loader.parseClass(it.getText('UTF-8'), it.name) }
def found = []
class Folder {
    List found
    def description(String text) { found << text }
}
def first = scripts.find { it.name.startsWith('s0_') }
def binding = new Binding()
binding.setVariable('folder', { String name, Closure body ->
    body.delegate = new Folder(found: found)
    body.resolveStrategy = Closure.DELEGATE_FIRST
    body()
})
new GroovyShell(loader, binding).evaluate(first.getText('UTF-8'))
def wanted = new groovy.json.JsonSlurper().parseText(new File('wanted.json').getText('UTF-8'))
assert found as Set == wanted as Set
println "${scripts.size()} compiled, ${found.size()} read"
"#;

fn groovy() -> Option<PathBuf> {
    let below_home = || {
        let home = std::env::var_os("HOME")?;
        let path = "org/codehaus/groovy/groovy-all/2.4.21/groovy-all-2.4.21.jar";
        Some(Path::new(&home).join(".m2/repository").join(path))
    };
    let jar = std::env::var_os("GROOVY_JAR").map(PathBuf::from);
    let jar = jar.or_else(below_home).filter(|jar| jar.is_file())?;
    let java = Command::new("java").arg("-version").output();
    java.ok().filter(|output| output.status.success())?;
    Some(jar)
}
