//! The order in which Helm prints objects: by kind, then as written (`releaseutil.InstallOrder`).

use crate::helm::HelmCompat;

const INSTALL_ORDER: [&str; 38] = [
    "PriorityClass",
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// Sorts `items` by the rank of their kind, stably; unknown kinds come last, by name.
///
/// The two webhook kinds have a rank in Helm 4 only.
pub(super) fn sort_by_kind<T>(items: &mut [T], helm: HelmCompat, kind: impl Fn(&T) -> &str) {
    let known = match helm {
        HelmCompat::V3 => &INSTALL_ORDER[..36],
        HelmCompat::V4 => &INSTALL_ORDER[..],
    };
    let rank = |kind: &str| known.iter().position(|k| *k == kind).unwrap_or(known.len());
    items.sort_by(|a, b| {
        let (a, b) = (kind(a), kind(b));
        match (rank(a), rank(b)) {
            (x, y) if x == y && x == known.len() => a.cmp(b),
            (x, y) => x.cmp(&y),
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_kinds_first_then_unknown_by_name() {
        let mut kinds = [
            "deployment",
            "Zed",
            "List",
            "",
            "ValidatingWebhookConfiguration",
            "Ingress",
            "Secret",
        ];
        sort_by_kind(&mut kinds, HelmCompat::V4, |k| k);
        assert_eq!(
            kinds,
            [
                "Secret",
                "Ingress",
                "ValidatingWebhookConfiguration",
                "",
                "List",
                "Zed",
                "deployment"
            ]
        );
        sort_by_kind(&mut kinds, HelmCompat::V3, |k| k);
        assert_eq!(
            kinds,
            [
                "Secret",
                "Ingress",
                "",
                "List",
                "ValidatingWebhookConfiguration",
                "Zed",
                "deployment"
            ]
        );
    }

    #[test]
    fn the_same_kind_keeps_its_order() {
        let mut items = [("Secret", 2), ("Secret", 1), ("Namespace", 3)];
        sort_by_kind(&mut items, HelmCompat::V4, |i| i.0);
        assert_eq!(items, [("Namespace", 3), ("Secret", 2), ("Secret", 1)]);
    }
}
