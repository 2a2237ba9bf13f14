//! The lock file: which archive each chart of the settings is.
//!
//! In: `jenkins-cmp.lock` of a fleet. Out: the archive that a name, a version or range, and a
//! repository stand for; the file's text. Refused: unknown keys, digests that are none, two
//! entries for the same.

use serde::{Deserialize, Serialize};

use super::chart::is_part_of_file_name;
use super::discover::Place;
use super::repository::{ancestors, join};
use crate::diag::{Diagnostic, unknown_key};
use crate::fetch::{Pin, Wanted};
use crate::store::Digest;

/// The name of the lock file.
pub const LOCK_FILE: &str = "jenkins-cmp.lock";

/// What a lock file says, in the order of its entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lock {
    entries: Vec<Entry>,
}

/// A version or range as settings have it, and its archive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The archive.
    pub pin: Pin,
    /// What settings write as the version.
    pub wanted: String,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    charts: Vec<Line>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Line {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<String>,
    version: String,
    repository: String,
    sha256: String,
}

impl Lock {
    /// Reads the lock file that counts for `place`; an absent one is empty.
    ///
    /// # Errors
    ///
    /// The file is no lock file.
    pub fn read(place: &Place) -> Result<Lock, Box<Diagnostic>> {
        let file = lock_file(place);
        match place.repository.read(&file)? {
            Some(text) => Lock::parse(&text, &file),
            None => Ok(Lock::default()),
        }
    }

    /// Reads the text of a lock file, which messages call `file`.
    ///
    /// # Errors
    ///
    /// The text is no lock file.
    ///
    /// ```
    /// use jenkins_cmp::app::Lock;
    ///
    /// let text = "charts:\n- name: c\n  version: 1.0.0\n  repository: https://r.example\n  sha256: ab\n";
    /// let error = Lock::parse(text, "jenkins-cmp.lock").unwrap_err();
    /// assert_eq!(error.to_string(), "jenkins-cmp.lock: `ab` is no SHA-256");
    /// ```
    pub fn parse(text: &str, file: &str) -> Result<Lock, Box<Diagnostic>> {
        let read: Option<File> = serde_yaml::from_str(text).map_err(|e| {
            let problem = unknown_key(&e.to_string());
            match e.location() {
                Some(at) => problem.at(file, at.line(), at.column(), text),
                None => problem.in_file(file),
            }
        })?;
        let mut lock = Lock::default();
        for line in read.unwrap_or_default().charts {
            let refused = |why: String| Box::new(Diagnostic::error(why).in_file(file));
            let sha256 = Digest::parse(&line.sha256)
                .ok_or_else(|| refused(format!("`{}` is no SHA-256", line.sha256)))?;
            for text in [&line.name, &line.version] {
                if !is_part_of_file_name(text) {
                    return Err(refused(format!(
                        "`{text}` is no name or version of a chart"
                    )));
                }
            }
            let entry = Entry {
                wanted: line.range.unwrap_or_else(|| line.version.clone()),
                pin: Pin {
                    name: line.name,
                    version: line.version,
                    repository: line.repository,
                    sha256,
                },
            };
            if lock.position(&entry.wanted()).is_some() {
                return Err(refused(format!(
                    "`{}` {} is locked twice",
                    entry.pin.name, entry.wanted
                )));
            }
            lock.entries.push(entry);
        }
        Ok(lock)
    }

    /// The entries.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Finds the archive that settings stand for.
    pub fn find(&self, wanted: &Wanted) -> Option<&Pin> {
        Some(&self.entries[self.position(wanted)?].pin)
    }

    /// Adds an entry, in place of the one for the same wish.
    pub fn set(&mut self, entry: Entry) {
        match self.position(&entry.wanted()) {
            Some(at) => self.entries[at] = entry,
            None => self.entries.push(entry),
        }
    }

    /// The text of the lock file, the same for the same entries.
    pub fn to_text(&self) -> String {
        let mut entries: Vec<&Entry> = self.entries.iter().collect();
        entries.sort();
        let charts = entries.into_iter().map(|entry| Line {
            name: entry.pin.name.clone(),
            range: Some(entry.wanted.clone()).filter(|wanted| *wanted != entry.pin.version),
            version: entry.pin.version.clone(),
            repository: entry.pin.repository.clone(),
            sha256: entry.pin.sha256.to_string(),
        });
        let file = File {
            charts: charts.collect(),
        };
        let body = serde_yaml::to_string(&file).expect("a list of texts has a YAML form");
        format!("# Written by `jenkins-cmp chart lock` and `chart update`.\n{body}")
    }

    fn position(&self, wanted: &Wanted) -> Option<usize> {
        self.entries.iter().position(|entry| entry.answers(wanted))
    }
}

impl Entry {
    /// The wish that it answers.
    pub fn wanted(&self) -> Wanted {
        Wanted {
            version: self.wanted.clone(),
            ..self.pin.wanted()
        }
    }

    fn answers(&self, wanted: &Wanted) -> bool {
        let Pin {
            name, repository, ..
        } = &self.pin;
        (name, repository, &self.wanted) == (&wanted.name, &wanted.repository, &wanted.version)
    }
}

/// Where the lock file of `place` is: in the fleet's root; without a fleet beside the nearest
/// `base/`, `charts/` or lock file above the overlay, or else at the top of the repository.
pub fn lock_file(place: &Place) -> String {
    if let Some(fleet) = &place.fleet {
        return join(fleet, LOCK_FILE);
    }
    let repository = &place.repository;
    let has = |above: &&str| {
        repository.is_file(&join(above, LOCK_FILE))
            || ["base", "charts"]
                .iter()
                .any(|name| repository.is_dir(&join(above, name)))
    };
    let above = ancestors(&place.overlay).find(has).unwrap_or_default();
    join(above, LOCK_FILE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(wanted: &str, version: &str) -> Entry {
        Entry {
            wanted: wanted.to_owned(),
            pin: Pin {
                name: "jenkins".to_owned(),
                version: version.to_owned(),
                repository: "https://r.example".to_owned(),
                sha256: Digest::of(version.as_bytes()),
            },
        }
    }

    #[test]
    fn a_range_keeps_its_own_archive() {
        let mut lock = Lock::default();
        lock.set(entry("^5.8", "5.8.1"));
        lock.set(entry("5.9.0", "5.9.0"));
        let text = lock.to_text();
        let lock = Lock::parse(&text, LOCK_FILE).unwrap();
        assert_eq!(lock.to_text(), text);
        let find = |version: &str| {
            let wanted = Wanted {
                name: "jenkins".to_owned(),
                repository: "https://r.example".to_owned(),
                version: version.to_owned(),
            };
            lock.find(&wanted).map(|pin| pin.version.as_str())
        };
        assert_eq!(find("^5.8"), Some("5.8.1"));
        assert_eq!(find("5.9.0"), Some("5.9.0"));
        assert_eq!(find("5.8.1"), None);
    }

    #[test]
    fn wrong_lock_files_are_refused() {
        let good = Lock::default();
        assert_eq!(Lock::parse("", LOCK_FILE).unwrap(), good);
        let line = "- {name: c, version: 1.0.0, repository: r, sha256: X}\n";
        let line = line.replace('X', &Digest::of(b"").to_string());
        assert!(Lock::parse(&format!("charts:\n{line}"), LOCK_FILE).is_ok());
        for text in [
            "charts: 1".to_owned(),
            "chart: []".to_owned(),
            "charts:\n- {name: c}".to_owned(),
            format!("charts:\n{line}{line}"),
            format!("charts:\n{}", line.replace("name: c", "name: ../c")),
            format!("charts:\n{}", line.replace("1.0.0", "1/../../x")),
            format!("charts:\n{}", line.replace("name", "nam")),
        ] {
            assert!(Lock::parse(&text, LOCK_FILE).is_err(), "{text}");
        }
    }
}
