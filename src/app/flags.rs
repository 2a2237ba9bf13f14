//! What the command line may set.

use serde_json::Value;

use super::layers::{Layer, Origin};

/// Settings from the command line; they win over all others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flags {
    /// `--release-name`
    pub release_name: Option<String>,
    /// `--namespace`
    pub namespace: Option<String>,
    /// `--chart-version`
    pub chart_version: Option<String>,
    /// `--kube-version`
    pub kube_version: Option<String>,
    /// `--api-versions`
    pub api_versions: Option<Vec<String>>,
    /// `--include-crds`
    pub include_crds: Option<bool>,
    /// `--helm-compat`
    pub helm_compat: Option<u8>,
}

impl Flags {
    /// The flags that were given, as layers over everything else.
    pub fn layers(&self) -> Vec<Layer> {
        let text = |text: &Option<String>| text.clone().map(Value::from);
        let given: [(&str, &[&str], Option<Value>); 7] = [
            (
                "--release-name",
                &["release", "name"],
                text(&self.release_name),
            ),
            (
                "--namespace",
                &["release", "namespace"],
                text(&self.namespace),
            ),
            (
                "--chart-version",
                &["chart", "version"],
                text(&self.chart_version),
            ),
            (
                "--kube-version",
                &["kubernetes", "version"],
                text(&self.kube_version),
            ),
            (
                "--api-versions",
                &["kubernetes", "apiVersions"],
                self.api_versions.clone().map(Value::from),
            ),
            (
                "--include-crds",
                &["output", "includeCrds"],
                self.include_crds.map(Value::from),
            ),
            (
                "--helm-compat",
                &["helmCompat"],
                self.helm_compat.map(Value::from),
            ),
        ];
        given
            .into_iter()
            .filter_map(|(flag, path, value)| {
                Some(Layer::one(Origin::Flag(flag.to_owned()), path, value?))
            })
            .collect()
    }
}
