//! YAML, JSON and TOML: `toYaml`, `fromJson`, `toToml`, …

use crate::template::Function;

/// The functions of this group.
pub const FUNCTIONS: &[Function] = &[];

/// The functions that only Helm 4 has.
pub const HELM_4_FUNCTIONS: &[Function] = &[];
