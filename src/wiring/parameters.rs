//! `argocd-cmd-params-cm`: what concerns plugins in the settings of Argo CD's components.

use super::Finding;
use super::trees::{map, nest, text};
use crate::files::Pattern;
use crate::value::Tree;
use crate::yaml;

/// The ConfigMap's name.
pub(super) const NAME: &str = "argocd-cmd-params-cm";

/// Separates several patterns.
const SEPARATOR: char = ';';

const EXCLUSIONS: &str = "reposerver.plugin.tar.exclusions";
const NARROW: &str = "reposerver.plugin.use.manifest.generate.paths";
const TIMEOUTS: [&str; 2] = [
    "controller.repo.server.timeout.seconds",
    "server.repo.server.timeout.seconds",
];

/// The seconds that Argo CD waits for repo-server by default: too few for a burst of renders.
const DEFAULT_TIMEOUT: u64 = 60;

/// The seconds that we ask for.
const TIMEOUT: &str = "180";

/// Checks the ConfigMap.
pub(super) fn check(config_map: &Tree, subject: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut wanted = |key: &str, value: &str, problem: String| {
        let patch = yaml::write(&nest(&["data"], map([(key, value.into())])));
        findings.push(Finding::patch(subject, problem, patch));
    };
    let data = |key: &str| text(config_map, &["data", key]);
    let exclusions = data(EXCLUSIONS);
    let mut patterns = exclusions.split(SEPARATOR);
    let leaves_out = |pattern: &str| Pattern::new(pattern).matches(".git") == Ok(true);
    if !patterns.any(leaves_out) {
        let value = match exclusions {
            "" => ".git".to_owned(),
            others => format!(".git{SEPARATOR}{others}"),
        };
        let problem = format!("`{EXCLUSIONS}` lets .git be sent to the plugin with every render");
        wanted(EXCLUSIONS, &value, problem);
    }
    if data(NARROW) != "true" {
        let problem = format!("without `{NARROW}` every render is sent the whole repository");
        wanted(NARROW, "true", problem);
    }
    for key in TIMEOUTS {
        let seconds = data(key).parse().unwrap_or(DEFAULT_TIMEOUT);
        if seconds <= DEFAULT_TIMEOUT {
            let problem = format!(
                "`{key}` gives a render {seconds} seconds, with fetching, packing and waiting for \
                 its turn in a burst"
            );
            wanted(key, TIMEOUT, problem);
        }
    }
    findings
}
