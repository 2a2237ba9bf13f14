//! The integration tests, one file for each subject.

mod tidy;
