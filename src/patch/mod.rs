//! kustomize-style patches on manifests.
