//! The template functions of sprig and Helm, one file for each documentation group.
//!
//! Every file lists its functions; [`GROUPS`] holds the lists for the documentation, and [`table`]
//! joins them into the one table that lookup and tests read.

pub(crate) mod address;
#[cfg(test)]
mod cases;
pub mod crypto;
pub mod dates;
pub mod defaults;
pub mod dicts;
pub mod encoding;
pub mod helm;
pub mod lists;
pub mod math;
mod merge;
pub mod network;
pub mod paths;
pub mod random;
pub mod regex;
#[cfg(test)]
mod replay;
pub(crate) mod runes;
pub mod semver;
pub mod serialize;
pub mod strings;
mod toml;
pub mod types;
pub(crate) mod url;
mod words;

use std::sync::LazyLock;

use crate::template::{Function, Functions};

static HELM_4: LazyLock<Vec<Function>> = LazyLock::new(|| join(true));
static HELM_3: LazyLock<Vec<Function>> = LazyLock::new(|| join(false));

/// The functions of Helm 3 or 4, sorted by name; the built-ins of the language are not among them.
pub fn table(helm: u8) -> Functions {
    Functions(if helm == 3 { &HELM_3 } else { &HELM_4 })
}

/// Helm's own functions, which its `--name-template` does not have.
const ONLY_HELM: [&str; 13] = [
    "fromJsonArray",
    "fromToml",
    "fromYaml",
    "fromYamlArray",
    "include",
    "lookup",
    "mustToToml",
    "mustToYaml",
    "required",
    "toToml",
    "toYaml",
    "toYamlPretty",
    "tpl",
];

static SPRIG: LazyLock<Vec<Function>> = LazyLock::new(|| {
    let all = HELM_3.iter().copied();
    all.filter(|f| !ONLY_HELM.contains(&f.name)).collect()
});

/// The functions that both releases take from sprig, sorted by name.
pub fn sprig_table() -> Functions {
    Functions(&SPRIG)
}

/// The functions of Helm 4 by documentation group, each group with its name.
pub const GROUPS: &[(&str, &[Function])] = &[
    ("Helm", helm::FUNCTIONS),
    ("defaults", defaults::FUNCTIONS),
    ("strings", strings::FUNCTIONS),
    ("lists", lists::FUNCTIONS),
    ("dicts", dicts::FUNCTIONS),
    ("types", types::FUNCTIONS),
    ("math", math::FUNCTIONS),
    ("serialize", serialize::FUNCTIONS),
    (ONLY_HELM_4, serialize::HELM_4_FUNCTIONS),
    ("encoding", encoding::FUNCTIONS),
    ("regex", regex::FUNCTIONS),
    ("semver", semver::FUNCTIONS),
    ("dates", dates::FUNCTIONS),
    ("paths", paths::FUNCTIONS),
    ("network", network::FUNCTIONS),
    ("random", random::FUNCTIONS),
    ("crypto", crypto::FUNCTIONS),
];

/// The name of the group that Helm 3 lacks.
const ONLY_HELM_4: &str = "serialize, Helm 4 only";

fn join(helm_4: bool) -> Vec<Function> {
    let groups = GROUPS
        .iter()
        .filter(|(name, _)| helm_4 || *name != ONLY_HELM_4);
    let mut all: Vec<Function> = groups
        .flat_map(|(_, group)| group.iter().copied())
        .collect();
    all.sort_by_key(|f| f.name);
    all
}
