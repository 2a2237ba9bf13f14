//! `argocd.argoproj.io/manifest-generate-paths` as repo-server reads it.
//!
//! In: the annotation and the Application's path. Out: which files make Argo CD render again, and
//! which directory is sent to the plugin.

use crate::files::Pattern;

/// The annotation's name.
pub const ANNOTATION: &str = "argocd.argoproj.io/manifest-generate-paths";

/// One entry of the annotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// As it is written.
    pub text: String,
    /// From the top of the repository.
    pub path: String,
}

/// Reads an annotation on an Application at `application`, a path from the top of the repository.
///
/// ```
/// use jenkins_cmp::wiring::paths;
///
/// let entries = paths::entries("/jenkins/base;.;../shared", "jenkins/overlays/a");
/// let paths: Vec<&str> = entries.iter().map(|entry| &*entry.path).collect();
/// assert_eq!(paths, ["jenkins/base", "jenkins/overlays/a", "jenkins/overlays/shared"]);
/// ```
pub fn entries(annotation: &str, application: &str) -> Vec<Entry> {
    let entry = |text: &str| Entry {
        text: text.to_owned(),
        path: match text.strip_prefix('/') {
            Some(absolute) => clean(absolute),
            None => clean(&format!("{application}/{text}")),
        },
    };
    let texts = annotation.split(';').filter(|text| !text.is_empty());
    texts.map(entry).collect()
}

/// The directory that repo-server sends where `reposerver.plugin.use.manifest.generate.paths` is
/// on.
///
/// Meant is the common ancestor of all entries. But once one entry has left the path so far, a
/// later one that is broader than what is left does not count any more; an annotation with its
/// broadest entries first is safe.
pub fn sent<'e>(application: &str, entries: impl IntoIterator<Item = &'e Entry>) -> String {
    let mut entries = entries.into_iter().peekable();
    if entries.peek().is_none() {
        return String::new();
    }
    let mut common: Vec<&str> = parts(application).collect();
    let mut has_left = false;
    for entry in entries {
        let equal = common
            .iter()
            .zip(parts(&entry.path))
            .take_while(|(a, b)| **a == *b)
            .count();
        let length = parts(&entry.path).count();
        if equal < common.len().min(length) {
            common.truncate(equal);
            has_left = true;
        } else if !has_left {
            common.truncate(length);
        }
    }
    common.join("/")
}

/// Says whether a change of what is at `path` makes Argo CD render again.
pub fn covers(entry: &Entry, path: &str, is_directory: bool) -> bool {
    if is_below(path, &entry.path) {
        return true;
    }
    let glob = Pattern::new(&entry.path);
    !is_directory && glob.matches(path) == Ok(true)
}

/// Says whether `path` is `directory` or below it.
pub fn is_below(path: &str, directory: &str) -> bool {
    directory.is_empty()
        || path
            .strip_prefix(directory)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The number of directories above and including the last part.
pub(super) fn depth(path: &str) -> usize {
    parts(path).count()
}

fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|part| !part.is_empty())
}

/// Takes out `.` and `..`; what would climb over the top stays there, as in repo-server.
pub(super) fn clean(path: &str) -> String {
    let mut out: Vec<&str> = Vec::new();
    for part in parts(path) {
        match part {
            "." => {}
            ".." => {
                out.pop();
            }
            name => out.push(name),
        }
    }
    out.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded from `getApplicationRootPath` of Argo CD 3.2.12: annotations on an Application at
    /// `jenkins/overlays/prod`, and the directory sent.
    const RECORDED: &str = include_str!("../../testdata/wiring/sent.tsv");

    #[test]
    fn the_directory_sent_is_argo_cds() {
        let application = "jenkins/overlays/prod";
        for line in RECORDED.lines() {
            let (annotation, directory) = line.split_once('\t').unwrap();
            let entries = entries(annotation, application);
            assert_eq!(sent(application, &entries), directory, "{annotation:?}");
        }
    }

    #[test]
    fn files_are_covered_by_prefix_and_glob_directories_by_prefix() {
        let [base, glob] = ["/a/base", "/a/*.yaml"].map(|text| entries(text, "x").remove(0));
        assert!(covers(&base, "a/base", true));
        assert!(covers(&base, "a/base/jobs/x.groovy", false));
        assert!(!covers(&base, "a/base2", true));
        assert!(covers(&glob, "a/jenkins-cmp.yaml", false));
        assert!(!covers(&glob, "a/b/jenkins-cmp.yaml", false));
        assert!(!covers(&glob, "a/x.yaml", true));
    }
}
