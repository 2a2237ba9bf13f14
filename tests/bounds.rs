//! Every constant of `src/limits.rs` has a test on both sides of its edge.
//!
//! [`BOUNDS`] has one row for each of them: what is at the edge and accepted, what is beyond and
//! refused; or the unit test that shows both where the bound cannot be reached from outside.

use std::collections::BTreeSet;
use std::fs;

use flate2::Compression;
use flate2::write::GzEncoder;
use jenkins_cmp::app::{self, Repository};
use jenkins_cmp::funcs;
use jenkins_cmp::helm::HelmCompat;
use jenkins_cmp::limits::*;
use jenkins_cmp::release::Derived;
use jenkins_cmp::store::Digest;
use jenkins_cmp::template::{Limits, Run, TemplateSet};
use jenkins_cmp::value::{Tree, Value, json};
use jenkins_cmp::values::{self, ValuesOptions};
use jenkins_cmp::yaml;

use crate::server::{Answer, Server};
use crate::support::{self, Run as Command, TempDir};

/// How far an input goes beyond the edge: 0 or 1.
type Beyond = usize;

enum Shown {
    /// Accepted for 0; for 1 refused with this text.
    Here(fn(Beyond) -> Result<(), String>, &'static str),
    /// By the tests of these names, each in a file.
    In(&'static [(&'static str, &'static str)]),
}

use Shown::{Here, In};

/// In the order of `src/limits.rs`.
const BOUNDS: &[(&str, Shown)] = &[
    (
        "MAX_CHART_FILE_BYTES",
        In(&[("src/chart/tests.rs", "archives_are_bounded")]),
    ),
    (
        "MAX_CHART_BYTES",
        In(&[("src/chart/tests.rs", "archives_are_bounded")]),
    ),
    (
        "MAX_INCLUDE_DEPTH",
        Here(include_depth, "nested reference name: a"),
    ),
    (
        "MAX_TEMPLATE_DEPTH",
        Here(template_depth, "exceeded maximum template depth (100000)"),
    ),
    (
        "MAX_SET_INDEX",
        In(&[("src/values/tests.rs", "set_is_bounded")]),
    ),
    (
        "MAX_SET_DEPTH",
        In(&[("src/values/tests.rs", "set_is_bounded")]),
    ),
    (
        "MAX_YAML_DEPTH",
        In(&[("src/yaml/tests.rs", "deepest_nesting")]),
    ),
    (
        "MAX_YAML_NODES",
        Here(yaml_nodes, "the document has more than 4000000 nodes"),
    ),
    (
        "MAX_ENCODED_BYTES",
        Here(encoded_bytes, "the encoded value exceeds 16777216 bytes"),
    ),
    (
        "MAX_DECODED_BYTES",
        Here(
            decoded_bytes,
            "the text to read has more than 5242880 bytes",
        ),
    ),
    (
        "MAX_TOML_KEY_PARTS",
        In(&[("src/funcs/toml/decode.rs", "keys_are_bounded")]),
    ),
    (
        "MAX_FORMAT_DEPTH",
        In(&[("src/value/printf.rs", "depth_is_bounded")]),
    ),
    (
        "MAX_FORMAT_BYTES",
        Here(
            format_bytes,
            "a value takes more than 16777216 bytes to print",
        ),
    ),
    (
        "MAX_SEQUENCE",
        In(&[("src/funcs/math.rs", "sequences_are_bounded")]),
    ),
    (
        "MAX_DECIMAL_DIGITS",
        In(&[("src/funcs/math.rs", "decimals_are_bounded")]),
    ),
    (
        "MAX_STRING_BYTES",
        In(&[("src/funcs/strings.rs", "strings_end_at_the_limit")]),
    ),
    (
        "MAX_LIST_ITEMS",
        In(&[("src/funcs/lists.rs", "concat_ends_at_the_limit")]),
    ),
    (
        "MAX_COPY_DEPTH",
        In(&[("src/funcs/dicts.rs", "copies_end_at_the_limits")]),
    ),
    (
        "MAX_COPY_ITEMS",
        In(&[("src/funcs/dicts.rs", "copies_end_at_the_limits")]),
    ),
    (
        "MAX_EXPRESSION_DEPTH",
        In(&[("src/template/run.rs", "parentheses_nest_as_deep_as_in_go")]),
    ),
    (
        "MAX_STEPS",
        In(&[("src/template/run.rs", "every_budget_has_an_edge")]),
    ),
    (
        "MAX_TREE_FILES",
        In(&[("src/chart/tests.rs", "the_number_of_files_is_bounded")]),
    ),
    (
        "MAX_CHART_TREE_BYTES",
        In(&[("src/chart/tests.rs", "trees_are_bounded")]),
    ),
    (
        "MAX_CHART_DEPTH",
        In(&[("src/chart/tests.rs", "charts_in_charts_are_bounded")]),
    ),
    (
        "MAX_CHARTS",
        In(&[(
            "src/chart/dependencies.rs",
            "charts_and_their_defaults_are_bounded",
        )]),
    ),
    (
        "MAX_SET_NESTING",
        In(&[("src/values/tests.rs", "set_is_bounded")]),
    ),
    (
        "MAX_SET_SLOTS",
        Here(set_slots, "lists need more than 1000000 items"),
    ),
    (
        "MAX_DEFAULTS_BYTES",
        In(&[(
            "src/chart/dependencies.rs",
            "charts_and_their_defaults_are_bounded",
        )]),
    ),
    (
        "MAX_REGEX_BYTES",
        In(&[("src/funcs/regex/mod.rs", "programs_are_bounded")]),
    ),
    (
        "MAX_REGEX_WORK",
        In(&[("src/funcs/regex/matcher.rs", "work_is_bounded")]),
    ),
    (
        "MAX_RANDOM_CHARS",
        In(&[("src/funcs/random/mod.rs", "lengths_are_bounded")]),
    ),
    (
        "MAX_PATCH_DEPTH",
        In(&[("src/patch/operations.rs", "growth_is_bounded")]),
    ),
    (
        "MAX_PATCH_OPERATIONS",
        In(&[("src/patch/operations.rs", "growth_is_bounded")]),
    ),
    (
        "MAX_PATCH_COPIED",
        In(&[("src/patch/operations.rs", "growth_is_bounded")]),
    ),
    (
        "MAX_OVERLAY_FILE_BYTES",
        Here(overlay_file_bytes, "is larger than 5242880 bytes"),
    ),
    (
        "MAX_VALUES_FILE_BYTES",
        Here(values_file_bytes, "is larger than 67108864 bytes"),
    ),
    (
        "MAX_OVERLAY_BYTES",
        In(&[("src/app/repository.rs", "an_allowance_ends")]),
    ),
    (
        "MAX_SETTINGS_BYTES",
        Here(
            settings_bytes,
            "the settings files hold more than 4194304 bytes",
        ),
    ),
    (
        "MAX_JINJA_VALUES_BYTES",
        In(&[("src/render/tests.rs", "values_for_templates_are_bounded")]),
    ),
    (
        "MAX_JINJA_STEPS",
        In(&[("src/jobs/template.rs", "steps_are_bounded")]),
    ),
    (
        "MAX_OVERLAY_JINJA_STEPS",
        In(&[("src/jobs/template.rs", "steps_of_all_templates_are_bounded")]),
    ),
    (
        "MAX_JINJA_SECONDS",
        In(&[("tests/jobs.rs", "templates_have_so_much_time_and_memory")]),
    ),
    (
        "MAX_JINJA_MEMORY",
        In(&[("tests/jobs.rs", "templates_have_so_much_time_and_memory")]),
    ),
    (
        "MAX_JINJA_BYTES",
        In(&[("src/jobs/template.rs", "results_are_bounded")]),
    ),
    (
        "MAX_JOB_DEPTH",
        In(&[("src/jobs/declared/mod.rs", "names_are_bounded")]),
    ),
    (
        "MAX_JOB_NAME_BYTES",
        In(&[("src/jobs/declared/mod.rs", "names_are_bounded")]),
    ),
    (
        "MAX_DECLARED_JOBS",
        In(&[("src/jobs/declared/mod.rs", "the_number_of_jobs_is_bounded")]),
    ),
    (
        "MAX_JOB_COMBINATIONS",
        In(&[("tests/jobs.rs", "combinations_and_files_are_bounded")]),
    ),
    (
        "MAX_JOBS_PER_SCRIPT",
        In(&[("tests/jobs.rs", "combinations_and_files_are_bounded")]),
    ),
    (
        "MAX_CASC_NODES",
        In(&[("src/jobs/merge.rs", "the_number_of_keys_is_bounded")]),
    ),
    (
        "MAX_CONFIG_MAP_BYTES",
        In(&[(
            "src/jobs/config_map.rs",
            "a_script_beyond_every_config_map_is_refused",
        )]),
    ),
    (
        "CONFIG_MAP_FULL_BYTES",
        In(&[("src/jobs/config_map.rs", "what_fits_stays_together")]),
    ),
    (
        "SERVER_SIDE_APPLY_BYTES",
        In(&[(
            "src/jobs/config_map.rs",
            "large_objects_ask_for_server_side_apply",
        )]),
    ),
    (
        "MAX_YAML_PRINT_DEPTH",
        In(&[("src/yaml/tests.rs", "error_texts_print_so_deep")]),
    ),
    (
        "MAX_VALUES",
        In(&[("src/values/tables.rs", "the_number_of_values_is_bounded")]),
    ),
    (
        "MAX_DIFF_DEPTH",
        In(&[(
            "src/report/tests.rs",
            "bounds_hold_on_both_sides_of_their_edges",
        )]),
    ),
    (
        "MAX_DIFF_FIELDS",
        In(&[(
            "src/report/tests.rs",
            "bounds_hold_on_both_sides_of_their_edges",
        )]),
    ),
    (
        "MAX_DIFF_LINES",
        In(&[(
            "src/report/tests.rs",
            "bounds_hold_on_both_sides_of_their_edges",
        )]),
    ),
    (
        "MAX_DIFF_VALUE",
        In(&[(
            "src/report/tests.rs",
            "bounds_hold_on_both_sides_of_their_edges",
        )]),
    ),
    (
        "MAX_DIFF_EDITS",
        In(&[(
            "src/report/lines.rs",
            "a_way_beyond_the_bound_replaces_the_middle",
        )]),
    ),
    (
        "MAX_PARSE_DEPTH",
        In(&[("src/template/run.rs", "blocks_nest_up_to_a_bound")]),
    ),
    (
        "MAX_OUTPUT_BYTES",
        In(&[("src/template/run.rs", "every_budget_has_an_edge")]),
    ),
    (
        "MAX_DOCUMENTS",
        Here(
            documents,
            "the release consists of more than 100000 documents",
        ),
    ),
    (
        "MAX_TEMPLATE_NODES",
        Here(template_nodes, "the templates have more than 2000000 nodes"),
    ),
    (
        "MAX_VALUE_BYTES",
        In(&[("src/template/run.rs", "every_budget_has_an_edge")]),
    ),
    (
        "MAX_EXEC_NESTING",
        In(&[("src/template/run.rs", "every_budget_has_an_edge")]),
    ),
    (
        "MAX_TPL_DEPTH",
        Here(tpl_depth, "`tpl` is nested more than 1000 deep"),
    ),
    (
        "MAX_ERROR_BYTES",
        In(&[
            ("src/template/error.rs", "texts_are_cut_beyond_the_bound"),
            ("src/chart/schema/text.rs", "texts_are_cut_beyond_the_bound"),
        ]),
    ),
    (
        "MAX_EXCERPT_CHARS",
        In(&[("src/diag.rs", "long_lines_are_cut_around_the_column")]),
    ),
    (
        "MAX_ARCHIVE_BYTES",
        In(&[("src/store/tests.rs", "archives_are_bounded")]),
    ),
    (
        "MAX_INDEX_BYTES",
        In(&[
            ("src/fetch/http.rs", "compressed_answers_are_bounded"),
            (
                "tests/fetch.rs",
                "failures_of_servers_are_one_message_and_leave_nothing",
            ),
        ]),
    ),
    (
        "MAX_REGISTRY_BYTES",
        Here(registry_bytes, "is larger than 4194304 bytes"),
    ),
    (
        "MAX_TAG_PAGES",
        Here(tag_pages, "the list of tags has more than 100 pages"),
    ),
    (
        "MAX_REDIRECTS",
        Here(redirects, "redirects more than 10 times"),
    ),
    (
        "MAX_STORE_BYTES",
        In(&[
            (
                "src/store/tests.rs",
                "the_archive_unused_for_longest_goes_first",
            ),
            ("src/store/tests.rs", "the_store_has_the_named_bound"),
        ]),
    ),
    (
        "MAX_FLEET_DIRECTORIES",
        In(&[("src/fleet/find.rs", "the_number_of_directories_is_bounded")]),
    ),
    (
        "MAX_GOLDEN_DIFF_LINES",
        In(&[(
            "src/golden/text.rs",
            "differences_beyond_the_bound_are_only_counted",
        )]),
    ),
    (
        "MAX_DIFF_OUTPUT_LINES",
        In(&[("src/golden/text.rs", "large_differences_are_cut")]),
    ),
    (
        "MAX_RENDER_BYTES",
        In(&[
            ("src/files/tests.rs", "files_are_bounded"),
            ("src/golden/mod.rs", "large_files_are_refused"),
        ]),
    ),
    (
        "MAX_SCHEMA_BYTES",
        In(&[(
            "src/chart/schema/tests.rs",
            "texts_and_their_parts_are_bounded",
        )]),
    ),
    (
        "MAX_SCHEMA_NODES",
        In(&[(
            "src/chart/schema/tests.rs",
            "texts_and_their_parts_are_bounded",
        )]),
    ),
    (
        "MAX_SCHEMA_ADDRESS_BYTES",
        In(&[(
            "src/chart/schema/tests.rs",
            "texts_and_their_parts_are_bounded",
        )]),
    ),
    (
        "MAX_SUBSCHEMAS",
        In(&[(
            "src/chart/schema/tests.rs",
            "the_number_of_subschemas_is_bounded",
        )]),
    ),
    (
        "MAX_SCHEMA_REGEX_BYTES",
        In(&[(
            "src/chart/schema/tests.rs",
            "regular_expressions_are_bounded",
        )]),
    ),
    (
        "MAX_SCHEMA_STEPS",
        In(&[("src/chart/schema/tests.rs", "steps_are_bounded")]),
    ),
    (
        "MAX_SCHEMA_NESTING",
        In(&[("src/chart/schema/tests.rs", "nesting_is_bounded")]),
    ),
];

#[test]
fn every_bound_has_its_row() {
    let source = fs::read_to_string(support::root().join("src/limits.rs")).expect("limits.rs");
    let constants = source
        .lines()
        .filter_map(|line| line.strip_prefix("pub const "));
    let constants: BTreeSet<&str> = constants
        .filter_map(|line| line.split(':').next())
        .collect();
    let rows: BTreeSet<&str> = BOUNDS.iter().map(|(name, _)| *name).collect();
    assert_eq!(rows.len(), BOUNDS.len(), "a name is there twice");
    assert_eq!(rows, constants);
}

/// The tests that a row names are there, show both sides, and one of them is about the constant.
#[test]
fn named_tests_are_there() {
    for (constant, shown) in BOUNDS {
        let In(tests) = shown else { continue };
        let bodies = tests.iter().map(|(file, test)| {
            let source = fs::read_to_string(support::root().join(file)).expect("a source file");
            let body = body(&source, test);
            body.unwrap_or_else(|| panic!("{file} has no test `{test}` for {constant}"))
        });
        let bodies: String = bodies.collect();
        assert!(bodies.contains(constant), "{tests:?} leave out {constant}");
        let n_checks = bodies.matches("assert").count() + bodies.matches("refused").count();
        assert!(n_checks > 1, "{tests:?} show one side of {constant} only");
    }
}

/// The body of the test `name`.
fn body(source: &str, name: &str) -> Option<String> {
    ["", "    "].into_iter().find_map(|indent| {
        let head = format!("{indent}#[test]\n{indent}fn {name}() {{\n");
        let (_, rest) = source.split_once(&head)?;
        let (body, _) = rest.split_once(&format!("\n{indent}}}\n"))?;
        Some(body.to_owned())
    })
}

#[test]
fn what_is_at_the_edge_is_accepted_and_what_is_beyond_refused() {
    for (constant, shown) in BOUNDS {
        let Here(check, says) = shown else { continue };
        assert_eq!(check(0), Ok(()), "{constant} at its edge");
        let refused = check(1).expect_err(constant);
        assert!(refused.contains(says), "{constant}: {refused}");
    }
}

/// What takes long counts before it is done, so that loops of it end in time.
#[test]
fn costly_functions_count_as_many_steps() {
    let key = "(print `-----BEGIN RSA PRIVATE KEY-----` (repeat 10000 `A`))";
    let calls = [
        "genPrivateKey `rsa`".to_owned(),
        "genPrivateKey `dsa`".to_owned(),
        "genPrivateKey `ecdsa`".to_owned(),
        "genCA `a` 1".to_owned(),
        "genSelfSignedCert `a` nil nil 1".to_owned(),
        format!("genCAWithKey `a` 1 {key}"),
        "bcrypt `a`".to_owned(),
        "htpasswd `u` `a`".to_owned(),
        "derivePassword 1 `long` `p` `u` `s`".to_owned(),
        "regexMatch `\\pL{100}` `a`".to_owned(),
        "uniq (until 200)".to_owned(),
        "without (until 200) 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20".to_owned(),
        "has `x` (until 3000)".to_owned(),
        "snakecase (repeat 5000 `aB`)".to_owned(),
        "shuffle (repeat 10000 `a`)".to_owned(),
        "tpl (repeat 300 `{{ 1 }}`) .".to_owned(),
    ];
    let few = Limits {
        steps: 1000,
        ..Limits::default()
    };
    for call in calls {
        let result = execute_within(&format!("{{{{ $_ := {call} }}}}"), Value::Nil, few);
        let error = result.expect_err(&call);
        let bound = "rendering takes more than 1000 evaluation steps";
        assert!(error.ends_with(bound), "{call}: {error}");
    }
}

/// Executes a template with all functions; `.` is `data`.
fn execute(text: &str, data: Value) -> Result<Vec<u8>, String> {
    execute_within(text, data, Limits::default())
}

fn execute_within(text: &str, data: Value, limits: Limits) -> Result<Vec<u8>, String> {
    let mut set = TemplateSet::new("gotpl", funcs::table(4));
    set.add("t", text).map_err(|e| e.to_string())?;
    let host = Derived::stand_ins(HelmCompat::V4, String::new());
    let mut run = Run::new(&set, &host, limits);
    run.execute("t", data).map_err(|e| e.go_text())
}

fn include_depth(beyond: Beyond) -> Result<(), String> {
    // Helm counts the calls that are under way, so one more is made.
    let depth = MAX_INCLUDE_DEPTH as i64 + beyond as i64;
    let text = "{{ define `a` }}{{ if . }}{{ include `a` (int (sub . 1)) }}{{ end }}{{ end }}\
                {{ include `a` . }}";
    execute(text, Value::int(depth)).map(drop)
}

fn template_depth(beyond: Beyond) -> Result<(), String> {
    // Each template calls the next one; a recursion that ends takes blocks, which nest as well.
    let depth = MAX_TEMPLATE_DEPTH as usize + beyond;
    let define = |n| {
        format!(
            "{{{{define `{n}`}}}}{{{{template `{}`}}}}{{{{end}}}}",
            n + 1
        )
    };
    let all: String = (1..depth).map(define).collect();
    let text = format!("{all}{{{{define `{depth}`}}}}{{{{end}}}}{{{{template `1`}}}}");
    execute(&text, Value::Nil).map(drop)
}

fn tpl_depth(beyond: Beyond) -> Result<(), String> {
    let depth = MAX_TPL_DEPTH + beyond;
    let text = "{{ $t := `{{ if .n }}{{ tpl .t (dict \"t\" .t \"n\" (sub .n 1)) }}{{ end }}` }}\
                {{ tpl $t (dict `t` $t `n` (sub . 1)) }}";
    execute(text, Value::int(depth as i64)).map(drop)
}

fn yaml_nodes(beyond: Beyond) -> Result<(), String> {
    // The sequence is a node itself.
    let text = format!("[{}]", "1,".repeat(MAX_YAML_NODES - 1 + beyond));
    let document = yaml::parse(text.as_bytes());
    document.map(drop).map_err(|e| e.to_string())
}

fn decoded_bytes(beyond: Beyond) -> Result<(), String> {
    let text = Value::str(vec![b' '; MAX_DECODED_BYTES + beyond]);
    execute("{{ fromYaml . | len }}", text).map(drop)
}

fn encoded_bytes(beyond: Beyond) -> Result<(), String> {
    // Two quotes, and an `a` each.
    let text = Tree::str(vec![b'a'; MAX_ENCODED_BYTES - 2 + beyond]);
    let text = json::encode_tree(&text, json::Options::default());
    text.map(drop).map_err(|e| e.to_string())
}

fn format_bytes(beyond: Beyond) -> Result<(), String> {
    let text = |n_bytes| Value::str(vec![b'a'; n_bytes]);
    let half = MAX_FORMAT_BYTES / 2;
    let texts = Value::list(vec![text(half), text(half), text(beyond)]);
    execute(
        "{{ print (index . 0) (index . 1) (index . 2) | len }}",
        texts,
    )
    .map(drop)
}

fn set_slots(beyond: Beyond) -> Result<(), String> {
    let full = MAX_SET_SLOTS / (MAX_SET_INDEX + 1);
    let mut lists: Vec<String> = (0..full)
        .map(|i| format!("a{i}[{MAX_SET_INDEX}]=1"))
        .collect();
    let rest = MAX_SET_SLOTS - full * (MAX_SET_INDEX + 1);
    lists.push(format!("z[{}]=1", rest - 1 + beyond));
    let options = ValuesOptions {
        set: lists,
        ..ValuesOptions::default()
    };
    let merged = values::merge_options(&options, HelmCompat::V4, &mut |_| Ok(Vec::new()));
    merged.map(drop).map_err(|e| e.message)
}

fn overlay_file_bytes(beyond: Beyond) -> Result<(), String> {
    let dir = TempDir::new("bounds");
    let file = fs::File::create(dir.path().join("f")).expect("a file");
    file.set_len(MAX_OVERLAY_FILE_BYTES + beyond as u64)
        .expect("a sparse file");
    let repository = Repository::open(dir.path()).map_err(|e| e.message)?;
    repository.read("f").map(drop).map_err(|e| e.to_string())
}

/// Renders a chart with one template.
fn render_chart(template: &str) -> Result<(), String> {
    let dir = TempDir::new("bounds");
    dir.write(
        "c/Chart.yaml",
        "{apiVersion: v2, name: c, version: 0.1.0}\n",
    );
    dir.write("c/templates/a.yaml", template);
    let output = Command::new(&["template", "r", "c"])
        .current_dir(dir.path())
        .output();
    match output.code {
        0 => Ok(()),
        _ => Err(output.stderr),
    }
}

fn documents(beyond: Beyond) -> Result<(), String> {
    render_chart(&"---\na: 1\n".repeat(MAX_DOCUMENTS + beyond))
}

fn template_nodes(beyond: Beyond) -> Result<(), String> {
    // The text itself counts as a definition, each comment as nothing, each blank as a node.
    let mut set = TemplateSet::new("gotpl", funcs::table(4));
    let text = " {{/**/}}".repeat(MAX_TEMPLATE_NODES - 16 + beyond);
    set.add("t", text).map_err(|e| e.to_string())
}

fn values_file_bytes(beyond: Beyond) -> Result<(), String> {
    let dir = TempDir::new("bounds");
    dir.write(
        "c/Chart.yaml",
        "{apiVersion: v2, name: c, version: 0.1.0}\n",
    );
    let file = fs::File::create(dir.path().join("f")).expect("a file");
    file.set_len(MAX_VALUES_FILE_BYTES + beyond as u64)
        .expect("a sparse file");
    let output = Command::new(&["template", "r", "c", "--set-file", "a=f"])
        .current_dir(dir.path())
        .output();
    match output.code {
        0 => Ok(()),
        _ => Err(output.stderr),
    }
}

fn settings_bytes(beyond: Beyond) -> Result<(), String> {
    // The mapping, `vars`, its mapping, and three keys with their texts, one of them an alias.
    let n_nodes = 9;
    let n_bytes = MAX_SETTINGS_BYTES - n_nodes * 32 - "varsabc".len();
    let text = "x".repeat(n_bytes / 3);
    let rest = n_bytes - 2 * text.len() + beyond;
    let dir = TempDir::new("bounds");
    let settings = format!("vars: {{a: &a {text}, b: *a, c: {}}}\n", "y".repeat(rest));
    dir.write("jenkins-cmp.yaml", settings);
    dir.write("overlays/o/values.yaml", "{}\n");
    let overlay = dir.path().join("overlays/o");
    let place = app::locate(&overlay, Some(dir.path())).map_err(|e| e.message)?;
    let settings = app::chart_settings(&place, Vec::new());
    settings.map(drop).map_err(|e| e.message)
}

/// Locks a chart whose version is `version` in a repository of `server`.
fn lock(repository: &str, version: &str) -> Result<(), String> {
    let dir = TempDir::new("bounds");
    let chart = format!("{{name: c, version: \"{version}\", repository: \"{repository}\"}}");
    let settings = format!("chart: {chart}\nrelease: {{name: r, namespace: n}}\n");
    dir.write("jenkins-cmp.yaml", settings);
    dir.write("overlays/o/values.yaml", "{}\n");
    let store = dir.path().join("store");
    let output = Command::new(&["chart", "lock"])
        .current_dir(dir.path())
        .env("JENKINS_CMP_STORE", &store.to_string_lossy())
        .env("JENKINS_CMP_PLAIN_HTTP", "1")
        .output();
    match output.code {
        0 => Ok(()),
        _ => Err(output.stderr),
    }
}

/// An image's registry whose manifest has `extra` bytes of white space.
fn registry_bytes(beyond: Beyond) -> Result<(), String> {
    let archive = archive();
    let digest = Digest::of(&archive);
    let layer = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
    let mut manifest = format!(
        "{{\"layers\": [{{\"mediaType\": \"{layer}\", \"digest\": \"sha256:{digest}\"}}]}}"
    );
    let n_bytes = MAX_REGISTRY_BYTES as usize + beyond;
    manifest.push_str(&" ".repeat(n_bytes - manifest.len()));
    let server = Server::start(move |request| match request.path.as_str() {
        "/v2/c/manifests/1.0.0" => Answer::new(200, manifest.clone()),
        path if path.starts_with("/v2/c/blobs/") => Answer::new(200, archive.clone()),
        _ => Answer::new(404, "no"),
    });
    lock(&format!("oci://{}", server.host()), "1.0.0")
}

fn tag_pages(beyond: Beyond) -> Result<(), String> {
    let archive = archive();
    let digest = Digest::of(&archive);
    let last = MAX_TAG_PAGES + beyond;
    let server = Server::start(move |request| {
        let path = request.path.as_str();
        if path.starts_with("/v2/c/blobs/") {
            return Answer::new(200, archive.clone());
        }
        if path.starts_with("/v2/c/manifests/") {
            let layer = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
            let layer = format!("{{\"mediaType\": \"{layer}\", \"digest\": \"sha256:{digest}\"}}");
            return Answer::new(200, format!("{{\"layers\": [{layer}]}}"));
        }
        let page = path.rsplit_once("page=").and_then(|(_, n)| n.parse().ok());
        let page: usize = page.unwrap_or(1);
        let answer = Answer::new(200, "{\"tags\": [\"1.0.0\"]}");
        if page == last {
            return answer;
        }
        let next = page + 1;
        answer.with(format!("link: </v2/c/tags/list?page={next}>; rel=\"next\""))
    });
    lock(&format!("oci://{}", server.host()), "^1")
}

fn redirects(beyond: Beyond) -> Result<(), String> {
    let last = MAX_REDIRECTS + beyond;
    let server = Server::start(move |request| {
        let step = request.path.trim_start_matches("/at/").parse().unwrap_or(0);
        match request.path.as_str() {
            "/c.tgz" => Answer::new(200, archive()),
            _ if step == last => {
                let entry = "{name: c, version: 1.0.0, urls: [c.tgz]}";
                Answer::new(200, format!("apiVersion: v1\nentries: {{c: [{entry}]}}\n"))
            }
            _ => Answer::new(302, "").with(format!("location: /at/{}", step + 1)),
        }
    });
    lock(&server.url(""), "1.0.0")
}

/// An archive of the chart `c` 1.0.0.
fn archive() -> Vec<u8> {
    let text = b"apiVersion: v2\nname: c\nversion: 1.0.0\n";
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    let mut header = tar::Header::new_gnu();
    header.set_size(text.len() as u64);
    let added = builder.append_data(&mut header, "c/Chart.yaml", &text[..]);
    added.expect("memory");
    let gzip = builder.into_inner().expect("memory");
    gzip.finish().expect("memory")
}
