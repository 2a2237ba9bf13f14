//! The template functions of sprig and Helm, one file for each documentation group.
//!
//! Every file lists its functions; [`table`] joins the lists into the one table that lookup,
//! documentation and tests read.

pub mod crypto;
pub mod dates;
pub mod defaults;
pub mod dicts;
pub mod encoding;
pub mod helm;
pub mod lists;
pub mod math;
pub mod network;
pub mod paths;
mod quote;
pub mod random;
#[cfg(test)]
mod recorded;
pub mod regex;
pub mod semver;
pub mod serialize;
pub mod strings;
mod toml;
pub mod types;

use std::sync::LazyLock;

use crate::template::{Function, Functions};

static HELM_4: LazyLock<Vec<Function>> = LazyLock::new(|| join(true));
static HELM_3: LazyLock<Vec<Function>> = LazyLock::new(|| join(false));

/// The functions of Helm 3 or 4, sorted by name; the built-ins of the language are not among them.
pub fn table(helm: u8) -> Functions {
    Functions(if helm == 3 { &HELM_3 } else { &HELM_4 })
}

fn join(helm_4: bool) -> Vec<Function> {
    let groups: &[&[Function]] = &[
        crypto::FUNCTIONS,
        dates::FUNCTIONS,
        defaults::FUNCTIONS,
        dicts::FUNCTIONS,
        encoding::FUNCTIONS,
        helm::FUNCTIONS,
        lists::FUNCTIONS,
        math::FUNCTIONS,
        network::FUNCTIONS,
        paths::FUNCTIONS,
        random::FUNCTIONS,
        regex::FUNCTIONS,
        semver::FUNCTIONS,
        serialize::FUNCTIONS,
        if helm_4 {
            serialize::HELM_4_FUNCTIONS
        } else {
            &[]
        },
        strings::FUNCTIONS,
        types::FUNCTIONS,
    ];
    let mut all: Vec<Function> = groups
        .iter()
        .flat_map(|group| group.iter().copied())
        .collect();
    all.sort_by_key(|f| f.name);
    all
}
