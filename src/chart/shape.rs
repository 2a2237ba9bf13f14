//! The Go structs behind `Chart.yaml` and `Chart.lock`; Helm 3 and 4 keep them in packages of
//! different names, which their error texts show.

use crate::helm::HelmCompat;
use crate::yaml::typed::{Struct, Type};

/// The struct of `Chart.yaml`.
pub(super) fn metadata(helm: HelmCompat) -> &'static Struct {
    match helm {
        HelmCompat::V3 => &METADATA_3,
        HelmCompat::V4 => &METADATA_4,
    }
}

/// The struct of `Chart.lock`.
pub(super) fn lock(helm: HelmCompat) -> &'static Struct {
    match helm {
        HelmCompat::V3 => &LOCK_3,
        HelmCompat::V4 => &LOCK_4,
    }
}

/// The part of `Chart.yaml` that Helm 4 reads first.
pub(super) static CHART_BASE: Struct = Struct {
    name: "chartBase",
    go: "loader.chartBase",
    fields: &[("apiVersion", Type::Text)],
};

macro_rules! metadata {
    ($go:literal, $maintainer:ident, $dependency:ident) => {
        Struct {
            name: "Metadata",
            go: $go,
            fields: &[
                ("name", Type::Text),
                ("home", Type::Text),
                ("sources", Type::List(&Type::Text)),
                ("version", Type::Text),
                ("description", Type::Text),
                ("keywords", Type::List(&Type::Text)),
                ("maintainers", Type::List(&Type::Struct(&$maintainer))),
                ("icon", Type::Text),
                ("apiVersion", Type::Text),
                ("condition", Type::Text),
                ("tags", Type::Text),
                ("appVersion", Type::Text),
                ("deprecated", Type::Flag),
                ("annotations", Type::Map(&Type::Text)),
                ("kubeVersion", Type::Text),
                ("dependencies", Type::List(&Type::Struct(&$dependency))),
                ("type", Type::Text),
            ],
        }
    };
}

static METADATA_3: Struct = metadata!("chart.Metadata", MAINTAINER_3, DEPENDENCY_3);
static METADATA_4: Struct = metadata!("v2.Metadata", MAINTAINER_4, DEPENDENCY_4);

static MAINTAINER_3: Struct = maintainer("chart.Maintainer");
static MAINTAINER_4: Struct = maintainer("v2.Maintainer");

const fn maintainer(go: &'static str) -> Struct {
    Struct {
        name: "Maintainer",
        go,
        fields: &[
            ("name", Type::Text),
            ("email", Type::Text),
            ("url", Type::Text),
        ],
    }
}

static DEPENDENCY_3: Struct = dependency("chart.Dependency");
static DEPENDENCY_4: Struct = dependency("v2.Dependency");

const fn dependency(go: &'static str) -> Struct {
    Struct {
        name: "Dependency",
        go,
        fields: &[
            ("name", Type::Text),
            ("version", Type::Text),
            ("repository", Type::Text),
            ("condition", Type::Text),
            ("tags", Type::List(&Type::Text)),
            ("enabled", Type::Flag),
            ("import-values", Type::List(&Type::Any)),
            ("alias", Type::Text),
        ],
    }
}

macro_rules! lock {
    ($go:literal, $dependency:ident) => {
        Struct {
            name: "Lock",
            go: $go,
            fields: &[
                ("generated", Type::Text),
                ("digest", Type::Text),
                ("dependencies", Type::List(&Type::Struct(&$dependency))),
            ],
        }
    };
}

static LOCK_3: Struct = lock!("chart.Lock", DEPENDENCY_3);
static LOCK_4: Struct = lock!("v2.Lock", DEPENDENCY_4);
