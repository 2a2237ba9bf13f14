//! The built-in objects: what `.` is at the top of a template.
//!
//! Every template of one chart gets the same map, so what one template sets the next one sees.

use std::rc::Rc;

use super::capabilities::Capabilities;
use super::chart_object::chart_object;
use super::files::Files;
use super::{Error, Options};
use crate::chart::Chart;
use crate::helm::HelmCompat;
use crate::value::arguments::{wrong_count, wrong_type};
use crate::value::{Map, MapType, Named, Object, Str, Value};
use crate::yaml;

static VALUES_3: Named = Named {
    name: "chartutil.Values",
    method: values_method,
};
static VALUES_4: Named = Named {
    name: "common.Values",
    method: values_method,
};

/// Helm's named map type, whose methods templates can call.
pub(super) fn values_type(helm: HelmCompat) -> MapType {
    MapType::Named(match helm {
        HelmCompat::V3 => &VALUES_3,
        HelmCompat::V4 => &VALUES_4,
    })
}

/// `Values.YAML`, `Values.AsMap`, `Values.Table` and `Values.PathValue`.
fn values_method(map: &Map, name: &str, args: &[Value]) -> Option<Result<Value, String>> {
    let wanted = match name {
        "YAML" | "AsMap" => 0,
        "Table" | "PathValue" => 1,
        _ => return None,
    };
    Some(match (name, args) {
        ("YAML", []) => yaml::marshal_value(&Value::Map(map.clone()))
            .map(Value::str)
            .map_err(|error| error.to_string()),
        ("AsMap", []) => Ok(Value::Map(map.plain())),
        ("Table", [Value::Str(path)]) => table(map, path).map(Value::Map),
        ("PathValue", [Value::Str(path)]) => path_value(map, path),
        (_, [other]) if wanted == 1 => Err(wrong_type("string", other)),
        _ => Err(wrong_count(name, wanted, args.len())),
    })
}

/// The table at a dotted path.
fn table(map: &Map, path: &Str) -> Result<Map, String> {
    let mut table = map.clone();
    for key in path.split(|b| *b == b'.') {
        table = match table.get(key) {
            Some(Value::Map(next)) if next.map_type().is_any_map() => next,
            _ => return Err(format!("{:?} is not a table", String::from_utf8_lossy(key))),
        };
    }
    Ok(table)
}

/// The value, no table, at a dotted path.
fn path_value(map: &Map, path: &Str) -> Result<Value, String> {
    if path.is_empty() {
        return Err("YAML path cannot be empty".to_owned());
    }
    let missing = |key: &[u8]| format!("{:?} is not a value", String::from_utf8_lossy(key));
    let is_table = |value: &Value| matches!(value, Value::Map(_));
    let Some(dot) = path.iter().rposition(|b| *b == b'.') else {
        return map
            .get(path)
            .filter(|value| !is_table(value))
            .ok_or_else(|| missing(path));
    };
    let (before, key) = (&path[..dot], &path[dot + 1..]);
    let table = table(map, &before.into()).map_err(|_| missing(path))?;
    table
        .get(key)
        .filter(|value| !is_table(value))
        .ok_or_else(|| missing(path))
}

/// The top map of one chart's templates.
pub(super) struct Context<'c> {
    pub(super) chart: &'c Chart,
    pub(super) top: Map,
}

/// Makes the top maps of `chart` and its subcharts, subcharts first, from the root's values.
///
/// # Errors
///
/// A `--kube-version` that is none.
pub(super) fn contexts<'c>(
    chart: &'c Chart,
    values: Map,
    capabilities: Capabilities,
    options: &Options,
) -> Result<Vec<Context<'c>>, Error> {
    let shared = Shared {
        release: Value::Map(release(options)),
        capabilities: Value::Object(Rc::new(capabilities)),
        helm: options.helm,
    };
    let mut out = Vec::new();
    shared.collect(chart, values, &mut out);
    Ok(out)
}

fn release(options: &Options) -> Map {
    let entries: [(&str, Value); 6] = [
        ("Name", options.name.as_str().into()),
        ("Namespace", options.namespace.as_str().into()),
        ("IsUpgrade", options.is_upgrade.into()),
        ("IsInstall", (!options.is_upgrade).into()),
        ("Revision", Value::int(1)),
        ("Service", "Helm".into()),
    ];
    entries
        .into_iter()
        .map(|(key, value)| (Str::from(key), value))
        .collect()
}

/// What all charts of a release share.
struct Shared {
    release: Value,
    capabilities: Value,
    helm: HelmCompat,
}

impl Shared {
    fn collect<'c>(&self, chart: &'c Chart, values: Map, out: &mut Vec<Context<'c>>) -> Map {
        let subcharts = Map::new();
        let files = chart.files.iter();
        let files = files.map(|file| (file.name.as_str().into(), file.data.clone()));
        let files: Rc<dyn Object> = Rc::new(Files::new(self.helm, files));
        let entries: [(&str, Value); 6] = [
            (
                "Chart",
                chart_object(&chart.metadata, chart.is_root, self.helm),
            ),
            ("Files", Value::Object(files)),
            ("Release", self.release.clone()),
            ("Capabilities", self.capabilities.clone()),
            (
                "Values",
                Value::Map(values.with_map_type(values_type(self.helm))),
            ),
            ("Subcharts", Value::Map(subcharts.clone())),
        ];
        let top: Map = entries
            .into_iter()
            .map(|(key, value)| (Str::from(key), value))
            .collect();
        for sub in &chart.charts {
            // Helm reads the name as a dotted path; what is no table there is empty.
            let below = table(&values, &sub.name().into()).unwrap_or_default();
            let context = self.collect(sub, below, out);
            let _ = subcharts.insert(sub.name(), Value::Map(context));
        }
        out.push(Context {
            chart,
            top: top.clone(),
        });
        top
    }
}

/// Sets `.Template` before a file is executed.
pub(super) fn set_template(context: &Context<'_>, name: &str, helm: HelmCompat) {
    let base = format!("{}/templates", context.chart.full_path);
    let entries = [("Name", name.into()), ("BasePath", base.into())];
    let entries = entries
        .into_iter()
        .map(|(key, value): (&str, Value)| (Str::from(key), value));
    let template = Map::with_type(values_type(helm), entries.collect());
    let _ = context.top.insert("Template", Value::Map(template));
}
