//! Job DSL scripts and JCasC fragments: from directories to ConfigMaps.
