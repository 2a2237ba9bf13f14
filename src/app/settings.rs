//! The settings of an overlay, as `jenkins-cmp.yaml` has them.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroUsize;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

/// All settings; what is absent has its default where it is used.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Settings {
    /// The chart to render.
    #[serde(deserialize_with = "null_is_default")]
    pub chart: ChartSettings,
    /// The release to render it as.
    #[serde(deserialize_with = "null_is_default")]
    pub release: ReleaseSettings,
    /// The cluster to render it for.
    #[serde(deserialize_with = "null_is_default")]
    pub kubernetes: KubernetesSettings,
    /// Directories of defaults, from the top of the repository; by default the nearest ancestor's
    /// `base/`.
    pub bases: Option<Vec<String>>,
    /// Values files, looked up in each base and in the overlay; by default `values.yaml`.
    pub values: Option<Vec<String>>,
    /// Data for templates under `jobs/`, `casc/` and `manifests/`.
    #[serde(deserialize_with = "null_is_default")]
    pub vars: Map<String, Value>,
    /// How job scripts become ConfigMaps.
    #[serde(deserialize_with = "null_is_default")]
    pub jobs: JobsSettings,
    /// How JCasC fragments become ConfigMaps.
    #[serde(deserialize_with = "null_is_default")]
    pub casc: CascSettings,
    /// What the output holds.
    #[serde(deserialize_with = "null_is_default")]
    pub output: OutputSettings,
    /// Where random values come from.
    #[serde(deserialize_with = "null_is_default")]
    pub random: RandomSettings,
    /// How golden files are laid out.
    #[serde(deserialize_with = "null_is_default")]
    pub golden: GoldenSettings,
    /// The Helm version whose bytes are wanted, 4 (the default) or 3.
    pub helm_compat: Option<u8>,
    /// How many renders may run at once outside of Argo CD.
    pub parallelism: Option<NonZeroUsize>,
}

/// `chart:`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ChartSettings {
    /// The chart's name; `jenkins` by default.
    #[serde(deserialize_with = "text")]
    pub name: Option<String>,
    /// The chart's exact version.
    #[serde(deserialize_with = "text")]
    pub version: Option<String>,
    /// Where the vendored archive comes from.
    #[serde(deserialize_with = "text")]
    pub repository: Option<String>,
    /// An archive or a directory, from the top of the repository.
    #[serde(deserialize_with = "text")]
    pub path: Option<String>,
    /// The addresses of repositories that a chart's dependencies call by names.
    #[serde(deserialize_with = "null_is_default")]
    pub repositories: BTreeMap<String, String>,
}

/// `release:`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct ReleaseSettings {
    /// The release's name.
    #[serde(deserialize_with = "text")]
    pub name: Option<String>,
    /// The release's namespace.
    #[serde(deserialize_with = "text")]
    pub namespace: Option<String>,
    /// Whether the files win over the name and the namespace that Argo CD's Application has.
    pub pinned: Option<bool>,
}

/// `kubernetes:`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct KubernetesSettings {
    /// The cluster's version.
    #[serde(deserialize_with = "text")]
    pub version: Option<String>,
    /// The API versions that the cluster serves beyond Helm's own list.
    pub api_versions: Option<Vec<String>>,
    /// Whether the files win over what Argo CD says about the cluster.
    pub pinned: Option<bool>,
}

/// `jobs:`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct JobsSettings {
    /// Globs of files under `jobs/` to leave out.
    pub exclude: Option<Vec<String>>,
    /// The name of the scripts' ConfigMap; `<workload>-jobs` by default.
    #[serde(deserialize_with = "text")]
    pub config_map: Option<String>,
    /// Keys of single files instead of those made from their paths.
    #[serde(deserialize_with = "null_is_default")]
    pub keys: BTreeMap<String, String>,
    /// The list of scripts for JCasC.
    #[serde(deserialize_with = "null_is_default")]
    pub index: IndexSettings,
    /// Whether scripts in another ConfigMap than their index get an earlier sync wave; true by
    /// default.
    pub sync_waves: Option<bool>,
    /// Whether a script deletes declared jobs that are declared no longer; false by default.
    pub cleanup: Option<bool>,
}

/// `jobs.index:`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct IndexSettings {
    /// The name of the index's ConfigMap; that of the scripts by default.
    #[serde(deserialize_with = "text")]
    pub config_map: Option<String>,
    /// The index's key; `jobs.yaml` by default.
    #[serde(deserialize_with = "text")]
    pub key: Option<String>,
}

/// `casc:`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct CascSettings {
    /// Globs of files under `casc/` to leave out.
    pub exclude: Option<Vec<String>>,
    /// The name of the ConfigMap; `<workload>-casc` by default.
    #[serde(deserialize_with = "text")]
    pub config_map: Option<String>,
    /// Keys of single files instead of those made from their paths.
    #[serde(deserialize_with = "null_is_default")]
    pub keys: BTreeMap<String, String>,
}

/// `output:`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct OutputSettings {
    /// Whether the chart's CRDs are part of the output; true by default.
    pub include_crds: Option<bool>,
}

/// `random:`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct RandomSettings {
    /// A file outside of the repository, such as a mounted secret, that random values are derived
    /// from; without it every render draws fresh ones.
    #[serde(deserialize_with = "text")]
    pub key_file: Option<String>,
}

/// `golden:`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct GoldenSettings {
    /// Whether each resource has a file of its own; false by default.
    pub per_resource: Option<bool>,
}

/// Reads null as the default, so that a layer can take back what one below it set.
fn null_is_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Reads text or null, but no number: `1.30` would lose its last digit on the way.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    struct Text;

    impl Visitor<'_> for Text {
        type Value = Option<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string")
        }

        fn visit_unit<E: Error>(self) -> Result<Option<String>, E> {
            Ok(None)
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Option<String>, E> {
            Ok(Some(text.to_owned()))
        }
    }

    deserializer.deserialize_any(Text)
}
