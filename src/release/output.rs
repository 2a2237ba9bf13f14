//! What `helm template` prints: the stream, `--show-only`, and the files of `--output-dir`.

use crate::files::pattern::Pattern;
use crate::funcs::paths;
use crate::helm::{HelmCompat, LogLine};
use crate::value::unicode::trim_space;
use crate::value::{Str, Tree};

use super::split;

/// One document of a release with the identifier of the file it comes from.
#[derive(Clone, Debug)]
pub struct Document {
    /// The path that the `# Source:` line names.
    pub source: String,
    /// `kind`, as far as the document says.
    pub kind: String,
    /// The text as rendered, trimmed as Helm trims it.
    pub text: Str,
    /// The data, if it was asked for; never that of a CRD.
    pub object: Option<Tree>,
}

/// A rendered release, in Helm's order.
#[derive(Clone, Debug)]
pub struct Rendered {
    pub(crate) helm: HelmCompat,
    /// The files below `crds/`, if they were asked for.
    pub crds: Vec<Document>,
    /// The objects of the release.
    pub manifests: Vec<Document>,
    /// The hooks, after the objects.
    pub hooks: Vec<Document>,
    /// What Helm would log on standard error.
    pub log: Vec<LogLine>,
}

impl Rendered {
    /// The bytes that `helm template` prints.
    ///
    /// The objects are trimmed as a whole; hooks are not. A release without objects begins with
    /// an empty line.
    pub fn stream(&self) -> Vec<u8> {
        let objects = self.crds.iter().chain(&self.manifests);
        let size = |d: &Document| d.source.len() + d.text.len() + 16;
        let total = objects.clone().chain(&self.hooks).map(size).sum();
        let mut out = Vec::with_capacity(total);
        for document in objects {
            write_document(&mut out, document);
        }
        let trimmed = trim_space(&out).len();
        // The stream starts with `---`, so only its end can be blank.
        out.truncate(trimmed);
        out.push(b'\n');
        for document in &self.hooks {
            write_document(&mut out, document);
        }
        out
    }

    /// The documents whose path below the chart matches one of `patterns`, in the order of the
    /// patterns (`--show-only`).
    ///
    /// # Errors
    ///
    /// The first pattern that matches nothing.
    pub fn show_only(&self, patterns: &[String]) -> Result<Vec<u8>, String> {
        let stream = self.stream();
        let pieces = split::split(&stream, self.helm);
        let mut out = Vec::new();
        for pattern in patterns {
            let mut hit = false;
            let compiled = Pattern::new(pattern);
            for piece in &pieces {
                let Some(path) = source_below_chart(piece) else {
                    continue;
                };
                if compiled.matches(&path) == Ok(true) {
                    hit = true;
                    out.extend_from_slice(b"---\n");
                    out.extend_from_slice(piece);
                    out.push(b'\n');
                }
            }
            if !hit {
                return Err(format!("could not find template {pattern} in chart"));
            }
        }
        Ok(out)
    }

    /// The files that `--output-dir` asks for, and the messages about them for standard output.
    ///
    /// Documents of one source are joined in one file; CRDs do not follow `release_name`.
    pub fn files(&self, directory: &str, release_name: Option<&str>) -> OutputFiles {
        let below_release = match release_name {
            Some(name) => {
                let joined = paths::cleaned(format!("{directory}/{name}").as_bytes());
                String::from_utf8_lossy(&joined).into_owned()
            }
            None => directory.to_owned(),
        };
        let mut out = OutputFiles::default();
        for document in &self.crds {
            out.add(directory, document);
        }
        for document in &self.manifests {
            out.add(&below_release, document);
        }
        for document in &self.hooks {
            out.add(&below_release, document);
        }
        out
    }
}

/// Files to write, in order, and what to say of them.
#[derive(Debug, Default)]
pub struct OutputFiles {
    /// Path and whole content of each file.
    pub files: Vec<(String, Vec<u8>)>,
    /// `wrote …` lines for standard output.
    pub messages: Vec<u8>,
}

impl OutputFiles {
    fn add(&mut self, directory: &str, document: &Document) {
        let path = format!("{directory}/{}", document.source);
        self.messages.extend_from_slice(b"wrote ");
        self.messages.extend_from_slice(path.as_bytes());
        self.messages.push(b'\n');
        let at = match self.files.iter().position(|(known, _)| *known == path) {
            Some(at) => at,
            None => {
                self.files.push((path, Vec::new()));
                self.files.len() - 1
            }
        };
        write_document(&mut self.files[at].1, document);
    }
}

fn write_document(out: &mut Vec<u8>, document: &Document) {
    out.extend_from_slice(b"---\n# Source: ");
    out.extend_from_slice(document.source.as_bytes());
    out.push(b'\n');
    out.extend_from_slice(&document.text);
    out.push(b'\n');
}

/// What the first `# Source: CHART/PATH` of a piece names as PATH.
fn source_below_chart(piece: &[u8]) -> Option<String> {
    const MARK: &[u8] = b"# Source: ";
    memchr::memmem::find_iter(piece, MARK).find_map(|at| {
        let rest = &piece[at + MARK.len()..];
        let line = rest.split(|b| *b == b'\n').next().unwrap_or_default();
        // The chart's name may run over line ends in the pattern, a path may not.
        let slash = rest
            .iter()
            .position(|b| *b == b'/')
            .filter(|slash| *slash > 0)?;
        let path = if slash < line.len() {
            &line[slash + 1..]
        } else {
            rest[slash + 1..]
                .split(|b| *b == b'\n')
                .next()
                .unwrap_or_default()
        };
        (!path.is_empty()).then(|| String::from_utf8_lossy(path).into_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(source: &str, text: &str) -> Document {
        Document {
            source: source.into(),
            kind: String::new(),
            text: text.into(),
            object: None,
        }
    }

    fn rendered(helm: HelmCompat) -> Rendered {
        let end = if helm == HelmCompat::V4 { "\n" } else { "" };
        Rendered {
            helm,
            crds: vec![],
            manifests: vec![
                document("c/templates/a.yaml", &format!("kind: A{end}")),
                document("c/templates/a.yaml", &format!("kind: A2{end}")),
                document("c/charts/s1/templates/t.yaml", &format!("kind: S1{end}")),
            ],
            hooks: vec![document("c/templates/h.yaml", &format!("kind: H{end}"))],
            log: vec![],
        }
    }

    #[test]
    fn helm_4_leaves_blank_lines_between_documents() {
        let text = String::from_utf8(rendered(HelmCompat::V4).stream()).expect("text");
        assert_eq!(
            text,
            "---\n# Source: c/templates/a.yaml\nkind: A\n\n---\n# Source: c/templates/a.yaml\n\
             kind: A2\n\n---\n# Source: c/charts/s1/templates/t.yaml\nkind: S1\n---\n\
             # Source: c/templates/h.yaml\nkind: H\n\n"
        );
    }

    #[test]
    fn nothing_is_one_line_end() {
        let empty = Rendered {
            manifests: vec![],
            hooks: vec![],
            ..rendered(HelmCompat::V4)
        };
        assert_eq!(empty.stream(), b"\n");
    }

    #[test]
    fn shows_what_was_asked_for_in_that_order() {
        let patterns = [
            "charts/s1/templates/t.yaml".to_owned(),
            "templates/h*".to_owned(),
        ];
        let shown = rendered(HelmCompat::V3)
            .show_only(&patterns)
            .expect("both match");
        let text = String::from_utf8(shown).expect("text");
        assert_eq!(
            text,
            "---\n# Source: c/charts/s1/templates/t.yaml\nkind: S1\n---\n\
             # Source: c/templates/h.yaml\nkind: H\n"
        );
        let missing = rendered(HelmCompat::V3).show_only(&["./templates/a.yaml".to_owned()]);
        assert_eq!(
            missing.expect_err("no match"),
            "could not find template ./templates/a.yaml in chart"
        );
    }

    #[test]
    fn joins_the_documents_of_one_file() {
        let out = rendered(HelmCompat::V3).files("d", Some("r"));
        let paths: Vec<_> = out.files.iter().map(|(path, _)| path).collect();
        assert_eq!(
            paths,
            [
                "d/r/c/templates/a.yaml",
                "d/r/c/charts/s1/templates/t.yaml",
                "d/r/c/templates/h.yaml"
            ]
        );
        let messages = String::from_utf8(out.messages).expect("text");
        assert!(
            messages.starts_with("wrote d/r/c/templates/a.yaml\nwrote d/r/c/templates/a.yaml\n")
        );
        assert!(messages.ends_with("\nwrote d/r/c/templates/h.yaml\n"));
    }
}
