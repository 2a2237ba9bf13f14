//! YAML as Helm reads and writes it: the YAML 1.1 engine of go-yaml v2, byte for byte.
