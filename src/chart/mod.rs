//! Charts: metadata, loading from a directory or an archive, subcharts.
