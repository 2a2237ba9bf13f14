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

/// Deepest nesting of a value that is printed in full (Go overflows its stack on cyclic values).
pub const MAX_FORMAT_DEPTH: usize = 10_000;

/// Length of a printed value after which the printer stops.
pub const MAX_FORMAT_BYTES: usize = 64 * 1024 * 1024;

/// Most numbers that `until`, `untilStep` and `seq` make.
pub const MAX_SEQUENCE: usize = 1_000_000;

/// Most digits of an intermediate result of `mulf` and its like.
pub const MAX_DECIMAL_DIGITS: usize = 10_000;

/// Deepest nesting of parentheses in a template (Go: `maxStackDepth`).
pub const MAX_EXPRESSION_DEPTH: usize = 10_000;

/// Deepest nesting of actions in a template text; Go has no bound.
pub const MAX_PARSE_DEPTH: usize = 10_000;

/// Most evaluation steps of one render; a large chart takes a hundred thousand.
pub const MAX_STEPS: u64 = 50_000_000;

/// Most bytes that the templates of one render print, nested executions included.
pub const MAX_OUTPUT_BYTES: u64 = 256 * 1024 * 1024;

/// Most bytes of values that the functions of one render make.
pub const MAX_VALUE_BYTES: u64 = 512 * 1024 * 1024;

/// Deepest nesting of templates, their blocks and expressions in one render: a little beyond the
/// depth at which Go stops plain recursion.
pub const MAX_EXEC_NESTING: u32 = 110_000;

/// Most calls of `tpl` inside each other; Helm has no bound.
pub const MAX_TPL_DEPTH: usize = 1000;

/// Longest text of a template error, in bytes.
pub const MAX_ERROR_BYTES: usize = 1024 * 1024;
