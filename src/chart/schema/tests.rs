//! The bounds of schemas, on both sides of their edges.

use serde_json::{Value as Json, json};

use super::bounds::{Budget, check_size, check_work};
use super::patterns::Patterns;
use super::*;
use crate::limits::{
    MAX_SCHEMA_ADDRESS_BYTES, MAX_SCHEMA_BYTES, MAX_SCHEMA_NESTING, MAX_SCHEMA_NODES,
    MAX_SCHEMA_REGEX_BYTES, MAX_SCHEMA_STEPS, MAX_SUBSCHEMAS,
};

fn tree(values: &Json) -> Tree {
    crate::value::json::decode(values.to_string().as_bytes()).unwrap()
}

/// The error of checking, empty for none.
fn error(schema: &Json, values: &Json) -> String {
    let result = check(schema.to_string().as_bytes(), &tree(values), HelmCompat::V4);
    result.err().unwrap_or_default()
}

fn work(schema: &Json, values: &Json) -> Result<usize, String> {
    let mut schema = schema.clone();
    let patterns = Patterns::translate(&mut schema)?;
    check_work(&schema, &patterns, values, &mut Budget::new())
}

fn refused<T>(result: Result<T, String>, says: &str) -> bool {
    let error = result.err().unwrap_or_default();
    error.starts_with("the schema is refused: ") && error.contains(says)
}

#[test]
fn texts_and_their_parts_are_bounded() {
    let text = |n_bytes: usize| [&b"true"[..], &vec![b' '; n_bytes - 4]].concat();
    assert_eq!(parse(&text(MAX_SCHEMA_BYTES)), Ok(Json::Bool(true)));
    let beyond = parse(&text(MAX_SCHEMA_BYTES + 1));
    assert!(refused(beyond, "larger than 2097152 bytes"));

    let list = |n_nodes: usize| Tree::list(vec![Tree::Null; n_nodes - 1]);
    assert_eq!(check_size(&list(MAX_SCHEMA_NODES)), Ok(()));
    let beyond = check_size(&list(MAX_SCHEMA_NODES + 1));
    assert!(refused(beyond, "more than 150000 JSON values"));

    let pointer = |n_bytes: usize| Tree::map([("a".repeat(n_bytes - 1).into(), Tree::Null)].into());
    assert_eq!(check_size(&pointer(MAX_SCHEMA_ADDRESS_BYTES)), Ok(()));
    let beyond = check_size(&pointer(MAX_SCHEMA_ADDRESS_BYTES + 1));
    assert!(refused(beyond, "more than 4194304 bytes"));
}

#[test]
fn the_number_of_subschemas_is_bounded() {
    let schema = |n_subschemas: usize| json!({"allOf": vec![true; n_subschemas - 1]});
    assert!(work(&schema(MAX_SUBSCHEMAS), &json!({})).is_ok());
    let beyond = work(&schema(MAX_SUBSCHEMAS + 1), &json!({}));
    assert!(refused(beyond, "more than 10000 subschemas"));
}

#[test]
fn regular_expressions_are_bounded() {
    let schema = |n_bytes: usize| json!({"allOf": vec![json!({"pattern": "a"}); n_bytes >> 13]});
    assert!(work(&schema(MAX_SCHEMA_REGEX_BYTES), &json!({})).is_ok());
    let beyond = work(&schema(MAX_SCHEMA_REGEX_BYTES + (1 << 13)), &json!({}));
    assert!(refused(beyond, "more than 16777216 bytes"));
    let long = json!({"pattern": r"\pL".repeat(100_000)});
    assert!(refused(work(&long, &json!({})), "more than 16777216 bytes"));
}

#[test]
fn steps_are_bounded() {
    let mut budget = Budget::new();
    assert_eq!(budget.spend(MAX_SCHEMA_STEPS as usize), Ok(()));
    assert!(refused(budget.spend(1), "more than 10000000 steps"));
}

/// A chain of references that ends in one more value.
#[test]
fn nesting_is_bounded() {
    let n_links = (MAX_SCHEMA_NESTING - 2) / 2;
    let mut links: Vec<Json> = (1..n_links)
        .map(|i| json!({"$ref": format!("#/$defs/{i}")}))
        .collect();
    links.push(json!({"properties": {"a": {"$ref": "#/$defs/0"}, "b": true}}));
    let schema = json!({"$defs": links, "$ref": "#/$defs/0"});
    assert_eq!(work(&schema, &json!({"a": {}})), Ok(MAX_SCHEMA_NESTING));
    let beyond = work(&schema, &json!({"a": {"b": 0}}));
    assert!(refused(beyond, "more than 10000 evaluations"));
}

/// The native stack is enough for deep chains and deep schemas.
#[test]
fn what_nests_deep_is_checked() {
    let n_links = 1500;
    let link = |i: usize| match i {
        i if i == n_links => json!({"type": "string"}),
        i => json!({"allOf": [{"$ref": format!("#/$defs/{}", i + 1)}]}),
    };
    let links = (1..=n_links).map(|i| (i.to_string(), link(i)));
    let schema = json!({"$defs": Json::Object(links.collect()), "$ref": "#/$defs/1"});
    let error_of_chain = error(&schema, &json!({}));
    assert!(error_of_chain.starts_with("- at '': 'allOf' failed\n  - at '': 'allOf' failed\n"));

    let nested = (0..120).fold(json!({"type": 5}), |schema, _| json!({"not": schema}));
    assert!(error(&nested, &json!({})).contains("is not valid against metaschema"));
}

/// Whatever a schema uses to apply another one twice, doing so thirty times is refused.
#[test]
fn what_takes_exponential_time_is_refused() {
    let draft = |year: &str| match year {
        "07" => "http://json-schema.org/draft-07/schema#".to_owned(),
        _ => format!("https://json-schema.org/draft/{year}/schema"),
    };
    let chain = |year: &str, place: &str, link: &dyn Fn(usize) -> Json| {
        let links: Vec<Json> = (0..31)
            .map(|i| if i == 30 { json!({}) } else { link(i + 1) })
            .collect();
        let links = match place {
            "$defs" | "definitions" => {
                let links = links.into_iter().enumerate();
                Json::Object(links.map(|(i, link)| (i.to_string(), link)).collect())
            }
            _ => Json::Array(links),
        };
        let first = format!("#/{place}/0");
        json!({"$schema": draft(year), place: links, "allOf": [{"$ref": first}]})
    };
    let twice = |keyword: &'static str, place: &'static str| {
        move |i: usize| {
            let next = json!({"$ref": format!("#/{place}/{i}")});
            json!({keyword: [next, next]})
        }
    };
    let named = |name: &'static str, reference: &'static str| {
        move |i: usize| {
            let next = json!({reference: format!("{}a{i}", if name == "$id" { "" } else { "#" })});
            json!({name: format!("a{}", i - 1), "allOf": [next, next]})
        }
    };
    let with_end = |mut schema: Json, name: &str| {
        schema["$defs"]["30"] = json!({name: "a30"});
        schema
    };
    let spelled =
        |i: usize| json!({"oneOf": [{"$ref": format!("#/x/{i}")}, {"$ref": format!("#/x/0{i}")}]});
    let schemas = [
        chain("2020-12", "$defs", &twice("allOf", "$defs")),
        chain("2020-12", "$defs", &twice("anyOf", "$defs")),
        chain("2019-09", "$defs", &twice("oneOf", "$defs")),
        chain("07", "definitions", &twice("allOf", "definitions")),
        chain("07", "$defs", &twice("allOf", "$defs")),
        chain("2020-12", "default", &twice("allOf", "default")),
        chain("2020-12", "x", &spelled),
        with_end(
            chain("2020-12", "$defs", &named("$anchor", "$ref")),
            "$anchor",
        ),
        with_end(
            chain("2020-12", "$defs", &named("$dynamicAnchor", "$dynamicRef")),
            "$dynamicAnchor",
        ),
        with_end(chain("2020-12", "$defs", &named("$id", "$ref")), "$id"),
        chain("2020-12", "$defs", &|i| {
            let next = json!({"$ref": format!("#/$defs/{i}")});
            json!({"if": next, "then": next, "else": next})
        }),
        chain("2020-12", "$defs", &|i| {
            let next = json!({"$ref": format!("file:///values.schema.json#/%24defs/{i}")});
            json!({"allOf": [next, next]})
        }),
    ];
    for schema in schemas {
        let error = error(&schema, &json!({}));
        assert!(
            error.starts_with("the schema is refused: "),
            "{schema}: {error}"
        );
    }
    let deep = (0..40).fold(json!({}), |values, _| json!({"a": values}));
    for schema in [
        json!({"properties": {"a": {"$ref": "#"}}, "patternProperties": {"a": {"$ref": "#"}}}),
        json!({"oneOf": [{"properties": {"a": {"$ref": "#"}}}, {"additionalProperties": {"$ref": "#"}}]}),
        json!({
            "$schema": draft("2019-09"), "$recursiveAnchor": true,
            "properties": {"a": {"allOf": [{"$recursiveRef": "#"}, {"$recursiveRef": "#"}]}},
        }),
        json!({
            "$dynamicAnchor": "meta", "$ref": "https://json-schema.org/draft/2020-12/schema",
            "additionalProperties": {"allOf": [{"$dynamicRef": "#meta"}, {"$dynamicRef": "#meta"}]},
        }),
    ] {
        let error = error(&schema, &deep);
        assert!(
            error.starts_with("the schema is refused: "),
            "{schema}: {error}"
        );
    }
}

/// What is recursive and refers a lot is checked as long as it is not too much.
#[test]
fn ordinary_schemas_are_checked() {
    let schema = json!({
        "$defs": {"tree": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "children": {"items": {"$ref": "#/$defs/tree"}}},
            "additionalProperties": false,
        }},
        "additionalProperties": {"anyOf": [{"$ref": "#/$defs/tree"}, {"type": "string"}]},
    });
    let leaf = json!({"name": "a"});
    let values = (0..4).fold(
        leaf,
        |values, _| json!({"name": "b", "children": vec![values; 8]}),
    );
    assert_eq!(error(&schema, &json!({"a": values, "b": "c"})), "");
    let says = "- at '/a/children/0/name': got number, want string\n";
    let wrong = json!({"a": {"children": [{"name": 1}]}});
    assert!(error(&schema, &wrong).contains(says));
    // A cycle is Helm's own error.
    let cycle = error(&json!({"$ref": "#"}), &json!({}));
    assert!(cycle.contains("causing reference cycle"), "{cycle}");
}

#[test]
fn what_is_unevaluated_is_told_in_order() {
    let names: Vec<String> = (100..200).map(|i| format!("a{i}")).collect();
    let values = Json::Object(names.iter().map(|name| (name.clone(), json!(1))).collect());
    let lines = names
        .iter()
        .map(|name| format!("- at '/{name}': false schema\n"));
    let schema = json!({"unevaluatedProperties": false});
    assert_eq!(error(&schema, &values), lines.collect::<String>());
    let items = (0..100).map(|i| format!("- at '/a/{i}': false schema"));
    let want = items.collect::<Vec<_>>().join("\n") + "\n";
    let schema = json!({"properties": {"a": {"unevaluatedItems": false}}});
    let text = error(&schema, &json!({"a": vec![1; 100]}));
    assert_eq!(
        text.replace("  - ", "- ")
            .replace("- at '/a': validation failed\n", ""),
        want
    );
}
