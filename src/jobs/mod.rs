//! Job scripts, JCasC fragments and further objects of an overlay.
//!
//! In: the directories `jobs/`, `casc/` and `manifests/` of bases and overlay, and the chart's
//! output. Out: ConfigMaps for the chart's reload sidecar, with the index that JCasC needs, and the
//! objects. Refused: files of other kinds, texts that Jenkins would trip over, two files of one
//! name in the sidecar's folder.

mod config_map;
mod declared;
mod key;
mod merge;
mod sidecar;
mod sources;
mod template;
mod worker;

pub use config_map::generate;
pub use declared::declare;
pub use merge::check_merge;
pub use sidecar::{Sidecar, check_folder};
pub use sources::{Kind, Rank, Source, Sources, read};
pub use template::Context;
pub use worker::{ARGUMENT, isolate, serve};

use crate::diag::Diagnostic;
use crate::manifest::{self, Document, codec};
use crate::value::Tree;

/// Checks that each JCasC fragment is one YAML document with a mapping in it.
///
/// # Errors
///
/// Points at what is not: JCasC would refuse the whole configuration, at boot too.
pub fn check_fragments(casc: &Sources) -> Result<(), Box<Diagnostic>> {
    for source in casc.values() {
        let fragment = codec::read_file(&source.text, &source.file)?;
        if fragment.as_map().is_none() {
            let problem = match fragment {
                Tree::Null => "the fragment is empty",
                _ => "the fragment is not a mapping",
            };
            let problem = Diagnostic::error(problem).in_file(&source.file);
            return Err(Box::new(problem.hint(
                "write root keys of JCasC, such as `jenkins:` or `unclassified:`",
            )));
        }
    }
    Ok(())
}

/// Makes documents of the files under `manifests/`.
///
/// # Errors
///
/// Points at the first document that is not an object, or names a file without any.
pub fn objects(manifests: &Sources, overlay: &str) -> Result<Vec<Document>, Box<Diagnostic>> {
    let mut documents = Vec::new();
    for (path, source) in manifests {
        let name = format!("{overlay}/{}/{path}", Kind::Manifests.directory());
        let mut found = manifest::split_file(&source.text, &source.file, &name)?;
        if found.is_empty() {
            let problem = Diagnostic::error("the file holds no object");
            return Err(Box::new(problem.in_file(&source.file)));
        }
        documents.append(&mut found);
    }
    Ok(documents)
}
