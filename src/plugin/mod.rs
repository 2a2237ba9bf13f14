//! The Argo CD contract: environment variables and parameters.
