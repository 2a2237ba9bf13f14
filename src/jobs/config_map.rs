//! The ConfigMaps: which file goes into which, under which key, and the index of the scripts.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::key;
use super::sidecar::Sidecar;
use super::sources::{Kind, Source, Sources};
use crate::app::is_subdomain;
use crate::app::settings::{CascSettings, JobsSettings};
use crate::diag::{self, Diagnostic};
use crate::limits::{CONFIG_MAP_FULL_BYTES, MAX_CONFIG_MAP_BYTES, SERVER_SIDE_APPLY_BYTES};
use crate::manifest::Document;
use crate::value::json::{self, Options};
use crate::value::{Str, Tree, TreeMap};
use crate::yaml;

/// The key of the index when nothing gives one.
const INDEX_KEY: &str = "jobs.yaml";

/// Most digits of a part's name.
const MAX_BITS: usize = 48;

/// The endings that JCasC reads.
pub(super) const YAML_ENDINGS: [&str; 4] = [".yaml", ".yml", ".YAML", ".YML"];

/// Lays scripts, their index and fragments out as ConfigMaps for the sidecar.
///
/// Scripts and index share a ConfigMap while they fit, so that one event of the sidecar brings
/// them all. What does not fit is split by the hashes of paths, the scripts with an earlier sync
/// wave than their index.
///
/// # Errors
///
/// Names or keys that Kubernetes or JCasC would not take, a script that no ConfigMap can hold.
pub fn generate(
    jobs: &Sources,
    casc: &Sources,
    sidecar: &Sidecar,
    settings: (&JobsSettings, &CascSettings),
    overlay: &str,
) -> Result<Vec<Document>, Box<Diagnostic>> {
    let (jobs_settings, casc_settings) = settings;
    let mut parts = Vec::new();
    if !jobs.is_empty() {
        let entries = entries(jobs, &jobs_settings.keys, Kind::Jobs)?;
        scripts(&mut parts, entries, sidecar, jobs_settings)?;
    }
    if !casc.is_empty() {
        let entries = entries(casc, &casc_settings.keys, Kind::Casc)?;
        let name = name(&casc_settings.config_map, sidecar, "casc")?;
        for (name, entries) in distribute(&name, entries, 0) {
            add(&mut parts, &name, Kind::Casc, entries)?;
        }
    }
    parts
        .into_iter()
        .map(|part| part.document(sidecar, overlay))
        .collect()
}

/// A file with its key.
struct Entry<'s> {
    key: String,
    /// Whether the settings give the key.
    is_given: bool,
    path: &'s str,
    source: &'s Source,
}

/// A ConfigMap in the making.
struct Part {
    name: String,
    kind: Kind,
    data: TreeMap,
    n_bytes: usize,
    is_early: bool,
    notes: Vec<String>,
}

impl Part {
    fn new(name: &str, kind: Kind) -> Part {
        Part {
            name: name.to_owned(),
            kind,
            data: TreeMap::new(),
            n_bytes: 0,
            is_early: false,
            notes: Vec::new(),
        }
    }

    fn insert(&mut self, key: &str, text: &str) -> Result<(), Box<Diagnostic>> {
        self.n_bytes += text.len();
        if self.data.insert(Str::from(key), Tree::str(text)).is_some() {
            return Err(Box::new(Diagnostic::error(format!(
                "the ConfigMap `{}` would get the key `{key}` twice",
                self.name
            ))));
        }
        if self.n_bytes > MAX_CONFIG_MAP_BYTES {
            return Err(Box::new(
                Diagnostic::error(format!(
                    "the ConfigMap `{}` would hold more than {MAX_CONFIG_MAP_BYTES} bytes",
                    self.name
                ))
                .hint("Kubernetes takes no more; split the file, or choose another ConfigMap"),
            ));
        }
        Ok(())
    }

    fn document(self, sidecar: &Sidecar, overlay: &str) -> Result<Document, Box<Diagnostic>> {
        let source = format!("{overlay}/{}", self.kind.directory());
        let mut annotations = TreeMap::new();
        if self.is_early {
            annotations.insert("argocd.argoproj.io/sync-wave".into(), Tree::str("-1"));
        }
        let object = |annotations: &TreeMap| {
            let mut metadata = map([
                ("name", Tree::str(self.name.as_str())),
                ("namespace", Tree::str(sidecar.namespace.as_str())),
                (
                    "labels",
                    Tree::map(map([(
                        sidecar.label.as_str(),
                        Tree::str(sidecar.label_value.as_str()),
                    )])),
                ),
            ]);
            if !annotations.is_empty() {
                metadata.insert("annotations".into(), Tree::map(annotations.clone()));
            }
            Tree::map(map([
                ("apiVersion", Tree::str("v1")),
                ("kind", Tree::str("ConfigMap")),
                ("metadata", Tree::map(metadata)),
                ("data", Tree::map(self.data.clone())),
            ]))
        };
        let options = Options {
            escape_html: true,
            indent: false,
        };
        let plain = object(&annotations);
        let json = json::encode_tree(&plain, options)
            .map_err(|e| Diagnostic::error(format!("the ConfigMap `{}`: {e}", self.name)))?;
        if json.len() <= SERVER_SIDE_APPLY_BYTES {
            return Ok(Document::from_object(&source, &self.notes, plain));
        }
        // Client-side apply would keep the whole object in an annotation, which has no room.
        annotations.insert(
            "argocd.argoproj.io/sync-options".into(),
            Tree::str("ServerSideApply=true"),
        );
        Ok(Document::from_object(
            &source,
            &self.notes,
            object(&annotations),
        ))
    }
}

/// Adds the parts for the scripts and their index.
fn scripts(
    parts: &mut Vec<Part>,
    entries: Vec<Entry<'_>>,
    sidecar: &Sidecar,
    settings: &JobsSettings,
) -> Result<(), Box<Diagnostic>> {
    let scripts_name = name(&settings.config_map, sidecar, "jobs")?;
    let index_name = match &settings.index.config_map {
        Some(_) => name(&settings.index.config_map, sidecar, "jobs")?,
        None => scripts_name.clone(),
    };
    let index_key = settings.index.key.as_deref().unwrap_or(INDEX_KEY);
    check_key(index_key, Kind::Casc).map_err(|e| e.context("`jobs.index.key`"))?;

    let is_shared = index_name == scripts_name;
    let reserved = if is_shared {
        // The index repeats the keys.
        let longest = sidecar.path(&scripts_name, "").len() + 32;
        entries.iter().map(|entry| entry.key.len() + longest).sum()
    } else {
        0
    };
    let waves = settings.sync_waves.unwrap_or(true) && !sidecar.sleeps;
    let mut paths = BTreeMap::new();
    for (name, entries) in distribute(&scripts_name, entries, reserved) {
        for entry in &entries {
            let order = (entry.source.rank, entry.path.to_owned());
            paths.insert(order, sidecar.path(&name, &entry.key));
        }
        let is_early = waves && name != index_name;
        add(parts, &name, Kind::Jobs, entries)?.is_early = is_early;
    }
    let index = index(paths.values());
    part(parts, &index_name, Kind::Jobs).insert(index_key, &index)
}

/// The JCasC fragment that lists the scripts, by rank and then in byte order of their paths.
fn index<'p>(paths: impl Iterator<Item = &'p String>) -> String {
    let mut text = "jobs:\n".to_owned();
    for path in paths {
        text.push_str("  - file: ");
        text.push_str(&yaml::write(&Tree::str(path.as_str())));
    }
    text
}

/// Gives each file its key.
fn entries<'s>(
    sources: &'s Sources,
    keys: &BTreeMap<String, String>,
    kind: Kind,
) -> Result<Vec<Entry<'s>>, Box<Diagnostic>> {
    let directory = kind.directory();
    if let Some(unknown) = keys.keys().find(|path| !sources.contains_key(*path)) {
        let known: Vec<&str> = sources.keys().map(String::as_str).collect();
        let problem = Diagnostic::error(format!("`{directory}.keys`: there is no `{unknown}`"));
        return Err(Box::new(match diag::nearest(unknown, &known) {
            Some(path) => problem.hint(format!("did you mean `{path}`?")),
            None => problem,
        }));
    }
    sources
        .iter()
        .map(|(path, source)| {
            let given = keys.get(path).cloned();
            let is_given = given.is_some();
            let key = given.unwrap_or_else(|| key::from_path(path));
            check_key(&key, kind).map_err(|e| e.in_file(&source.file))?;
            Ok(Entry {
                key,
                is_given,
                path,
                source,
            })
        })
        .collect()
}

/// Cuts entries into ConfigMaps: one called `name` if they fit beside `reserved` bytes, else
/// `name-0`, `name-1`, or `name-10`, `name-11` where `name-1` would be too full, and so on.
///
/// The digits are the first bits of the hash of a file's path. So a file that comes, goes or grows
/// touches its own ConfigMap only, until that has to be cut in two. The keys start with the digits
/// too: the sidecar deletes a file when its key leaves a ConfigMap, even if another one has that
/// key by then, so what moves needs a new name.
fn distribute<'s>(
    name: &str,
    mut entries: Vec<Entry<'s>>,
    reserved: usize,
) -> Vec<(String, Vec<Entry<'s>>)> {
    let size = |entries: &[Entry<'_>]| -> usize {
        entries.iter().map(|entry| entry.source.text.len()).sum()
    };
    if size(&entries) + reserved <= CONFIG_MAP_FULL_BYTES {
        return vec![(name.to_owned(), entries)];
    }
    entries.sort_by_cached_key(|entry| place(entry.path));
    let mut parts = Vec::new();
    let mut open = vec![(String::new(), entries)];
    while let Some((bits, mut group)) = open.pop() {
        let is_last = group.len() <= 1 || bits.len() == MAX_BITS;
        if bits.is_empty() || (!is_last && size(&group) > CONFIG_MAP_FULL_BYTES) {
            let mask = 1 << (u64::BITS as usize - 1 - bits.len());
            let at = group.partition_point(|entry| place(entry.path) & mask == 0);
            let ones = group.split_off(at);
            open.push((format!("{bits}1"), ones));
            open.push((format!("{bits}0"), group));
        } else if !group.is_empty() {
            for entry in group.iter_mut().filter(|entry| !entry.is_given) {
                entry.key = key::of_part(&bits, &entry.key);
            }
            group.sort_unstable_by_key(|entry| entry.path);
            parts.push((format!("{name}-{bits}"), group));
        }
    }
    parts
}

/// Where a file belongs among the ConfigMaps.
fn place(path: &str) -> u64 {
    let hash = Sha256::digest(path.as_bytes());
    hash.iter()
        .take(8)
        .fold(0, |place, byte| place << 8 | u64::from(*byte))
}

fn add<'p>(
    parts: &'p mut Vec<Part>,
    name: &str,
    kind: Kind,
    entries: Vec<Entry<'_>>,
) -> Result<&'p mut Part, Box<Diagnostic>> {
    let part = part(parts, name, kind);
    for entry in entries {
        check_key(&entry.key, kind).map_err(|e| e.in_file(&entry.source.file))?;
        let text = &entry.source.text;
        part.insert(&entry.key, text)
            .map_err(|e| Box::new(e.in_file(&entry.source.file)))?;
        if kind == Kind::Jobs {
            let (directory, path) = (kind.directory(), entry.path);
            let hash = hash(text);
            part.notes.push(format!("hash {hash}: {directory}/{path}"));
        }
    }
    Ok(part)
}

fn part<'p>(parts: &'p mut Vec<Part>, name: &str, kind: Kind) -> &'p mut Part {
    let at = match parts.iter().position(|part| part.name == name) {
        Some(at) => at,
        None => {
            parts.push(Part::new(name, kind));
            parts.len() - 1
        }
    };
    &mut parts[at]
}

fn name(
    given: &Option<String>,
    sidecar: &Sidecar,
    suffix: &str,
) -> Result<String, Box<Diagnostic>> {
    let name = match given {
        Some(name) => name.clone(),
        None => format!("{}-{suffix}", sidecar.workload),
    };
    // Room for the digits of a part.
    if is_subdomain(&name) && name.len() <= 200 {
        return Ok(name);
    }
    Err(Box::new(Diagnostic::error(format!(
        "`{name}` is no name for a ConfigMap"
    ))))
}

/// Refuses keys that Kubernetes, the sidecar or JCasC would misunderstand.
fn check_key(key: &str, kind: Kind) -> Result<(), Box<Diagnostic>> {
    key::check(key)?;
    let is_yaml = YAML_ENDINGS.iter().any(|ending| key.ends_with(ending));
    match kind {
        Kind::Jobs if is_yaml => Err(Box::new(Diagnostic::error(format!(
            "`{key}`: JCasC would read a key with this ending as configuration"
        )))),
        Kind::Jobs if key.ends_with(".url") => Err(Box::new(Diagnostic::error(format!(
            "`{key}`: the sidecar would download a key with this ending"
        )))),
        Kind::Casc if !is_yaml => Err(Box::new(Diagnostic::error(format!(
            "`{key}`: JCasC only reads keys that end in .yaml or .yml"
        )))),
        _ => Ok(()),
    }
}

/// Java's `String.hashCode`: what Job DSL calls a script by when it fails.
fn hash(text: &str) -> i32 {
    text.encode_utf16().fold(0, |hash: i32, unit| {
        hash.wrapping_mul(31).wrapping_add(i32::from(unit))
    })
}

fn map<const N: usize>(entries: [(&str, Tree); N]) -> TreeMap {
    entries
        .into_iter()
        .map(|(key, value)| (Str::from(key), value))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::sources::Rank;
    use super::*;

    fn sidecar(sleeps: bool) -> Sidecar {
        Sidecar {
            workload: "ci".to_owned(),
            label: "l".to_owned(),
            label_value: "true".to_owned(),
            folder: "/casc".to_owned(),
            namespace: "ns".to_owned(),
            sleeps,
            unique_names: false,
            overrides: false,
        }
    }

    fn sources(files: &[(&str, usize)]) -> Sources {
        files
            .iter()
            .map(|(path, size)| {
                let text = "x".repeat(*size);
                let file = format!("jobs/{path}");
                let rank = Rank::default();
                ((*path).to_owned(), Source { file, text, rank })
            })
            .collect()
    }

    /// The name, the wave, whether server-side apply is asked for, and the keys of each ConfigMap.
    fn layout(jobs: &[(&str, usize)], sleeps: bool) -> Vec<String> {
        let settings = (&JobsSettings::default(), &CascSettings::default());
        let documents = generate(
            &sources(jobs),
            &Sources::new(),
            &sidecar(sleeps),
            settings,
            "o",
        );
        let shown = |document: &Document| {
            let metadata = |path: &[&str]| {
                let at = document.object().get("metadata");
                at.and_then(|tree| tree.at(path.iter().copied())?.as_str())
                    .unwrap_or("-")
            };
            let data = document.object().get("data").and_then(Tree::as_map);
            let keys: Vec<_> = data
                .map(|data| data.keys().map(|key| key.to_str_lossy()).collect())
                .unwrap_or_default();
            format!(
                "{} {} {}: {}",
                metadata(&["name"]),
                metadata(&["annotations", "argocd.argoproj.io/sync-wave"]),
                metadata(&["annotations", "argocd.argoproj.io/sync-options"]),
                keys.join(" ")
            )
        };
        documents.unwrap().iter().map(shown).collect()
    }

    #[test]
    fn what_fits_stays_together() {
        let most = CONFIG_MAP_FULL_BYTES - 1000;
        assert_eq!(
            layout(&[("a.groovy", 10), ("b.groovy", 20)], false),
            ["ci-jobs - -: a.groovy b.groovy jobs.yaml"]
        );
        assert_eq!(
            layout(&[("a.groovy", most)], false),
            ["ci-jobs - ServerSideApply=true: a.groovy jobs.yaml"]
        );
    }

    #[test]
    fn what_does_not_fit_is_split_by_the_hash_of_its_path() {
        let half = CONFIG_MAP_FULL_BYTES / 2;
        let files = [
            ("a.groovy", 10),
            ("big/a.groovy", half),
            ("big/b.groovy", half),
            ("big/c.groovy", half),
            ("small/a.groovy", 10),
            ("z.groovy", 10),
        ];
        let apply = "ServerSideApply=true";
        assert_eq!(
            layout(&files, false),
            [
                format!("ci-jobs-0 -1 {apply}: 0...big..a.groovy 0...big..b.groovy"),
                format!(
                    "ci-jobs-1 -1 {apply}: 1...a.groovy 1...big..c.groovy 1...small..a.groovy \
                     1...z.groovy"
                ),
                "ci-jobs - -: jobs.yaml".to_owned(),
            ]
        );
        let waits = |line: &String| line.contains(" -1 ");
        assert!(!layout(&files, true).iter().any(waits));
    }

    /// Adds files one by one: each touches the ConfigMap that it belongs to, and none else, but
    /// for the one time at which that is cut in two.
    #[test]
    fn one_more_file_touches_one_config_map() {
        let mut sources = Sources::new();
        let mut before = BTreeSet::new();
        let mut n_cuts = 0;
        for n in 0..120 {
            let path = format!("t{}/{n}.groovy", n % 7);
            let size = 20_000 + (n * 7919) % 60_000;
            sources.extend(self::sources(&[(&path, size)]));
            let entries = entries(&sources, &BTreeMap::new(), Kind::Jobs).unwrap();
            let after: BTreeSet<(String, Vec<String>)> = distribute("j", entries, 0)
                .into_iter()
                .map(|(name, part)| (name, part.into_iter().map(|entry| entry.key).collect()))
                .collect();
            let keys = after.iter().flat_map(|(_, keys)| keys);
            assert_eq!(keys.collect::<BTreeSet<_>>().len(), n + 1);
            assert!(before.difference(&after).count() <= 1, "{n}");
            n_cuts += usize::from(after.difference(&before).count() > 1);
            before = after;
        }
        assert!((2..20).contains(&n_cuts), "{n_cuts}");
    }

    #[test]
    fn large_objects_ask_for_server_side_apply() {
        let apply = |size| layout(&[("a.groovy", size)], false)[0].contains("ServerSideApply");
        // The object takes a few hundred bytes beside the script.
        assert!(!apply(SERVER_SIDE_APPLY_BYTES - 400));
        assert!(apply(SERVER_SIDE_APPLY_BYTES - 100));
    }

    #[test]
    fn a_script_beyond_every_config_map_is_refused() {
        let settings = (&JobsSettings::default(), &CascSettings::default());
        let generate = |size| {
            let jobs = sources(&[("a.groovy", size)]);
            generate(&jobs, &Sources::new(), &sidecar(false), settings, "o")
        };
        assert!(generate(MAX_CONFIG_MAP_BYTES).is_ok());
        let problem = generate(MAX_CONFIG_MAP_BYTES + 1).unwrap_err().to_string();
        assert!(problem.contains("jobs/a.groovy: the ConfigMap `ci-jobs-"));
    }

    #[test]
    fn hashes_are_those_of_java() {
        for (text, expected) in [("", 0), ("a", 97), ("hello", 99_162_322), ("😀", 1_772_899)] {
            assert_eq!(hash(text), expected, "{text}");
        }
    }
}
