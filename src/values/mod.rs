//! Values: files, merging, `--set`, coalescing with chart defaults, schemas.
