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

/// Most files and directories of one tree on disk.
pub const MAX_TREE_FILES: usize = 100_000;

/// Largest chart with all archives inside it, in bytes; Helm bounds each archive by itself only.
pub const MAX_CHART_TREE_BYTES: u64 = 512 * 1024 * 1024;

/// Deepest nesting of charts in charts; Helm has no bound.
pub const MAX_CHART_DEPTH: usize = 64;

/// Most charts of one release, each alias counted; Helm has no bound.
pub const MAX_CHARTS: usize = 1_000;

/// Deepest nesting of brackets and dots together in a `--set` key; Helm bounds the dots only.
pub const MAX_SET_NESTING: usize = 200;

/// Most list items that one `--set` argument may make; Helm has no bound.
pub const MAX_SET_SLOTS: usize = 1_000_000;

/// Most bytes of `values.yaml` in one release, each alias counted; Helm has no bound.
pub const MAX_DEFAULTS_BYTES: u64 = 64 * 1024 * 1024;

/// Largest compiled program of a regular expression in a template, in bytes.
pub const MAX_REGEX_BYTES: usize = 32 * 1024 * 1024;

/// Longest random string, in characters or bytes.
pub const MAX_RANDOM_CHARS: usize = 1024 * 1024;
/// Largest text that encoding one value as JSON, YAML or TOML may give, in bytes: a value that holds
/// another many times over can stand for far more text than it takes memory.
pub const MAX_ENCODED_BYTES: usize = 64 * 1024 * 1024;

/// Deepest nesting of a value that is printed in full (Go overflows its stack on cyclic values).
pub const MAX_FORMAT_DEPTH: usize = 10_000;

/// Length of a printed value after which the printer stops.
pub const MAX_FORMAT_BYTES: usize = 64 * 1024 * 1024;

/// Most numbers that `until`, `untilStep` and `seq` make.
pub const MAX_SEQUENCE: usize = 1_000_000;

/// Most digits of an intermediate result of `mulf` and its like.
pub const MAX_DECIMAL_DIGITS: usize = 10_000;

/// Most values in the merged values of a release; Helm has no bound.
pub const MAX_VALUES: usize = 5_000_000;
