//! The parameters that an Application may set, as Argo CD's user interface shows them.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use super::Call;
use crate::app::{self, Combined, Origin, Place};
use crate::diag::Diagnostic;

/// The parameters that an Application may set.
pub(super) const KNOWN: [&str; 5] = ["values", "set", "chartVersion", "releaseName", "namespace"];

/// What kind of value a parameter has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Collection {
    String,
    Map,
}

impl Serialize for Collection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            Collection::String => "string",
            Collection::Map => "map",
        })
    }
}

/// One parameter as Argo CD shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Announcement {
    name: &'static str,
    title: &'static str,
    tooltip: &'static str,
    collection_type: Collection,
    /// What is in force without the parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    string: Option<String>,
}

impl Announcement {
    /// The name that an Application sets.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Whether the value is a map and not a string.
    pub fn is_map(&self) -> bool {
        self.collection_type == Collection::Map
    }
}

/// Announces the parameters; with `place`, the ones that have a value without being set come with
/// it.
///
/// Argo CD never sends the announced values back. An overlay that cannot be loaded is announced
/// without them: its error belongs to the render, and a parameter may be what mends it.
pub fn announce(place: Option<Place>, environment: &BTreeMap<String, String>) -> Vec<Announcement> {
    let combined = place.and_then(|place| in_force(place, environment).ok());
    let text = |name: &'static str, title, tooltip| Announcement {
        name,
        title,
        tooltip,
        collection_type: Collection::String,
        string: combined
            .as_ref()
            .and_then(|combined| default_of(combined, name)),
    };
    let [values, set, chart_version, release_name, namespace] = KNOWN;
    vec![
        text(
            values,
            "Values",
            "YAML that is merged over the values of the overlay",
        ),
        Announcement {
            collection_type: Collection::Map,
            ..text(
                set,
                "Single values",
                "Paths and values as `helm --set` has them; they win over everything else",
            )
        },
        text(
            chart_version,
            "Chart version",
            "Wins over `chart.version` of the overlay",
        ),
        text(
            release_name,
            "Release name",
            "Wins over `release.name` of the overlay and the name of the Application",
        ),
        text(
            namespace,
            "Namespace",
            "Wins over `release.namespace` of the overlay and the Application's destination",
        ),
    ]
}

/// The settings without the Application's parameters.
fn in_force(
    place: Place,
    environment: &BTreeMap<String, String>,
) -> Result<Combined, Box<Diagnostic>> {
    let mut environment = environment.clone();
    environment.remove(super::PARAMETERS);
    let call = Call::from_environment(&environment)?;
    app::settings_at(&place, call.layers)
}

fn default_of(combined: &Combined, parameter: &str) -> Option<String> {
    let settings = &combined.settings;
    match parameter {
        "chartVersion" => settings.chart.version.clone(),
        "releaseName" => settings.release.name.clone(),
        "namespace" => {
            // Argo CD does not tell this hook the Application's destination, which wins over files.
            let path = ["release".to_owned(), "namespace".to_owned()];
            let is_from_file = matches!(
                combined.origins.get(path.as_slice()),
                Some(Origin::File { .. })
            );
            let is_sure = !is_from_file || settings.release.pinned == Some(true);
            settings.release.namespace.clone().filter(|_| is_sure)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Tree;

    #[test]
    fn the_plugin_file_announces_the_same() {
        let text = include_str!("../../plugin.yaml");
        let plugin = crate::yaml::to_tree(text.as_bytes()).unwrap();
        let fixed = plugin.at(["spec", "parameters", "static"]).unwrap();
        let fixed = fixed.as_list().unwrap();
        let dynamic = announce(None, &BTreeMap::new());
        assert_eq!(fixed.len(), dynamic.len());
        for (fixed, dynamic) in fixed.iter().zip(&dynamic) {
            let text = |key| fixed.get(key).and_then(Tree::as_str);
            assert_eq!(text("name"), Some(dynamic.name));
            assert_eq!(text("title"), Some(dynamic.title));
            assert_eq!(text("tooltip"), Some(dynamic.tooltip));
            assert_eq!(text("collectionType") == Some("map"), dynamic.is_map());
            assert_eq!(text("string"), None, "no default holds for every overlay");
        }
    }

    #[test]
    fn the_plugin_file_has_the_name_and_version() {
        let text = include_str!("../../plugin.yaml");
        let plugin = crate::yaml::to_tree(text.as_bytes()).unwrap();
        let at = |path: [&str; 2]| plugin.at(path).and_then(Tree::as_str).unwrap();
        assert_eq!(at(["metadata", "name"]), super::super::NAME);
        assert_eq!(at(["spec", "version"]), super::super::VERSION);
        assert!(env!("CARGO_PKG_VERSION").starts_with(&super::super::VERSION[1..]));
    }
}
