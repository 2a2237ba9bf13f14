//! Argo CD around the plugin: its container, the Applications that use it, the files that say so.
//!
//! In: manifests of Argo CD as text, a repository, a container's file system. Out: findings, each
//! with the patch that mends it, and Applications for the overlays of a fleet. Nothing here talks
//! to a cluster, and nothing is changed.

mod application;
mod applications;
mod inputs;
mod manifests;
mod parameters;
pub mod paths;
mod plugin_file;
mod sidecar;
mod trees;

use std::fmt;

pub use applications::{Application, Common, applications, write, write_set};
pub use inputs::{Input, annotation, inputs};
pub use manifests::{Surroundings, check_files};
pub use plugin_file::ParseCommand;
pub use sidecar::{Container, check_container};

/// Something about the wiring that is wrong or dear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The object or the file.
    pub subject: String,
    /// What is wrong, and what comes of it.
    pub problem: String,
    /// What mends it: YAML to be merged, or a step to take.
    pub remedy: Remedy,
}

/// What mends a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// A step, in words.
    Step(String),
    /// A merge patch for the object, as YAML.
    Patch(String),
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// What was looked at, and what was not.
    pub notes: Vec<String>,
}

impl Finding {
    fn step(
        subject: impl Into<String>,
        problem: impl Into<String>,
        step: impl Into<String>,
    ) -> Finding {
        Finding {
            subject: subject.into(),
            problem: problem.into(),
            remedy: Remedy::Step(step.into()),
        }
    }

    fn patch(
        subject: impl Into<String>,
        problem: impl Into<String>,
        patch: impl Into<String>,
    ) -> Finding {
        Finding {
            subject: subject.into(),
            problem: problem.into(),
            remedy: Remedy::Patch(patch.into()),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.subject, self.problem)?;
        match &self.remedy {
            Remedy::Step(step) => writeln!(f, "  hint: {step}"),
            Remedy::Patch(patch) => {
                writeln!(f, "  patch:")?;
                patch.lines().try_for_each(|line| writeln!(f, "    {line}"))
            }
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            write!(f, "{finding}")?;
        }
        for note in &self.notes {
            writeln!(f, "note: {note}")?;
        }
        match self.findings.len() {
            0 => writeln!(f, "no findings"),
            1 => writeln!(f, "1 finding"),
            n => writeln!(f, "{n} findings"),
        }
    }
}
