//! `.Chart`: the metadata of a chart as templates see it.
//!
//! Helm 4 passes a map whose keys are Go's field names; Helm 3 passes a struct, so an unknown
//! field is an error there and nil here.

use std::any::Any;
use std::rc::Rc;

use crate::chart::{Dependency, Import, Maintainer, Metadata};
use crate::helm::HelmCompat;
use crate::value::{Field, Kind, List, ListType, Map, MapType, Object, Str, Value};

/// Makes `.Chart` for `metadata`.
pub(super) fn chart_object(metadata: &Metadata, is_root: bool, helm: HelmCompat) -> Value {
    match helm {
        HelmCompat::V3 => Value::Object(Rc::new(Metadata3 {
            metadata: Rc::new(metadata.clone()),
            is_root: Some(is_root),
        })),
        HelmCompat::V4 => {
            let fields = fields(metadata, helm, maintainer_map, dependency_map);
            let is_root = ("IsRoot", Value::Bool(is_root));
            Value::Map(
                fields
                    .into_iter()
                    .chain([is_root])
                    .map(|(k, v)| (k.into(), v))
                    .collect(),
            )
        }
    }
}

/// The fields of `chart.Metadata` in the order of the struct.
fn fields(
    metadata: &Metadata,
    helm: HelmCompat,
    maintainer: fn(&Maintainer) -> Value,
    dependency: fn(&Dependency) -> Value,
) -> Vec<Field> {
    let strings = |items: &Option<Vec<String>>| strings(items.as_deref(), helm);
    let text = |s: &str| Value::from(s);
    vec![
        ("Name", text(&metadata.name)),
        ("Home", text(&metadata.home)),
        ("Sources", strings(&metadata.sources)),
        ("Version", text(&metadata.version)),
        ("Description", text(&metadata.description)),
        ("Keywords", strings(&metadata.keywords)),
        (
            "Maintainers",
            slice(
                metadata.maintainers.as_deref(),
                ListType::Maintainers,
                helm,
                maintainer,
            ),
        ),
        ("Icon", text(&metadata.icon)),
        ("APIVersion", text(&metadata.api_version)),
        ("Condition", text(&metadata.condition)),
        ("Tags", text(&metadata.tags)),
        ("AppVersion", text(&metadata.app_version)),
        ("Deprecated", Value::Bool(metadata.deprecated)),
        ("Annotations", Value::Map(annotations(metadata))),
        ("KubeVersion", text(&metadata.kube_version)),
        (
            "Dependencies",
            slice(
                metadata.dependencies.as_deref(),
                ListType::Dependencies,
                helm,
                dependency,
            ),
        ),
        ("Type", text(&metadata.chart_type)),
    ]
}

/// A slice of the struct: Helm 3 has it as it is, nil if it is absent; Helm 4 makes a list of it.
fn slice<T>(
    items: Option<&[T]>,
    list_type: ListType,
    helm: HelmCompat,
    value: impl Fn(&T) -> Value,
) -> Value {
    match (items, helm) {
        (None, HelmCompat::V3) => Value::List(List::nil(list_type)),
        (items, _) => {
            let list_type = match helm {
                HelmCompat::V3 => list_type,
                HelmCompat::V4 => ListType::Any,
            };
            let items = items.unwrap_or_default().iter().map(value).collect();
            Value::List(List::new(list_type, items))
        }
    }
}

fn strings(items: Option<&[String]>, helm: HelmCompat) -> Value {
    slice(items, ListType::Str, helm, |text| text.as_str().into())
}

/// The slice, or nothing where there are no items.
fn non_empty<T>(items: &[T]) -> Option<&[T]> {
    Some(items).filter(|items| !items.is_empty())
}

/// The annotations as `map[string]string`; nil when there are none.
fn annotations(metadata: &Metadata) -> Map {
    match &metadata.annotations {
        None => Map::nil(MapType::Str),
        Some(entries) => {
            let entry =
                |(key, text): (&String, &String)| (key.as_str().into(), text.as_str().into());
            Map::with_type(MapType::Str, entries.iter().map(entry).collect())
        }
    }
}

fn maintainer_map(maintainer: &Maintainer) -> Value {
    let fields = maintainer_fields(maintainer);
    Value::Map(
        fields
            .map(|(name, _, text)| (name.into(), text.into()))
            .into_iter()
            .collect(),
    )
}

/// Go name, JSON name and text of each field.
fn maintainer_fields(maintainer: &Maintainer) -> [(&'static str, &'static str, &str); 3] {
    [
        ("Name", "name", &*maintainer.name),
        ("Email", "email", &*maintainer.email),
        ("URL", "url", &*maintainer.url),
    ]
}

fn dependency_map(dependency: &Dependency) -> Value {
    let fields = dependency_fields(dependency, HelmCompat::V4);
    Value::Map(
        fields
            .into_iter()
            .map(|(name, value)| (name.into(), value))
            .collect(),
    )
}

fn dependency_fields(dependency: &Dependency, helm: HelmCompat) -> Vec<Field> {
    let imports = non_empty(&dependency.import_values);
    vec![
        ("Name", dependency.name.as_str().into()),
        ("Version", dependency.version.as_str().into()),
        ("Repository", dependency.repository.as_str().into()),
        ("Condition", dependency.condition.as_str().into()),
        ("Tags", strings(non_empty(&dependency.tags), helm)),
        ("Enabled", Value::Bool(dependency.enabled)),
        (
            "ImportValues",
            slice(imports, ListType::Any, helm, import_value),
        ),
        ("Alias", dependency.alias.as_str().into()),
    ]
}

/// An entry of `import-values`; a resolved one is a `map[string]string`.
fn import_value(import: &Import) -> Value {
    match import {
        Import::Declared(tree) => tree.thaw(),
        Import::Resolved { child, parent } => {
            let entries = [("child", child), ("parent", parent)];
            let entries = entries.map(|(key, text)| (Str::from(key), text.as_str().into()));
            Value::Map(Map::with_type(MapType::Str, entries.into_iter().collect()))
        }
    }
}

/// Helm 3's `.Chart`: `chart.Metadata` embedded, and `IsRoot`; without that, the former alone.
#[derive(Debug)]
struct Metadata3 {
    metadata: Rc<Metadata>,
    is_root: Option<bool>,
}

impl Metadata3 {
    /// The fields of the metadata, which both forms have.
    fn promoted(&self) -> Vec<Field> {
        fields(
            &self.metadata,
            HelmCompat::V3,
            |m| Value::Object(Rc::new(Maintainer3(m.clone()))),
            |d| Value::Object(Rc::new(Dependency3(d.clone()))),
        )
    }
}

impl Object for Metadata3 {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn kind(&self) -> Kind {
        Kind::Struct
    }

    fn type_name(&self) -> &str {
        match self.is_root {
            Some(_) => "struct { chart.Metadata; IsRoot bool }",
            None => "chart.Metadata",
        }
    }

    fn fields(&self) -> Option<Vec<Field>> {
        let Some(is_root) = self.is_root else {
            return Some(self.promoted());
        };
        let embedded = Metadata3 {
            metadata: self.metadata.clone(),
            is_root: None,
        };
        let embedded = Value::Object(Rc::new(embedded));
        Some(vec![("Metadata", embedded), ("IsRoot", is_root.into())])
    }

    fn field(&self, name: &str) -> Option<Value> {
        let fields = self.fields()?.into_iter().chain(self.promoted());
        let mut named = fields.filter(|(field, _)| *field == name);
        named.next().map(|(_, value)| value)
    }

    fn json_fields(&self) -> Option<Vec<Field>> {
        let json_name = |name: &'static str| match name {
            "Name" => "name",
            "Home" => "home",
            "Sources" => "sources",
            "Version" => "version",
            "Description" => "description",
            "Keywords" => "keywords",
            "Maintainers" => "maintainers",
            "Icon" => "icon",
            "APIVersion" => "apiVersion",
            "Condition" => "condition",
            "Tags" => "tags",
            "AppVersion" => "appVersion",
            "Deprecated" => "deprecated",
            "Annotations" => "annotations",
            "KubeVersion" => "kubeVersion",
            "Dependencies" => "dependencies",
            "Type" => "type",
            other => other,
        };
        let fields = self.promoted().into_iter();
        let mut fields: Vec<Field> = fields.map(|(name, v)| (json_name(name), v)).collect();
        omit_empty(&mut fields);
        fields.extend(self.is_root.map(|is_root| ("IsRoot", is_root.into())));
        Some(fields)
    }

    fn deep_equal(&self, other: &dyn Object) -> bool {
        let other = other.as_any().downcast_ref::<Metadata3>();
        other.is_some_and(|o| self.metadata == o.metadata && self.is_root == o.is_root)
    }
}

/// Leaves out empty fields, as `omitempty` does.
fn omit_empty(fields: &mut Vec<Field>) {
    fields.retain(|(_, value)| value.is_true());
}

/// A pointer to a maintainer; prints as an address in Go, as its fields here.
#[derive(Debug)]
struct Maintainer3(Maintainer);

impl Object for Maintainer3 {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn kind(&self) -> Kind {
        Kind::Ptr
    }

    fn type_name(&self) -> &str {
        "*chart.Maintainer"
    }

    fn fields(&self) -> Option<Vec<Field>> {
        let fields = maintainer_fields(&self.0).map(|(name, _, text)| (name, text.into()));
        Some(fields.to_vec())
    }

    fn json_fields(&self) -> Option<Vec<Field>> {
        let fields = maintainer_fields(&self.0).map(|(_, name, text)| (name, text.into()));
        let mut fields = fields.to_vec();
        omit_empty(&mut fields);
        Some(fields)
    }

    fn deep_equal(&self, other: &dyn Object) -> bool {
        other
            .as_any()
            .downcast_ref::<Maintainer3>()
            .is_some_and(|other| self.0 == other.0)
    }
}

/// A pointer to a dependency; prints as an address in Go, as its fields here.
#[derive(Debug)]
struct Dependency3(Dependency);

impl Object for Dependency3 {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn kind(&self) -> Kind {
        Kind::Ptr
    }

    fn type_name(&self) -> &str {
        "*chart.Dependency"
    }

    fn fields(&self) -> Option<Vec<Field>> {
        Some(dependency_fields(&self.0, HelmCompat::V3))
    }

    fn json_fields(&self) -> Option<Vec<Field>> {
        let d = &self.0;
        let mut fields: Vec<Field> = vec![
            ("version", d.version.as_str().into()),
            ("repository", d.repository.as_str().into()),
            ("condition", d.condition.as_str().into()),
            ("tags", strings(non_empty(&d.tags), HelmCompat::V3)),
            ("enabled", d.enabled.into()),
            (
                "import-values",
                Value::list(d.import_values.iter().map(import_value).collect()),
            ),
            ("alias", d.alias.as_str().into()),
        ];
        fields.retain(|(name, value)| *name == "repository" || value.is_true());
        fields.insert(0, ("name", d.name.as_str().into()));
        Some(fields)
    }

    fn deep_equal(&self, other: &dyn Object) -> bool {
        other
            .as_any()
            .downcast_ref::<Dependency3>()
            .is_some_and(|other| self.0 == other.0)
    }
}
