//! `Chart.yaml` and `Chart.lock`: their fields, their sanitising, their validation.

use std::collections::BTreeMap;

use super::shape;
use crate::funcs::dates;
use crate::funcs::semver::Version;
use crate::helm::HelmCompat;
use crate::limits::MAX_CHARTS;
use crate::value::Tree;
use crate::value::quote::{is_print, quote};
use crate::yaml::{self, typed, typed::Record};

/// What `Chart.yaml` says about a chart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// The chart's name; of an aliased subchart the alias.
    pub name: String,
    /// The project's page.
    pub home: String,
    /// Where the source code is; `None` where Go has a nil slice.
    pub sources: Option<Vec<String>>,
    /// The chart's version.
    pub version: String,
    /// One sentence about the chart.
    pub description: String,
    /// Words to find it by; `None` where Go has a nil slice.
    pub keywords: Option<Vec<String>>,
    /// Who maintains it; `None` where Go has a nil slice.
    pub maintainers: Option<Vec<Maintainer>>,
    /// The address of an image.
    pub icon: String,
    /// `v1` or `v2`.
    pub api_version: String,
    /// Helm's unused `condition`.
    pub condition: String,
    /// Helm's unused `tags`.
    pub tags: String,
    /// The version of what the chart installs.
    pub app_version: String,
    /// Whether it should no longer be used.
    pub deprecated: bool,
    /// Free entries; `None` where Go has a nil map.
    pub annotations: Option<BTreeMap<String, String>>,
    /// The range of Kubernetes versions.
    pub kube_version: String,
    /// The subcharts it declares; `None` where Go has a nil slice, which switches conditions and
    /// tags off for everything below.
    pub dependencies: Option<Vec<Dependency>>,
    /// `application`, `library` or empty.
    pub chart_type: String,
}

/// A maintainer of a chart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Maintainer {
    /// A person or an organisation.
    pub name: String,
    /// A mail address.
    pub email: String,
    /// A page.
    pub url: String,
}

/// A subchart as its parent declares it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dependency {
    /// The chart's name; after processing the alias.
    pub name: String,
    /// The range of versions.
    pub version: String,
    /// Where it comes from.
    pub repository: String,
    /// Paths of values that switch it on or off.
    pub condition: String,
    /// Groups that switch it on or off.
    pub tags: Vec<String>,
    /// Whether it is switched on; meaningful after processing.
    pub enabled: bool,
    /// What the parent imports from it.
    pub import_values: Vec<Import>,
    /// Its name in the parent.
    pub alias: String,
}

/// An entry of `import-values`.
#[derive(Clone, Debug, PartialEq)]
pub enum Import {
    /// As written in `Chart.yaml`.
    Declared(Tree),
    /// After processing; prints as a map of two strings.
    Resolved {
        /// The path in the subchart.
        child: String,
        /// The path in the parent.
        parent: String,
    },
}

/// The versions that `Chart.lock` fixes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lock {
    /// When it was made.
    pub generated: String,
    /// The hash of the declared dependencies.
    pub digest: String,
    /// What was chosen.
    pub dependencies: Vec<Dependency>,
}

/// `Chart.yaml` while it is read: nulls in lists are still there.
#[derive(Default)]
pub(super) struct Draft {
    metadata: Metadata,
    maintainers: Option<Vec<Option<Maintainer>>>,
    dependencies: Option<Vec<Option<Dependency>>>,
}

impl Draft {
    /// Decodes `text` over what is already there, as Go does: what it lacks stays.
    ///
    /// # Errors
    ///
    /// Go's text.
    pub(super) fn decode(&mut self, text: &[u8], helm: HelmCompat) -> Result<(), yaml::Error> {
        let record = typed::decode(text, shape::metadata(helm))?;
        let m = &mut self.metadata;
        for (field, out) in [
            ("name", &mut m.name),
            ("home", &mut m.home),
            ("version", &mut m.version),
            ("description", &mut m.description),
            ("icon", &mut m.icon),
            ("apiVersion", &mut m.api_version),
            ("condition", &mut m.condition),
            ("tags", &mut m.tags),
            ("appVersion", &mut m.app_version),
            ("kubeVersion", &mut m.kube_version),
            ("type", &mut m.chart_type),
        ] {
            set_text(out, &record, field);
        }
        set_flag(&mut m.deprecated, &record, "deprecated");
        set_slice(&mut m.sources, &record, "sources");
        set_slice(&mut m.keywords, &record, "keywords");
        match record.get("annotations") {
            None => {}
            Some(Tree::Map(entries)) => {
                let entries = entries.iter().map(|(k, v)| (k.to_string(), text_of(v)));
                m.annotations.get_or_insert_default().extend(entries);
            }
            Some(_) => m.annotations = None,
        }
        match record.get("maintainers") {
            None => {}
            Some(Tree::Null) => self.maintainers = None,
            Some(_) => overlay(
                self.maintainers.get_or_insert_default(),
                record.records("maintainers"),
                Maintainer::decode,
            ),
        }
        match record.get("dependencies") {
            None => {}
            Some(Tree::Null) => self.dependencies = None,
            Some(_) => overlay(
                self.dependencies.get_or_insert_default(),
                record.records("dependencies"),
                Dependency::decode,
            ),
        }
        Ok(())
    }

    pub(super) fn is_v1(&self) -> bool {
        self.metadata.api_version == "v1"
    }

    /// Helm 2 charts had no `apiVersion`.
    pub(super) fn default_to_v1(&mut self) {
        if self.metadata.api_version.is_empty() {
            self.metadata.api_version = "v1".to_owned();
        }
    }

    /// Sanitises and validates in Helm's order.
    ///
    /// # Errors
    ///
    /// Helm's text of the first violation.
    pub(super) fn finish(self) -> Result<Metadata, String> {
        let mut m = self.metadata;
        for text in [
            &mut m.name,
            &mut m.description,
            &mut m.home,
            &mut m.icon,
            &mut m.condition,
            &mut m.tags,
            &mut m.app_version,
            &mut m.kube_version,
        ]
        .into_iter()
        .chain(m.sources.iter_mut().flatten())
        .chain(m.keywords.iter_mut().flatten())
        {
            sanitise(text);
        }
        check(!m.api_version.is_empty(), || {
            "chart.metadata.apiVersion is required".to_owned()
        })?;
        check(!m.name.is_empty(), || {
            "chart.metadata.name is required".to_owned()
        })?;
        check(m.name != "." && m.name != "..", || {
            format!(
                "chart.metadata.name {} is not allowed",
                quote(m.name.as_bytes())
            )
        })?;
        check(!m.name.contains('/'), || {
            format!(
                "chart.metadata.name {} is invalid",
                quote(m.name.as_bytes())
            )
        })?;
        check(!m.version.is_empty(), || {
            "chart.metadata.version is required".to_owned()
        })?;
        check(Version::parse(&m.version).is_ok(), || {
            format!(
                "chart.metadata.version {} is invalid",
                quote(m.version.as_bytes())
            )
        })?;
        check(
            matches!(m.chart_type.as_str(), "" | "application" | "library"),
            || "chart.metadata.type must be application or library".to_owned(),
        )?;
        m.maintainers = self.maintainers.map(finish_maintainers).transpose()?;
        m.dependencies = self.dependencies.map(finish_dependencies).transpose()?;
        Ok(m)
    }
}

fn finish_maintainers(drafts: Vec<Option<Maintainer>>) -> Result<Vec<Maintainer>, String> {
    drafts
        .into_iter()
        .map(|draft| {
            let mut m =
                draft.ok_or("validation: maintainers must not contain empty or null nodes")?;
            sanitise(&mut m.name);
            sanitise(&mut m.email);
            sanitise(&mut m.url);
            Ok(m)
        })
        .collect()
}

fn finish_dependencies(drafts: Vec<Option<Dependency>>) -> Result<Vec<Dependency>, String> {
    if drafts.len() > MAX_CHARTS {
        return Err(format!(
            "chart declares more than {MAX_CHARTS} dependencies"
        ));
    }
    let mut dependencies: Vec<Dependency> = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let mut d = draft.ok_or("validation: dependencies must not contain empty or null nodes")?;
        for text in [
            &mut d.name,
            &mut d.version,
            &mut d.repository,
            &mut d.condition,
        ]
        .into_iter()
        .chain(&mut d.tags)
        {
            sanitise(text);
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        check(d.alias.chars().all(allowed), || {
            format!(
                "dependency {} has disallowed characters in the alias",
                quote(d.name.as_bytes())
            )
        })?;
        let key = d.key();
        check(dependencies.iter().all(|other| other.key() != key), || {
            format!(
                "more than one dependency with name or alias {}",
                quote(key.as_bytes())
            )
        })?;
        dependencies.push(d);
    }
    Ok(dependencies)
}

impl Maintainer {
    fn decode(&mut self, record: &Record) {
        set_text(&mut self.name, record, "name");
        set_text(&mut self.email, record, "email");
        set_text(&mut self.url, record, "url");
    }
}

impl Dependency {
    fn decode(&mut self, record: &Record) {
        set_text(&mut self.name, record, "name");
        set_text(&mut self.version, record, "version");
        set_text(&mut self.repository, record, "repository");
        set_text(&mut self.condition, record, "condition");
        set_texts(&mut self.tags, record, "tags");
        set_flag(&mut self.enabled, record, "enabled");
        set_text(&mut self.alias, record, "alias");
        if record.get("import-values").is_some() {
            let items = record.list("import-values").iter().cloned();
            self.import_values = items.map(Import::Declared).collect();
        }
    }

    /// Its name in the parent: the alias if there is one.
    pub fn key(&self) -> &str {
        if self.alias.is_empty() {
            &self.name
        } else {
            &self.alias
        }
    }
}

fn check(holds: bool, text: impl FnOnce() -> String) -> Result<(), String> {
    if holds {
        Ok(())
    } else {
        Err(format!("validation: {}", text()))
    }
}

/// Makes every white space a plain one and drops what Go does not print.
fn sanitise(text: &mut String) {
    let clean = |c: &char| *c == ' ' || (is_print(*c) && !c.is_whitespace());
    if text.chars().all(|c| clean(&c)) {
        return;
    }
    *text = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(clean)
        .collect();
}

impl Lock {
    /// Decodes a lock file; a null one is none.
    ///
    /// # Errors
    ///
    /// Go's text.
    pub(super) fn decode(text: &[u8], helm: HelmCompat) -> Result<Option<Lock>, yaml::Error> {
        let tree = yaml::to_tree(text).ok();
        if tree == Some(Tree::Null) {
            return Ok(None);
        }
        let record = typed::decode(text, shape::lock(helm))?;
        let mut lock = Lock::default();
        set_text(&mut lock.generated, &record, "generated");
        match tree.as_ref().and_then(|tree| tree.get("generated")) {
            None | Some(Tree::Null) => {}
            Some(Tree::Str(text)) => {
                dates::check_rfc_3339(text).map_err(yaml::Error::refused)?;
            }
            Some(_) => {
                let reason = "Time.UnmarshalJSON: input is not a JSON string";
                return Err(yaml::Error::refused(reason));
            }
        }
        set_text(&mut lock.digest, &record, "digest");
        for entry in record.records("dependencies").into_iter().flatten() {
            let mut dependency = Dependency::default();
            dependency.decode(&entry);
            lock.dependencies.push(dependency);
        }
        Ok(Some(lock))
    }
}

/// The `apiVersion` that Helm 4 reads first, to tell the kinds of charts apart.
///
/// # Errors
///
/// Go's text.
pub(super) fn api_version(text: &[u8]) -> Result<String, yaml::Error> {
    let record = typed::decode(text, &shape::CHART_BASE)?;
    Ok(record.text("apiVersion").to_string())
}

fn set_text(out: &mut String, record: &Record, field: &str) {
    if let Some(value) = record.get(field) {
        *out = text_of(value);
    }
}

fn set_texts(out: &mut Vec<String>, record: &Record, field: &str) {
    if record.get(field).is_some() {
        *out = record.list(field).iter().map(text_of).collect();
    }
}

/// Like [`set_texts`]; null is Go's nil slice.
fn set_slice(out: &mut Option<Vec<String>>, record: &Record, field: &str) {
    match record.get(field) {
        None => {}
        Some(Tree::Null) => *out = None,
        Some(_) => set_texts(out.get_or_insert_default(), record, field),
    }
}

fn set_flag(out: &mut bool, record: &Record, field: &str) {
    if record.get(field).is_some() {
        *out = record.flag(field);
    }
}

fn text_of(value: &Tree) -> String {
    match value {
        Tree::Str(text) => text.to_string(),
        _ => String::new(),
    }
}

/// Decodes the items of a list over the items already there, which Go keeps.
fn overlay<T: Default>(
    out: &mut Vec<Option<T>>,
    records: Vec<Option<Record>>,
    decode: impl Fn(&mut T, &Record),
) {
    out.resize_with(records.len(), || None);
    for (out, record) in out.iter_mut().zip(records) {
        match record {
            Some(record) => decode(out.get_or_insert_default(), &record),
            None => *out = None,
        }
    }
}
