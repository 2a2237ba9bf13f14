//! `Chart.yaml` and `Chart.lock`: their fields, their sanitising, their validation.

use std::collections::BTreeMap;

use super::decode::{Decode, Decoder};
use crate::funcs::semver::Version;
use crate::limits::MAX_CHARTS;
use crate::value::Tree;
use crate::values::{floats, is_print, quote};

/// What `Chart.yaml` says about a chart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// The chart's name; of an aliased subchart the alias.
    pub name: String,
    /// The project's page.
    pub home: String,
    /// Where the source code is.
    pub sources: Vec<String>,
    /// The chart's version.
    pub version: String,
    /// One sentence about the chart.
    pub description: String,
    /// Words to find it by.
    pub keywords: Vec<String>,
    /// Who maintains it.
    pub maintainers: Vec<Maintainer>,
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
    maintainers: Vec<Option<Maintainer>>,
    dependencies: Option<Vec<Option<Dependency>>>,
}

impl Draft {
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
        .chain(&mut m.sources)
        .chain(&mut m.keywords)
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
            format!("chart.metadata.name {} is not allowed", quote(&m.name))
        })?;
        check(!m.name.contains('/'), || {
            format!("chart.metadata.name {} is invalid", quote(&m.name))
        })?;
        check(!m.version.is_empty(), || {
            "chart.metadata.version is required".to_owned()
        })?;
        check(Version::parse(&m.version).is_ok(), || {
            format!("chart.metadata.version {} is invalid", quote(&m.version))
        })?;
        check(
            matches!(m.chart_type.as_str(), "" | "application" | "library"),
            || "chart.metadata.type must be application or library".to_owned(),
        )?;
        m.maintainers = finish_maintainers(self.maintainers)?;
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
                quote(&d.name)
            )
        })?;
        let key = d.key();
        check(dependencies.iter().all(|other| other.key() != key), || {
            format!("more than one dependency with name or alias {}", quote(key))
        })?;
        dependencies.push(d);
    }
    Ok(dependencies)
}

impl Dependency {
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

impl Decode for Draft {
    const TYPE: &'static str = "Metadata";
    const FIELDS: &'static [&'static str] = &[
        "name",
        "home",
        "sources",
        "version",
        "description",
        "keywords",
        "maintainers",
        "icon",
        "apiVersion",
        "condition",
        "tags",
        "appVersion",
        "deprecated",
        "annotations",
        "kubeVersion",
        "dependencies",
        "type",
    ];

    fn field(&mut self, name: &str, value: &Tree, decoder: &mut Decoder) {
        let m = &mut self.metadata;
        match name {
            "name" => decoder.string(&mut m.name, value),
            "home" => decoder.string(&mut m.home, value),
            "sources" => decoder.strings(&mut m.sources, value),
            "version" => decoder.string(&mut m.version, value),
            "description" => decoder.string(&mut m.description, value),
            "keywords" => decoder.strings(&mut m.keywords, value),
            "maintainers" => decoder.structs(&mut self.maintainers, value),
            "icon" => decoder.string(&mut m.icon, value),
            "apiVersion" => decoder.string(&mut m.api_version, value),
            "condition" => decoder.string(&mut m.condition, value),
            "tags" => decoder.string(&mut m.tags, value),
            "appVersion" => decoder.string(&mut m.app_version, value),
            "deprecated" => decoder.boolean(&mut m.deprecated, value),
            "annotations" => decoder.string_map(&mut m.annotations, value),
            "kubeVersion" => decoder.string(&mut m.kube_version, value),
            "dependencies" if *value == Tree::Null => self.dependencies = None,
            "dependencies" => {
                decoder.structs(self.dependencies.get_or_insert_default(), value);
            }
            _ => decoder.string(&mut m.chart_type, value),
        }
    }
}

impl Decode for Maintainer {
    const TYPE: &'static str = "Maintainer";
    const FIELDS: &'static [&'static str] = &["name", "email", "url"];

    fn field(&mut self, name: &str, value: &Tree, decoder: &mut Decoder) {
        match name {
            "name" => decoder.string(&mut self.name, value),
            "email" => decoder.string(&mut self.email, value),
            _ => decoder.string(&mut self.url, value),
        }
    }
}

impl Decode for Dependency {
    const TYPE: &'static str = "Dependency";
    const FIELDS: &'static [&'static str] = &[
        "name",
        "version",
        "repository",
        "condition",
        "tags",
        "enabled",
        "import-values",
        "alias",
    ];

    fn field(&mut self, name: &str, value: &Tree, decoder: &mut Decoder) {
        match name {
            "name" => decoder.string(&mut self.name, value),
            "version" => decoder.string(&mut self.version, value),
            "repository" => decoder.string(&mut self.repository, value),
            "condition" => decoder.string(&mut self.condition, value),
            "tags" => decoder.strings(&mut self.tags, value),
            "enabled" => decoder.boolean(&mut self.enabled, value),
            "import-values" => decoder.list(
                &mut self.import_values,
                value,
                "[]interface {}",
                |_, out, item| *out = Import::Declared(floats(item)),
            ),
            _ => decoder.string(&mut self.alias, value),
        }
    }
}

impl Default for Import {
    fn default() -> Import {
        Import::Declared(Tree::Null)
    }
}

/// `Chart.lock` while it is read.
#[derive(Default)]
pub(super) struct LockDraft {
    lock: Lock,
    dependencies: Vec<Option<Dependency>>,
}

impl LockDraft {
    pub(super) fn finish(self) -> Lock {
        Lock {
            dependencies: self.dependencies.into_iter().flatten().collect(),
            ..self.lock
        }
    }
}

impl Decode for LockDraft {
    const TYPE: &'static str = "Lock";
    const FIELDS: &'static [&'static str] = &["generated", "digest", "dependencies"];

    fn field(&mut self, name: &str, value: &Tree, decoder: &mut Decoder) {
        match name {
            "generated" => decoder.string(&mut self.lock.generated, value),
            "digest" => decoder.string(&mut self.lock.digest, value),
            _ => decoder.structs(&mut self.dependencies, value),
        }
    }
}

/// The part of `Chart.yaml` that Helm 4 reads first, to tell the kinds of charts apart.
#[derive(Default)]
pub(super) struct ChartBase {
    pub(super) api_version: String,
}

impl Decode for ChartBase {
    const TYPE: &'static str = "chartBase";
    const FIELDS: &'static [&'static str] = &["apiVersion"];

    fn field(&mut self, _name: &str, value: &Tree, decoder: &mut Decoder) {
        decoder.string(&mut self.api_version, value);
    }
}
