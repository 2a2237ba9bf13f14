//! The named bounds on what an untrusted chart or repository may cost.
//!
//! Each constant has a test on both sides of its edge.

/// Largest single file of a chart, in bytes (Helm: `MaxDecompressedFileSize`).
pub const MAX_CHART_FILE_BYTES: u64 = 5 * 1024 * 1024;

/// Largest decompressed chart archive, in bytes (Helm: `MaxDecompressedChartSize`).
pub const MAX_CHART_BYTES: u64 = 100 * 1024 * 1024;

/// Most active calls of `include` of one name (Helm: `recursionMaxNums`).
pub const MAX_INCLUDE_DEPTH: u32 = 1000;

/// Deepest nesting of `{{ template }}` calls (Go: `maxExecDepth`).
pub const MAX_TEMPLATE_DEPTH: u32 = 100_000;

/// Largest list index that `--set` may write (Helm: `MaxIndex`).
pub const MAX_SET_INDEX: usize = 65_536;

/// Deepest nesting of a `--set` key (Helm: `MaxNestedNameLevel`).
pub const MAX_SET_DEPTH: usize = 30;

/// Deepest nesting of YAML collections (Go-YAML: `max_flow_level`, `max_indents`).
pub const MAX_YAML_DEPTH: usize = 10_000;

/// Most nodes of one YAML document, keys included; a mapping counts as sixteen.
pub const MAX_YAML_NODES: usize = 4_000_000;

/// Largest text that encoding one value as JSON, YAML or TOML may give, in bytes: a value that holds
/// another many times over can stand for far more text than it takes memory.
pub const MAX_ENCODED_BYTES: usize = 16 * 1024 * 1024;

/// Largest text that `fromYaml` and its kin read, in bytes: as large as a file of a chart.
pub const MAX_DECODED_BYTES: usize = 5 * 1024 * 1024;

/// Most parts of a dotted key in TOML.
pub const MAX_TOML_KEY_PARTS: usize = 32;

/// Deepest nesting of a value that is printed in full (Go overflows its stack on cyclic values).
pub const MAX_FORMAT_DEPTH: usize = 10_000;

/// Length of a printed value after which the printer stops.
pub const MAX_FORMAT_BYTES: usize = 16 * 1024 * 1024;

/// Most numbers that `until`, `untilStep` and `seq` make.
pub const MAX_SEQUENCE: usize = 1_000_000;

/// Most digits of an intermediate result of `mulf` and its like.
pub const MAX_DECIMAL_DIGITS: usize = 10_000;

/// Longest string that a template function makes, in bytes.
pub const MAX_STRING_BYTES: usize = 16 * 1024 * 1024;

/// Longest list that `concat` and the splitting functions make.
pub const MAX_LIST_ITEMS: usize = 1_000_000;

/// Deepest nesting of maps that `merge` and `deepCopy` follow (Go overflows its stack on cyclic
/// values).
pub const MAX_COPY_DEPTH: usize = 10_000;

/// Most entries that one call of `merge` or `deepCopy` visits.
pub const MAX_COPY_ITEMS: usize = 1_000_000;

/// Deepest nesting of parentheses in a template (Go: `maxStackDepth`).
pub const MAX_EXPRESSION_DEPTH: usize = 10_000;

/// Most evaluation steps of one render; a large chart takes a hundred thousand.
pub const MAX_STEPS: u64 = 20_000_000;

/// Most files and directories of one tree on disk.
pub const MAX_TREE_FILES: usize = 100_000;

/// Largest chart with all archives inside it, in bytes; Helm bounds each archive by itself only.
pub const MAX_CHART_TREE_BYTES: u64 = 192 * 1024 * 1024;

/// Deepest nesting of charts in charts; Helm has no bound.
pub const MAX_CHART_DEPTH: usize = 64;

/// Most charts of one release, each alias counted; Helm has no bound.
pub const MAX_CHARTS: usize = 1_000;

/// Deepest nesting of brackets and dots together in a `--set` key; Helm bounds the dots only.
pub const MAX_SET_NESTING: usize = 200;

/// Most list items that all `--set` arguments of a release may make; Helm has no bound.
pub const MAX_SET_SLOTS: usize = 1_000_000;

/// Most bytes of `values.yaml` in one release, each alias counted; Helm has no bound.
pub const MAX_DEFAULTS_BYTES: u64 = 16 * 1024 * 1024;

/// Largest compiled program of a regular expression in a template, in bytes.
pub const MAX_REGEX_BYTES: usize = 32 * 1024 * 1024;

/// Most work of one search with a regular expression: the bytes of its program times those of the
/// text, which a search meets at worst. This much takes a few seconds.
pub const MAX_REGEX_WORK: u64 = 1 << 36;

/// Longest random string, in characters or bytes.
pub const MAX_RANDOM_CHARS: usize = 1024 * 1024;

/// Deepest nesting of data that a patch may work on.
pub const MAX_PATCH_DEPTH: usize = 500;

/// Most operations of one JSON patch.
pub const MAX_PATCH_OPERATIONS: usize = 10_000;

/// Most that the `copy` operations of one patch may add, in bytes of text and one for each node.
pub const MAX_PATCH_COPIED: usize = 16 * 1024 * 1024;

/// Largest file of an overlay that is read whole, in bytes.
pub const MAX_OVERLAY_FILE_BYTES: u64 = 5 * 1024 * 1024;

/// Largest file that `template` reads for `--values` and `--set-file`, in bytes.
pub const MAX_VALUES_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// Most bytes of the files of one overlay together, and of what they give: once for its values,
/// once for all other kinds.
pub const MAX_OVERLAY_BYTES: usize = 64 * 1024 * 1024;

/// Most bytes of all settings files of one overlay, aliases counted as what they stand for, with 32
/// for each node.
pub const MAX_SETTINGS_BYTES: usize = 4 * 1024 * 1024;

/// Most bytes of the values that `.j2` files can refer to, with 32 for each node.
pub const MAX_JINJA_VALUES_BYTES: usize = 16 * 1024 * 1024;

/// Steps that one `.j2` file may take.
pub const MAX_JINJA_STEPS: u64 = 5_000_000;

/// Steps that all `.j2` files of one overlay may take.
pub const MAX_OVERLAY_JINJA_STEPS: u64 = 20_000_000;

/// Seconds of CPU that all `.j2` files of one overlay may take.
pub const MAX_JINJA_SECONDS: u64 = 5;

/// Memory that the `.j2` files of one overlay may take, in bytes.
pub const MAX_JINJA_MEMORY: u64 = 256 * 1024 * 1024;

/// Largest result of one `.j2` file, in bytes.
pub const MAX_JINJA_BYTES: usize = 8 * 1024 * 1024;

/// Deepest nesting of folders that declared jobs are in.
pub const MAX_JOB_DEPTH: usize = 100;

/// Longest name of a declared job without its folders, in bytes: the name of a directory of Jenkins.
pub const MAX_JOB_NAME_BYTES: usize = 255;

/// Most declared jobs and folders of one overlay.
pub const MAX_DECLARED_JOBS: usize = 100_000;

/// Most scripts that one template of declared jobs may give.
pub const MAX_JOB_COMBINATIONS: usize = 10_000;

/// Most jobs in one script that we write: Java takes no more than 64 KiB of code in one method.
pub const MAX_JOBS_PER_SCRIPT: usize = 1_000;

/// Most keys and values of all JCasC files together that a check of their merge visits.
pub const MAX_CASC_NODES: usize = 2_000_000;

/// Largest payload of a ConfigMap that Kubernetes takes, in bytes.
pub const MAX_CONFIG_MAP_BYTES: usize = 1024 * 1024;

/// Payload from which on we split a ConfigMap, in bytes.
pub const CONFIG_MAP_FULL_BYTES: usize = 900 * 1024;

/// Size of an object's JSON from which on we ask for server-side apply, in bytes: client-side
/// apply copies it into an annotation, of which there may be 256 KiB.
pub const SERVER_SIDE_APPLY_BYTES: usize = 200 * 1024;

/// Deepest nesting of a YAML value that an error text prints; what is deeper prints as `...`.
pub const MAX_YAML_PRINT_DEPTH: usize = 100;

/// Most values that merging those of a release copies and visits, the tables of globals counting as
/// sixteen; Helm has no bound.
pub const MAX_VALUES: usize = 5_000_000;

/// Deepest nesting of data that a report looks into; what is deeper is compared as a whole.
pub const MAX_DIFF_DEPTH: usize = 100;

/// Most changed fields of one resource that a report lists.
pub const MAX_DIFF_FIELDS: usize = 1_000;

/// Most lines of one changed text that a report lists.
pub const MAX_DIFF_LINES: usize = 1_000;

/// Longest single value in a report, in characters.
pub const MAX_DIFF_VALUE: usize = 2_000;

/// Most steps between two texts that are looked for before the whole of them counts as replaced.
pub const MAX_DIFF_EDITS: usize = 1_000;
/// Deepest nesting of actions in a template text; Go has no bound.
pub const MAX_PARSE_DEPTH: usize = 10_000;

/// Most bytes that the templates of one render print, nested executions included.
pub const MAX_OUTPUT_BYTES: u64 = 64 * 1024 * 1024;

/// Most documents that the templates of one release print.
pub const MAX_DOCUMENTS: usize = 100_000;

/// Most nodes of the templates of one release, and of one text that `tpl` is given; a template that a
/// text defines counts as sixteen.
pub const MAX_TEMPLATE_NODES: usize = 2_000_000;

/// Most bytes of values that the functions of one render make.
pub const MAX_VALUE_BYTES: u64 = 256 * 1024 * 1024;

/// Deepest nesting of templates, their blocks and expressions in one render: a little beyond the
/// depth at which Go stops plain recursion.
pub const MAX_EXEC_NESTING: u32 = 110_000;

/// Most calls of `tpl` inside each other; Helm has no bound.
pub const MAX_TPL_DEPTH: usize = 1000;

/// Longest text of an error in a template or in values, in bytes.
pub const MAX_ERROR_BYTES: usize = 1024 * 1024;

/// Most characters of a line that a message shows.
pub const MAX_EXCERPT_CHARS: usize = 160;

/// Largest archive that is downloaded, in bytes as it is packed.
pub const MAX_ARCHIVE_BYTES: u64 = 64 * 1024 * 1024;

/// Largest index of a chart repository, in bytes.
pub const MAX_INDEX_BYTES: u64 = 128 * 1024 * 1024;

/// Largest answer of a registry that is no archive, in bytes.
pub const MAX_REGISTRY_BYTES: u64 = 4 * 1024 * 1024;

/// Most pages of a registry's list of tags.
pub const MAX_TAG_PAGES: usize = 100;

/// Most redirects of one download (Go: 10).
pub const MAX_REDIRECTS: usize = 10;

/// Bytes from which on the store of archives drops those unused for longest.
pub const MAX_STORE_BYTES: u64 = 1024 * 1024 * 1024;
/// Most directories that are searched for the overlays of one fleet.
pub const MAX_FLEET_DIRECTORIES: usize = 100_000;

/// Most lines, old and new together, that differ between a golden file and the output and are still
/// compared one by one.
pub const MAX_GOLDEN_DIFF_LINES: usize = 10_000;

/// Most lines of the printed difference of one golden file.
pub const MAX_DIFF_OUTPUT_LINES: usize = 300;

/// Largest file that holds what one overlay renders to, in bytes.
pub const MAX_RENDER_BYTES: u64 = 512 * 1024 * 1024;

/// Largest `values.schema.json`, in bytes; Helm: as large as a file of a chart.
pub const MAX_SCHEMA_BYTES: usize = 2 * 1024 * 1024;

/// Most JSON values in a schema; one that is nested deep counts once more for every eight levels.
pub const MAX_SCHEMA_NODES: usize = 150_000;

/// Most bytes of the JSON pointers to all values in a schema; an identifier counts 2 KiB.
pub const MAX_SCHEMA_ADDRESS_BYTES: usize = 4 * 1024 * 1024;

/// Most subschemas that the root of a schema applies, by references or not: compiling them takes
/// time by the square of their number.
pub const MAX_SUBSCHEMAS: usize = 10_000;

/// Most bytes of the programs of all regular expressions in a schema, 8 KiB for each at least.
pub const MAX_SCHEMA_REGEX_BYTES: usize = 16 * 1024 * 1024;

/// Most steps of checking values against a schema: a step takes some ten nanoseconds, or bytes of
/// memory where there are errors. A large chart takes a hundred thousand.
pub const MAX_SCHEMA_STEPS: u64 = 10_000_000;

/// Most evaluations of subschemas inside each other.
pub const MAX_SCHEMA_NESTING: usize = 10_000;
