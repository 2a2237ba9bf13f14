//! Applications for the overlays of a fleet.

use std::collections::BTreeMap;

use super::inputs::{annotation, inputs};
use super::paths::{self, ANNOTATION};
use super::trees::{list, map};
use crate::app::{self, Layer, Origin, Overlay, Place};
use crate::diag::Diagnostic;
use crate::files::{self, FileError, Links, Next};
use crate::value::Tree;
use crate::yaml;

/// What all Applications of a fleet have in common.
#[derive(Debug, Clone)]
pub struct Common {
    /// `spec.source.repoURL`
    pub repository: String,
    /// `spec.source.targetRevision`
    pub revision: String,
    /// `spec.project`
    pub project: String,
    /// `spec.destination.server`
    pub server: String,
    /// The namespace of the Application objects.
    pub namespace: String,
    /// `spec.source.plugin.name`
    pub plugin: String,
    /// What is put before an overlay's name to name its Application.
    pub prefix: String,
}

/// One Application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Its name.
    pub name: String,
    /// The overlay's path from the top of the repository.
    pub path: String,
    /// The namespace it deploys to.
    pub destination: String,
    /// The release's name, if the Application's would not do.
    pub release_name: Option<String>,
    /// The value of the annotation.
    pub paths: String,
    /// The directory that repo-server sends to the plugin.
    pub sent: String,
    /// The size of the files in it, without `.git`.
    pub sent_bytes: u64,
}

/// Makes one Application for each overlay.
///
/// # Errors
///
/// An overlay cannot be loaded, or two Applications would have one name.
pub fn applications(
    places: Vec<Place>,
    common: &Common,
) -> Result<Vec<Application>, Box<Diagnostic>> {
    let mut sizes = BTreeMap::new();
    let mut made: Vec<Application> = Vec::new();
    for place in places {
        let application = application(place, common, &mut sizes)?;
        if let Some(other) = made.iter().find(|other| other.name == application.name) {
            return Err(Box::new(Diagnostic::error(format!(
                "`{}` and `{}` would both be the Application `{}`",
                other.path, application.path, other.name
            ))));
        }
        made.push(application);
    }
    Ok(made)
}

fn application(
    place: Place,
    common: &Common,
    sizes: &mut BTreeMap<String, u64>,
) -> Result<Application, Box<Diagnostic>> {
    let path = place.overlay.clone();
    let loaded =
        load(place).map_err(|e| Box::new(e.context(format!("in the overlay `{path}`"))))?;
    let name = format!("{}{}", common.prefix, loaded.name);
    if !app::is_subdomain(&name) {
        return Err(Box::new(Diagnostic::error(format!(
            "`{name}` is no name for an Application"
        ))));
    }
    let inputs = inputs(&loaded)?;
    let paths = annotation(&path, &inputs)?;
    let entries = paths::entries(&paths, &path);
    let sent = paths::sent(&path, &entries);
    let sent_bytes = match sizes.get(&sent) {
        Some(bytes) => *bytes,
        None => *sizes.entry(sent.clone()).or_insert(size(&loaded, &sent)?),
    };
    let is_pinned = loaded.settings.release.pinned == Some(true);
    Ok(Application {
        release_name: Some(loaded.release_name)
            .filter(|release| !is_pinned && !release.is_empty() && *release != name),
        destination: loaded.namespace,
        name,
        path,
        paths,
        sent,
        sent_bytes,
    })
}

/// Loads an overlay whose release may be named by its Application.
fn load(place: Place) -> Result<Overlay, Box<Diagnostic>> {
    let known = app::settings_at(&place, Vec::new())?;
    if known.settings.release.name.is_some() {
        return app::load(place, Vec::new());
    }
    let origin = Origin::Environment("ARGOCD_APP_NAME".to_owned());
    let unnamed = Layer::one(origin, &["release", "name"], "unnamed");
    let mut overlay = app::load(place, vec![unnamed])?;
    overlay.release_name = String::new();
    Ok(overlay)
}

fn size(overlay: &Overlay, directory: &str) -> Result<u64, Box<Diagnostic>> {
    let root = overlay.place.repository.root();
    let top = root
        .join(directory)
        .map_err(|e| Diagnostic::error(e.to_string()))?;
    let mut bytes = 0;
    let walked = files::walk(&top, Links::Anywhere, |entry| -> Result<Next, FileError> {
        if entry.name == ".git" || entry.link.is_some() {
            return Ok(Next::Skip);
        }
        if entry.metadata.is_file() {
            bytes += entry.metadata.len();
        }
        Ok(Next::Enter)
    });
    walked.map_err(|e| Diagnostic::error(e.to_string()))?;
    Ok(bytes)
}

/// Writes the Applications as YAML documents.
pub fn write(applications: &[Application], common: &Common) -> String {
    let documents = applications.iter().map(|application| {
        let metadata = metadata(
            &application.name,
            Some(&common.namespace),
            &application.paths,
        );
        yaml::write(&map([
            ("apiVersion", API_VERSION.into()),
            ("kind", "Application".into()),
            ("metadata", metadata),
            ("spec", spec(application, common)),
        ]))
    });
    documents.map(|text| format!("---\n{text}")).collect()
}

/// Writes one ApplicationSet that makes the same Applications.
pub fn write_set(name: &str, applications: &[Application], common: &Common) -> String {
    let has_release_names = applications.iter().any(|a| a.release_name.is_some());
    let element = |application: &Application| {
        let mut element = vec![
            ("name", application.name.as_str().into()),
            ("path", application.path.as_str().into()),
            ("namespace", application.destination.as_str().into()),
            ("paths", application.paths.as_str().into()),
        ];
        if has_release_names {
            let release = application
                .release_name
                .as_ref()
                .unwrap_or(&application.name);
            element.push(("releaseName", release.as_str().into()));
        }
        map(element)
    };
    let placeholder = |field: &str| format!("{{{{ .{field} }}}}");
    let template = Application {
        name: placeholder("name"),
        path: placeholder("path"),
        destination: placeholder("namespace"),
        release_name: has_release_names.then(|| placeholder("releaseName")),
        paths: placeholder("paths"),
        sent: String::new(),
        sent_bytes: 0,
    };
    let elements = list(applications.iter().map(element));
    let spec = map([
        ("goTemplate", true.into()),
        ("goTemplateOptions", list(["missingkey=error".into()])),
        (
            "generators",
            list([map([("list", map([("elements", elements)]))])]),
        ),
        (
            "template",
            map([
                ("metadata", metadata(&template.name, None, &template.paths)),
                ("spec", spec(&template, common)),
            ]),
        ),
    ]);
    let set = map([
        ("apiVersion", API_VERSION.into()),
        ("kind", "ApplicationSet".into()),
        (
            "metadata",
            map([
                ("name", name.into()),
                ("namespace", common.namespace.as_str().into()),
            ]),
        ),
        ("spec", spec),
    ]);
    format!("---\n{}", yaml::write(&set))
}

const API_VERSION: &str = "argoproj.io/v1alpha1";

fn metadata(name: &str, namespace: Option<&str>, paths: &str) -> Tree {
    let mut metadata = vec![
        ("name", name.into()),
        ("annotations", map([(ANNOTATION, paths.into())])),
    ];
    metadata.extend(namespace.map(|namespace| ("namespace", namespace.into())));
    map(metadata)
}

fn spec(application: &Application, common: &Common) -> Tree {
    let mut plugin = vec![("name", common.plugin.as_str().into())];
    if let Some(name) = &application.release_name {
        let parameter = map([
            ("name", "releaseName".into()),
            ("string", name.as_str().into()),
        ]);
        plugin.push(("parameters", list([parameter])));
    }
    map([
        ("project", common.project.as_str().into()),
        (
            "source",
            map([
                ("repoURL", common.repository.as_str().into()),
                ("targetRevision", common.revision.as_str().into()),
                ("path", application.path.as_str().into()),
                ("plugin", map(plugin)),
            ]),
        ),
        (
            "destination",
            map([
                ("server", common.server.as_str().into()),
                ("namespace", application.destination.as_str().into()),
            ]),
        ),
        (
            "syncPolicy",
            map([(
                "syncOptions",
                list(["CreateNamespace=true".into(), "ServerSideApply=true".into()]),
            )]),
        ),
    ])
}
