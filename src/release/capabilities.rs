//! What a chart may ask of the cluster: `.Capabilities`.
//!
//! In: the versions that the user or Argo CD names. Out: the object templates see. Without a
//! cluster Helm answers from tables of its Kubernetes client library, 0.36 in both releases.

use std::any::Any;
use std::rc::Rc;

use crate::helm::HelmCompat;
use crate::value::arguments::{check_count, wrong_count, wrong_type};
use crate::value::{Field, Kind, Object, Str, Tree, Value};

/// The version of Kubernetes that Helm assumes without a cluster.
pub(super) const DEFAULT_KUBE_VERSION: &str = "1.36.0";

/// The API versions that Helm assumes without a cluster, in its order.
const DEFAULT_API_VERSIONS: [&str; 55] = [
    "v1",
    "admissionregistration.k8s.io/v1",
    "admissionregistration.k8s.io/v1alpha1",
    "admissionregistration.k8s.io/v1beta1",
    "internal.apiserver.k8s.io/v1alpha1",
    "apps/v1",
    "apps/v1beta1",
    "apps/v1beta2",
    "authentication.k8s.io/v1",
    "authentication.k8s.io/v1alpha1",
    "authentication.k8s.io/v1beta1",
    "authorization.k8s.io/v1",
    "authorization.k8s.io/v1beta1",
    "autoscaling/v1",
    "autoscaling/v2",
    "batch/v1",
    "batch/v1beta1",
    "certificates.k8s.io/v1",
    "certificates.k8s.io/v1beta1",
    "certificates.k8s.io/v1alpha1",
    "coordination.k8s.io/v1alpha2",
    "coordination.k8s.io/v1beta1",
    "coordination.k8s.io/v1",
    "discovery.k8s.io/v1",
    "discovery.k8s.io/v1beta1",
    "events.k8s.io/v1",
    "events.k8s.io/v1beta1",
    "extensions/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1",
    "flowcontrol.apiserver.k8s.io/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1beta2",
    "flowcontrol.apiserver.k8s.io/v1beta3",
    "networking.k8s.io/v1",
    "networking.k8s.io/v1beta1",
    "node.k8s.io/v1",
    "node.k8s.io/v1alpha1",
    "node.k8s.io/v1beta1",
    "policy/v1",
    "policy/v1beta1",
    "rbac.authorization.k8s.io/v1",
    "rbac.authorization.k8s.io/v1beta1",
    "rbac.authorization.k8s.io/v1alpha1",
    "resource.k8s.io/v1",
    "resource.k8s.io/v1beta2",
    "resource.k8s.io/v1beta1",
    "resource.k8s.io/v1alpha3",
    "scheduling.k8s.io/v1alpha2",
    "scheduling.k8s.io/v1beta1",
    "scheduling.k8s.io/v1",
    "storage.k8s.io/v1beta1",
    "storage.k8s.io/v1",
    "storage.k8s.io/v1alpha1",
    "storagemigration.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1",
];

/// A version of Kubernetes as `.Capabilities.KubeVersion` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KubeVersion {
    helm: HelmCompat,
    /// Whether it still lies in `.Capabilities`: its methods are those of the pointer to it.
    in_place: bool,
    version: String,
    normalized: String,
    major: String,
    minor: String,
}

impl KubeVersion {
    /// Reads a version such as `1.33`, `v1.33.4` or `1.33.4-gke.1`: two or more dotted numbers and
    /// anything after them.
    ///
    /// Helm 3 keeps the numbers only; Helm 4 keeps the whole text in `.Version` and compares and
    /// prints the numbers.
    ///
    /// # Errors
    ///
    /// Helm's text, such as `invalid kube version 'abc': could not parse "abc" as version`.
    pub(super) fn parse(text: &str, helm: HelmCompat) -> Result<KubeVersion, String> {
        let components = components(text)
            .map_err(|message| format!("invalid kube version '{text}': {message}"))?;
        let numbers: Vec<String> = components.iter().map(u64::to_string).collect();
        let normalized = format!("v{}", numbers.join("."));
        let version = match helm {
            HelmCompat::V3 => normalized.clone(),
            HelmCompat::V4 if text.starts_with('v') => text.to_owned(),
            HelmCompat::V4 => format!("v{text}"),
        };
        let [major, minor, ..] = &numbers[..] else {
            unreachable!("a version has at least two components")
        };
        Ok(KubeVersion {
            helm,
            in_place: true,
            version,
            normalized,
            major: major.clone(),
            minor: minor.clone(),
        })
    }

    /// The text that `kubeVersion` constraints are checked against.
    pub(super) fn normalized(&self) -> &str {
        &self.normalized
    }

    /// The text that `.Version` and messages show.
    pub(super) fn version(&self) -> &str {
        &self.version
    }
}

/// The numbers of a version (`k8s.io/apimachinery/pkg/util/version.ParseGeneric`).
fn components(text: &str) -> Result<Vec<u64>, String> {
    let blank = |c: char| matches!(c, ' ' | '\t' | '\n' | '\x0c' | '\r');
    let trimmed = text.trim_start_matches(blank);
    let trimmed = trimmed.strip_prefix('v').unwrap_or(trimmed);
    let mut numbers = Vec::new();
    let mut rest = trimmed;
    loop {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if digits == 0 {
            break;
        }
        numbers.push(&rest[..digits]);
        rest = &rest[digits..];
        match rest.strip_prefix('.') {
            Some(next) if next.starts_with(|c: char| c.is_ascii_digit()) => rest = next,
            _ => break,
        }
    }
    if numbers.is_empty() {
        return Err(format!("could not parse {text:?} as version"));
    }
    if numbers.len() < 2 {
        return Err(format!("illegal version string {text:?}"));
    }
    if numbers[0].starts_with('0') && numbers[0] != "0" {
        let first = numbers[0];
        return Err(format!(
            "illegal zero-prefixed version component {first:?} in {text:?}"
        ));
    }
    let parse = |n: &&str| {
        n.parse().map_err(|_| {
            let why = format!("strconv.ParseUint: parsing {n:?}: value out of range");
            format!("illegal non-numeric version component {n:?} in {text:?}: {why}")
        })
    };
    numbers.iter().map(parse).collect()
}

impl Object for KubeVersion {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn kind(&self) -> Kind {
        Kind::Struct
    }

    fn type_name(&self) -> &str {
        match self.helm {
            HelmCompat::V3 => "chartutil.KubeVersion",
            HelmCompat::V4 => "common.KubeVersion",
        }
    }

    fn fields(&self) -> Option<Vec<Field>> {
        let mut fields: Vec<Field> = vec![
            ("Version", self.version.as_str().into()),
            ("Major", self.major.as_str().into()),
            ("Minor", self.minor.as_str().into()),
        ];
        if self.helm == HelmCompat::V4 {
            fields.insert(1, ("normalizedVersion", self.normalized.as_str().into()));
        }
        Some(fields)
    }

    fn method(&self, name: &str, args: &[Value]) -> Option<Result<Value, String>> {
        let text = match name {
            "String" => &self.normalized,
            "GitVersion" => &self.version,
            _ => return None,
        };
        self.in_place
            .then(|| check_count(name, args, 0).map(|()| text.as_str().into()))
    }

    fn string(&self) -> Option<Vec<u8>> {
        self.in_place.then(|| self.normalized.clone().into_bytes())
    }

    fn copied(&self) -> Option<Value> {
        self.in_place.then(|| {
            Value::Object(Rc::new(KubeVersion {
                in_place: false,
                ..self.clone()
            }))
        })
    }

    fn json_fields(&self) -> Option<Vec<Field>> {
        let mut fields = self.fields()?;
        fields.retain(|(name, _)| name.starts_with(char::is_uppercase));
        Some(fields)
    }

    fn deep_equal(&self, other: &dyn Object) -> bool {
        let other = other.as_any().downcast_ref::<KubeVersion>();
        other.is_some_and(|other| (self.helm, &self.version) == (other.helm, &other.version))
    }
}

/// The field of [`Capabilities`] that has methods only where it lies.
const KUBE_VERSION: &str = "KubeVersion";

/// The whole of `.Capabilities`.
#[derive(Debug)]
pub(super) struct Capabilities {
    helm: HelmCompat,
    kube_version: Rc<KubeVersion>,
    api_versions: Rc<VersionSet>,
    helm_version: Rc<HelmVersion>,
}

impl Capabilities {
    /// Joins the tables of Helm's client library with what the user adds.
    pub(super) fn new(kube_version: KubeVersion, api_versions: &[String]) -> Capabilities {
        let helm = kube_version.helm;
        let defaults = DEFAULT_API_VERSIONS.iter().map(|v| Str::from(*v));
        let added = api_versions.iter().map(|v| Str::from(v.as_str()));
        Capabilities {
            helm,
            kube_version: Rc::new(kube_version),
            api_versions: Rc::new(VersionSet {
                helm,
                versions: defaults.chain(added).collect(),
            }),
            helm_version: Rc::new(HelmVersion { helm }),
        }
    }
}

impl Object for Capabilities {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn kind(&self) -> Kind {
        Kind::Ptr
    }

    fn type_name(&self) -> &str {
        match self.helm {
            HelmCompat::V3 => "*chartutil.Capabilities",
            HelmCompat::V4 => "*common.Capabilities",
        }
    }

    fn field(&self, name: &str) -> Option<Value> {
        match name {
            KUBE_VERSION => Some(self.kube_version.clone().into()),
            "APIVersions" => Some(self.api_versions.clone().into()),
            "HelmVersion" => Some(self.helm_version.clone().into()),
            _ => None,
        }
    }

    fn method(&self, name: &str, _args: &[Value]) -> Option<Result<Value, String>> {
        (name == "Copy").then(|| {
            Ok(Value::Object(Rc::new(Capabilities {
                helm: self.helm,
                kube_version: self.kube_version.clone(),
                api_versions: self.api_versions.clone(),
                helm_version: self.helm_version.clone(),
            })))
        })
    }

    fn fields(&self) -> Option<Vec<Field>> {
        Some(vec![
            (KUBE_VERSION, self.kube_version.copied()?),
            ("APIVersions", self.api_versions.clone().into()),
            ("HelmVersion", self.helm_version.clone().into()),
        ])
    }

    fn json_fields(&self) -> Option<Vec<Field>> {
        self.fields()
    }

    fn deep_equal(&self, other: &dyn Object) -> bool {
        other
            .as_any()
            .downcast_ref::<Capabilities>()
            .is_some_and(|other| {
                self.kube_version == other.kube_version
                    && self.api_versions.versions == other.api_versions.versions
            })
    }
}

/// `.Capabilities.APIVersions`: a `[]string` with the method `Has`.
#[derive(Debug)]
struct VersionSet {
    helm: HelmCompat,
    versions: Vec<Str>,
}

impl Object for VersionSet {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn kind(&self) -> Kind {
        Kind::Slice
    }

    fn type_name(&self) -> &str {
        match self.helm {
            HelmCompat::V3 => "chartutil.VersionSet",
            HelmCompat::V4 => "common.VersionSet",
        }
    }

    fn method(&self, name: &str, args: &[Value]) -> Option<Result<Value, String>> {
        match (name, args) {
            ("Has", [Value::Str(wanted)]) => Some(Ok(self.versions.contains(wanted).into())),
            ("Has", [other]) => Some(Err(wrong_type("string", other))),
            ("Has", _) => Some(Err(wrong_count(name, 1, args.len()))),
            _ => None,
        }
    }

    fn items(&self) -> Option<Vec<Value>> {
        Some(self.versions.iter().cloned().map(Value::Str).collect())
    }

    fn json(&self) -> Result<Tree, String> {
        Ok(Tree::list(
            self.versions.iter().cloned().map(Tree::Str).collect(),
        ))
    }

    fn deep_equal(&self, other: &dyn Object) -> bool {
        let other = other.as_any().downcast_ref::<VersionSet>();
        other.is_some_and(|other| self.versions == other.versions)
    }
}

/// `.Capabilities.HelmVersion`: what an official build of the compatible release says of itself.
#[derive(Debug)]
struct HelmVersion {
    helm: HelmCompat,
}

impl HelmVersion {
    /// Go field name, JSON name and text; the last only in Helm 4.
    fn rows(&self) -> &'static [(&'static str, &'static str, &'static str)] {
        match self.helm {
            HelmCompat::V3 => &[
                ("Version", "version", "v3.21.4"),
                ("GitCommit", "git_commit", ""),
                ("GitTreeState", "git_tree_state", "clean"),
                ("GoVersion", "go_version", "go1.26.6"),
            ],
            HelmCompat::V4 => &[
                ("Version", "version", "v4.2.4"),
                ("GitCommit", "git_commit", ""),
                ("GitTreeState", "git_tree_state", "clean"),
                ("GoVersion", "go_version", "go1.26.6"),
                ("KubeClientVersion", "kube_client_version", "v1.36"),
            ],
        }
    }
}

impl Object for HelmVersion {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn kind(&self) -> Kind {
        Kind::Struct
    }

    fn type_name(&self) -> &str {
        "version.BuildInfo"
    }

    fn fields(&self) -> Option<Vec<Field>> {
        let fields = self.rows().iter();
        Some(
            fields
                .map(|(name, _, text)| (*name, Value::from(*text)))
                .collect(),
        )
    }

    fn json_fields(&self) -> Option<Vec<Field>> {
        let fields = self.rows().iter().filter(|(_, _, text)| !text.is_empty());
        Some(
            fields
                .map(|(_, name, text)| (*name, Value::from(*text)))
                .collect(),
        )
    }

    fn deep_equal(&self, other: &dyn Object) -> bool {
        let other = other.as_any().downcast_ref::<HelmVersion>();
        other.is_some_and(|other| self.helm == other.helm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str, helm: HelmCompat) -> (String, String, String, String) {
        let v = KubeVersion::parse(text, helm).expect("a version");
        (v.version, v.normalized, v.major, v.minor)
    }

    #[test]
    fn helm_4_keeps_the_suffix_and_helm_3_drops_it() {
        let own = |a: &str, b: &str, c: &str, d: &str| (a.into(), b.into(), c.into(), d.into());
        assert_eq!(
            parts("1.25", HelmCompat::V3),
            own("v1.25", "v1.25", "1", "25")
        );
        let text = "1.25.3-gke.1";
        assert_eq!(
            parts(text, HelmCompat::V3),
            own("v1.25.3", "v1.25.3", "1", "25")
        );
        assert_eq!(
            parts(text, HelmCompat::V4),
            own("v1.25.3-gke.1", "v1.25.3", "1", "25")
        );
        assert_eq!(
            parts("v1.25.", HelmCompat::V4),
            own("v1.25.", "v1.25", "1", "25")
        );
    }

    #[test]
    fn refuses_in_the_words_of_helm() {
        for (text, want) in [
            (
                "abc",
                r#"invalid kube version 'abc': could not parse "abc" as version"#,
            ),
            (
                "1",
                r#"invalid kube version '1': illegal version string "1""#,
            ),
            (
                "",
                r#"invalid kube version '': could not parse "" as version"#,
            ),
            (
                "01.2",
                r#"invalid kube version '01.2': illegal zero-prefixed version component "01" in "01.2""#,
            ),
        ] {
            assert_eq!(
                KubeVersion::parse(text, HelmCompat::V4).expect_err(text),
                want
            );
        }
    }

    #[test]
    fn added_api_versions_follow_the_known_ones() {
        let kube = KubeVersion::parse(DEFAULT_KUBE_VERSION, HelmCompat::V4).expect("a version");
        let caps = Capabilities::new(kube, &["monitoring.coreos.com/v1".to_owned()]);
        let has = |v: &str| caps.api_versions.method("Has", &[v.into()]);
        assert!(matches!(has("apps/v1"), Some(Ok(Value::Bool(true)))));
        assert!(matches!(
            has("monitoring.coreos.com/v1"),
            Some(Ok(Value::Bool(true)))
        ));
        assert!(matches!(
            has("autoscaling/v2beta2"),
            Some(Ok(Value::Bool(false)))
        ));
    }
}
