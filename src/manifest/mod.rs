//! Kubernetes objects as documents of a YAML stream: identity and lists.
