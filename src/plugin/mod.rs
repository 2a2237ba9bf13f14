//! What Argo CD tells a config-management plugin, and what it is answered.
//!
//! In: the environment as a map. Out: layers of settings, values from the Application's
//! parameters, and the answers to the other hooks of `plugin.yaml`. Refused: parameters that are
//! not JSON, unknown, of the wrong kind or given twice. Nothing here repeats a value in a message:
//! it may be a secret.

mod announce;
mod discover;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

pub use announce::{Announcement, announce};
pub use discover::is_overlay;

use announce::KNOWN;

use crate::app::{Layer, Origin};
use crate::diag::{self, Diagnostic};

/// The variable with the Application's parameters.
const PARAMETERS: &str = "ARGOCD_APP_PARAMETERS";

/// What Argo CD puts before the names in `plugin.env`.
const USER_PREFIX: &str = "ARGOCD_ENV_";

/// The directory of the plugin server that holds one directory for each call.
const WORK_DIRECTORY: &str = "_cmp_server";

/// The name of the plugin in `plugin.yaml`.
pub const NAME: &str = "jenkins-cmp";

/// The version of the plugin in `plugin.yaml`, which Applications put behind the name; it changes
/// whenever the output can change, so that Argo CD renders anew.
pub const VERSION: &str = "v0.1";

/// What one call of the plugin asks for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Call {
    /// Settings, to go over those of the files.
    pub layers: Vec<Layer>,
    /// The parameter `values`: YAML.
    pub values: Option<String>,
    /// The parameter `set`: paths and values as `--set` has them.
    pub set: BTreeMap<String, String>,
}

impl Call {
    /// Reads the environment; an empty variable counts as absent, as Argo CD sends empty ones for
    /// what it does not know.
    ///
    /// # Errors
    ///
    /// `ARGOCD_APP_PARAMETERS` cannot be read or has an unknown parameter.
    pub fn from_environment(env: &BTreeMap<String, String>) -> Result<Call, Box<Diagnostic>> {
        let get = |name: &str| env.get(name).filter(|value| !value.is_empty());
        let mut call = Call::default();
        // The cluster's and the Application's own facts yield to what a file pins.
        for (name, path) in [
            ("KUBE_VERSION", ["kubernetes", "version"]),
            ("KUBE_API_VERSIONS", ["kubernetes", "apiVersions"]),
            ("ARGOCD_APP_NAME", ["release", "name"]),
            ("ARGOCD_APP_NAMESPACE", ["release", "namespace"]),
        ] {
            if let Some(value) = get(name) {
                let mut layer = layer(name.to_owned(), path, value);
                layer.yields = true;
                call.layers.push(layer);
            }
        }
        for (name, path) in [
            ("KUBE_VERSION", ["kubernetes", "version"]),
            ("KUBE_API_VERSIONS", ["kubernetes", "apiVersions"]),
            ("CHART_NAME", ["chart", "name"]),
            ("CHART_VERSION", ["chart", "version"]),
            ("INSTALL_TARGET_NAMESPACE", ["release", "namespace"]),
            ("ARGOCD_APP_NAME", ["release", "name"]),
            ("RELEASE_NAME", ["release", "name"]),
        ] {
            let name = format!("{USER_PREFIX}{name}");
            if let Some(value) = get(&name) {
                call.layers.push(layer(name, path, value));
            }
        }
        if let Some(text) = get(PARAMETERS) {
            call.parameters(text)?;
        }
        Ok(call)
    }

    fn parameters(&mut self, text: &str) -> Result<(), Box<Diagnostic>> {
        let parameters: Option<Vec<Parameter>> = serde_json::from_str(text).map_err(|e| {
            // The reader's own words may repeat a value.
            let (line, column) = (e.line(), e.column());
            Diagnostic::error(format!(
                "{PARAMETERS} is no JSON array of parameters (line {line}, column {column})"
            ))
        })?;
        let mut seen = Vec::new();
        for parameter in parameters.unwrap_or_default() {
            let name = parameter.name.clone();
            if seen.contains(&name) {
                let problem = format!("the parameter `{name}` is given twice");
                return Err(Box::new(Diagnostic::error(problem)));
            }
            self.parameter(parameter)?;
            seen.push(name);
        }
        Ok(())
    }

    fn parameter(&mut self, parameter: Parameter) -> Result<(), Box<Diagnostic>> {
        let name = parameter.name.clone();
        let path = match name.as_str() {
            "values" => {
                self.values = parameter.string()?;
                return Ok(());
            }
            "set" => {
                self.set = parameter.map()?;
                return Ok(());
            }
            "chartVersion" => ["chart", "version"],
            "releaseName" => ["release", "name"],
            "namespace" => ["release", "namespace"],
            unknown => {
                let problem = Diagnostic::error(format!("unknown parameter `{unknown}`"));
                return Err(Box::new(match diag::nearest(unknown, &KNOWN) {
                    Some(known) => problem.hint(format!("did you mean `{known}`?")),
                    None => problem.hint(format!("known: {}", KNOWN.join(", "))),
                }));
            }
        };
        if let Some(value) = parameter.string()? {
            let origin = Origin::Parameter(name);
            self.layers.push(Layer::one(origin, &path, value));
        }
        Ok(())
    }
}

/// Expands `$NAME` and `${NAME}` as Argo CD does in the values of `plugin.env`, which is Go's
/// `os.Expand`: `$$` is a dollar sign, an unknown name nothing.
///
/// ```
/// let known = [("A".to_owned(), "x".to_owned())].into();
/// let expanded = jenkins_cmp::plugin::expand("$A-${A}$B $$ $1st $. ${", &known);
/// assert_eq!(expanded, "x-x $ st $. ");
/// ```
pub fn expand(text: &str, known: &BTreeMap<String, String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let (name, behind) = variable(after);
        match name {
            Some("$") => out.push('$'),
            Some(name) => out.push_str(known.get(name).map_or("", String::as_str)),
            None => out.push('$'),
        }
        rest = behind;
    }
    out + rest
}

/// The name after a dollar sign, and what follows it.
fn variable(text: &str) -> (Option<&str>, &str) {
    if let Some(inner) = text.strip_prefix('{') {
        // What is not closed is dropped, as in Go.
        let (name, behind) = inner.split_once('}').unwrap_or(("", inner));
        return (Some(name), behind);
    }
    if text.starts_with(|c: char| c.is_ascii_digit() || "*#$@!?-".contains(c)) {
        let (name, behind) = text.split_at(1);
        return (Some(name), behind);
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    match text.find(|c| !is_name(c)).unwrap_or(text.len()) {
        0 => (None, text),
        end => (Some(&text[..end]), &text[end..]),
    }
}

/// The top of the plugin server's copy of the repository, if `directory` lies in one.
///
/// Argo CD unpacks each call into its own directory, of which nothing above concerns the call.
pub fn boundary(directory: &Path) -> Option<PathBuf> {
    let is_top = |path: &&Path| {
        let parent = path.parent().and_then(Path::file_name);
        parent.is_some_and(|name| name == WORK_DIRECTORY)
    };
    directory.ancestors().find(is_top).map(Path::to_owned)
}

/// An element of `ARGOCD_APP_PARAMETERS`.
#[derive(Deserialize)]
struct Parameter {
    name: String,
    string: Option<String>,
    array: Option<Vec<String>>,
    map: Option<BTreeMap<String, String>>,
}

impl Parameter {
    fn string(self) -> Result<Option<String>, Box<Diagnostic>> {
        if self.array.is_some() || self.map.is_some() {
            return Err(self.wrong("`string`"));
        }
        Ok(self.string.filter(|text| !text.is_empty()))
    }

    fn map(self) -> Result<BTreeMap<String, String>, Box<Diagnostic>> {
        if self.array.is_some() || self.string.as_ref().is_some_and(|text| !text.is_empty()) {
            return Err(self.wrong("`map`"));
        }
        Ok(self.map.unwrap_or_default())
    }

    fn wrong(&self, wanted: &str) -> Box<Diagnostic> {
        let name = &self.name;
        Box::new(Diagnostic::error(format!(
            "the parameter `{name}` takes a {wanted}"
        )))
    }
}

fn layer(variable: String, path: [&str; 2], value: &str) -> Layer {
    let value = match path[1] {
        "apiVersions" => value
            .split(',')
            .map(str::trim)
            .filter(|version| !version.is_empty())
            .collect(),
        // An Application outside of Argo CD's own namespace comes as `<namespace>_<name>`.
        "name" if path[0] == "release" => {
            Value::from(value.split_once('_').map_or(value, |(_, name)| name))
        }
        _ => Value::from(value),
    };
    Layer::one(Origin::Environment(variable), &path, value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn call(env: &[(&str, &str)]) -> Result<Call, Box<Diagnostic>> {
        let env = env
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Call::from_environment(&env)
    }

    fn parameters(json: &str) -> Result<Call, String> {
        call(&[("ARGOCD_APP_PARAMETERS", json)]).map_err(|e| format!("{e:#}"))
    }

    #[test]
    fn what_argo_cd_knows_yields_and_what_users_set_does_not() {
        let call = call(&[
            ("ARGOCD_APP_NAME", "argocd_ci"),
            ("ARGOCD_APP_NAMESPACE", ""),
            ("KUBE_API_VERSIONS", "v1,apps/v1,,v1/Pod"),
            ("ARGOCD_ENV_CHART_VERSION", "3.2.5"),
            ("ARGOCD_ENV_OTHER", "x"),
        ])
        .unwrap();
        let layers: Vec<_> = call
            .layers
            .into_iter()
            .map(|layer| (layer.settings, layer.yields))
            .collect();
        assert_eq!(
            layers,
            [
                (
                    json!({"kubernetes": {"apiVersions": ["v1", "apps/v1", "v1/Pod"]}}),
                    true
                ),
                (json!({"release": {"name": "ci"}}), true),
                (json!({"chart": {"version": "3.2.5"}}), false),
            ]
        );
    }

    #[test]
    fn parameters_may_be_null() {
        for nothing in ["", "null", "[]"] {
            assert_eq!(parameters(nothing).unwrap(), Call::default());
        }
    }

    #[test]
    fn parameters_give_values() {
        let call = parameters(
            r#"[{"name":"values","string":"a: 1"},{"name":"set","map":{"b.c":"2"}},
                {"name":"chartVersion","string":""}]"#,
        )
        .unwrap();
        assert_eq!(call.values.as_deref(), Some("a: 1"));
        assert_eq!(call.set["b.c"], "2");
        assert!(call.layers.is_empty());
    }

    #[test]
    fn bad_parameters_are_refused_without_their_values() {
        for (json, problem) in [
            (
                "{}",
                "ARGOCD_APP_PARAMETERS is no JSON array of parameters (line 1, column 0)",
            ),
            (
                r#"[{"name":"values","string":{"a":"s3cret"}}]"#,
                "ARGOCD_APP_PARAMETERS is no JSON array of parameters (line 1, column 27)",
            ),
            (
                r#"[{"name":"valeus","string":"s3cret"}]"#,
                "unknown parameter `valeus`\nhint: did you mean `values`?",
            ),
            (
                r#"[{"name":"values","array":["s3cret"]}]"#,
                "the parameter `values` takes a `string`",
            ),
            (
                r#"[{"name":"set","string":"s3cret"}]"#,
                "the parameter `set` takes a `map`",
            ),
            (
                r#"[{"name":"set","map":{}},{"name":"set","map":{}}]"#,
                "the parameter `set` is given twice",
            ),
        ] {
            assert_eq!(parameters(json).unwrap_err(), problem, "{json}");
        }
    }

    #[test]
    fn the_plugin_server_sets_the_boundary() {
        let top = Path::new("/tmp/_cmp_server/0f3a");
        assert_eq!(
            boundary(&top.join("jenkins/overlays/a")).as_deref(),
            Some(top)
        );
        assert_eq!(boundary(top).as_deref(), Some(top));
        assert_eq!(boundary(Path::new("/tmp/_cmp_server")), None);
        assert_eq!(boundary(Path::new("/home/u/fleet")), None);
    }
}
