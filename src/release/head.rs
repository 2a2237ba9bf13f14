//! The head of a manifest: what Helm reads of a document to sort it.

use crate::helm::HelmCompat;
use crate::value::Tree;
use crate::yaml::typed::{self, Struct, Type};
use crate::yaml::{self};

/// What Helm knows of a document.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) kind: String,
    /// The annotation `helm.sh/hook`.
    pub(super) hook: Option<String>,
    /// The whole document, if it was asked for.
    pub(super) object: Option<Tree>,
}

static METADATA: Struct = Struct {
    name: "",
    go: "struct { Name string \"json:\\\"name\\\"\"; Annotations map[string]string \
         \"json:\\\"annotations\\\"\" }",
    fields: &[
        ("name", Type::Text),
        ("annotations", Type::Map(&Type::Text)),
    ],
};

static HEAD_3: Struct = Struct {
    name: "SimpleHead",
    go: "releaseutil.SimpleHead",
    fields: FIELDS,
};
static HEAD_4: Struct = Struct {
    name: "SimpleHead",
    go: "util.SimpleHead",
    fields: FIELDS,
};

static FIELDS: &[(&str, Type)] = &[
    ("apiVersion", Type::Text),
    ("kind", Type::Text),
    ("metadata", Type::Struct(&METADATA)),
];

/// Reads the head of a document; with `objects` also the rest.
///
/// # Errors
///
/// Go's text and the place in the document.
pub(super) fn decode(
    document: &[u8],
    helm: HelmCompat,
    objects: bool,
) -> Result<Head, yaml::Error> {
    let shape = match helm {
        HelmCompat::V3 => &HEAD_3,
        HelmCompat::V4 => &HEAD_4,
    };
    let (record, object) = if objects {
        let (record, object) = typed::decode_whole(document, shape)?;
        (record, Some(object))
    } else {
        (typed::decode(document, shape)?, None)
    };
    let metadata = record.record("metadata");
    let annotations = metadata
        .as_ref()
        .and_then(|metadata| metadata.map("annotations"));
    let hook = annotations.and_then(|annotations| annotations.get(&b"helm.sh/hook"[..]));
    Ok(Head {
        kind: record.text("kind").to_string(),
        hook: hook.and_then(|text| text.as_str()).map(str::to_owned),
        object,
    })
}
