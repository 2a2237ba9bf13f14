//! Jobs declared in YAML, for people who write no Groovy.
//!
//! In: the files `jobs/**/*.yaml`, each a list of items. Out: one script for each file, and one
//! before all others with every folder that the items need. Refused: unknown keys, values of
//! another type, names that Jenkins would not take or that are there twice.

mod fields;
mod groovy;
mod items;
mod matrix;

use std::collections::{BTreeMap, BTreeSet};

pub(super) use groovy::quote;

use super::sources::{Kind, Rank, Source, Sources};
use super::template::Context;
use crate::app::Allowance;
use crate::app::settings::JobsSettings;
use crate::diag::Diagnostic;
use crate::limits::{MAX_DECLARED_JOBS, MAX_JOB_DEPTH, MAX_JOB_NAME_BYTES, MAX_JOBS_PER_SCRIPT};
use crate::manifest::codec;
use crate::value::Tree;
use crate::yaml::{self, Node};
use fields::{Fields, File};

/// The ending of files with declared jobs.
const YAML: &str = ".yaml";

/// The ending of scripts.
const GROOVY: &str = ".groovy";

/// The start of the name of the script with the folders of all files.
const FOLDERS: &str = "folders.declared";

/// The script that deletes what is no longer declared.
const CLEANUP: &str = "cleanup.declared.groovy";

/// The characters that Jenkins refuses in names.
const REFUSED: &str = "?*/\\%!@#$^&|<>[]:;";

/// Replaces the files of declared jobs under `jobs/` by the scripts that make them.
///
/// # Errors
///
/// Points at what is wrong in a declaration; names both places of a name that is there twice.
pub fn declare(
    sources: Sources,
    settings: &JobsSettings,
    context: &Context<'_>,
) -> Result<Sources, Box<Diagnostic>> {
    let (files, mut sources): (Vec<_>, Sources) = {
        let (files, others): (Vec<_>, Vec<_>) = sources
            .into_iter()
            .partition(|(path, _)| path.ends_with(YAML));
        (files, others.into_iter().collect())
    };
    let cleanup = settings.cleanup.unwrap_or(false);
    if files.is_empty() && !cleanup {
        return Ok(sources);
    }
    let mut all = Declared::default();
    let mut scripts = Vec::new();
    for (path, source) in &files {
        let text = all.read(path, source, context)?;
        let path = format!("{}{GROOVY}", path.trim_end_matches(YAML));
        if !text.is_empty() {
            scripts.push((path, source.file.as_str(), Rank::Declared, text));
        }
    }
    let folders = all.folders(&made_by_scripts(&sources), context.allowance())?;
    for (n, folders) in (1..).zip(folders.chunks(MAX_JOBS_PER_SCRIPT)) {
        let path = match n {
            1 => format!("{FOLDERS}{GROOVY}"),
            n => format!("{FOLDERS}{n:04}{GROOVY}"),
        };
        scripts.push((path, FOLDERS, Rank::Folders, folders.concat()));
    }
    if cleanup {
        let text = all.cleanup();
        scripts.push((CLEANUP.to_owned(), CLEANUP, Rank::Cleanup, text));
    }
    for (path, file, rank, text) in scripts {
        if let Some(other) = sources.get(&path) {
            let directory = Kind::Jobs.directory();
            let problem = format!("`{}` gives the same `{directory}/{path}`", other.file);
            return Err(Box::new(Diagnostic::error(problem).in_file(file)));
        }
        let file = file.to_owned();
        sources.insert(path, Source { file, text, rank });
    }
    Ok(sources)
}

/// A declared item.
struct Item {
    name: String,
    is_folder: bool,
    /// What it becomes.
    text: String,
    /// The file, the line and the column.
    place: (String, usize, usize),
}

impl Item {
    fn error(&self, message: String) -> Diagnostic {
        let (file, line, column) = &self.place;
        Diagnostic::error(message).at(file.as_str(), *line, *column, "")
    }
}

/// The items of all files by their names in lower case: Jenkins does not tell cases apart.
#[derive(Default)]
struct Declared(BTreeMap<String, Item>);

impl Declared {
    /// Reads a file; gives the script of its items other than folders.
    fn read(
        &mut self,
        path: &str,
        source: &Source,
        context: &Context<'_>,
    ) -> Result<String, Box<Diagnostic>> {
        let file = File {
            name: &source.file,
            text: &source.text,
        };
        let data = codec::read_file(&source.text, &source.file)?;
        let Tree::List(data) = data else {
            let problem = Diagnostic::error("the file is not a list of jobs").in_file(file.name);
            return Err(Box::new(
                problem.hint("write `- pipelineJob: name` and so on"),
            ));
        };
        let document = yaml::parse(source.text.as_bytes());
        let document = document.map_err(|e| Box::new(e.diagnostic(file.name, file.text)))?;
        if data.len() > MAX_JOBS_PER_SCRIPT {
            let problem = format!("the file declares more than {MAX_JOBS_PER_SCRIPT} jobs");
            let problem = Diagnostic::error(problem).in_file(file.name);
            return Err(Box::new(
                problem.hint("Java refuses scripts of that size; cut the file in two"),
            ));
        }
        let mut script = String::new();
        let nodes = document.root().into_iter().flat_map(Node::items);
        for (node, data) in nodes.zip(data.iter()) {
            let text = match Fields::any(file, node)?.value("template") {
                Some(_) => matrix::write(file, node, data, context)?,
                None => self.item(file, node)?,
            };
            context.allowance().take(text.len(), file.name)?;
            if !script.is_empty() && !text.is_empty() {
                script.push('\n');
            }
            script.push_str(&text);
        }
        if script.is_empty() {
            return Ok(script);
        }
        Ok(format!("// Declared in {path}\n{script}"))
    }

    /// Reads an item; gives its script unless it is a folder, whose place is elsewhere.
    fn item(&mut self, file: File<'_>, node: Node<'_>) -> Result<String, Box<Diagnostic>> {
        let fields = Fields::any(file, node)?;
        let mut kinds = items::KINDS
            .into_iter()
            .filter(|kind| fields.value(kind).is_some());
        let Some(kind) = kinds.next() else {
            let mut known = items::KINDS.to_vec();
            known.push("template");
            // The first key is the one that would have told the kind.
            Fields::new(file, node, &known)?;
            let problem = file.error(node, "this is no job");
            return Err(Box::new(
                problem.hint(format!("give it one of the keys {}", known.join(", "))),
            ));
        };
        let at = fields.value(kind).unwrap_or(node);
        let name = fields.needed(kind)?;
        check_name(&name).map_err(|problem| file.error(at, problem))?;
        let text = items::write(file, node, kind, &name)?;
        let is_folder = kind == "folder";
        let item = Item {
            name: name.clone(),
            is_folder,
            text: text.clone(),
            place: (file.name.to_owned(), at.line(), at.column()),
        };
        if self.0.len() == MAX_DECLARED_JOBS {
            return Err(Box::new(file.error(at, too_many())));
        }
        if let Some(first) = self.0.insert(name.to_lowercase(), item) {
            let (other, line, _) = &first.place;
            let problem = file.error(at, format!("`{name}` is there twice"));
            let first = &first.name;
            return Err(Box::new(problem.hint(format!(
                "`{first}` is declared in {other}:{line}; Jenkins does not tell cases apart"
            ))));
        }
        Ok(if is_folder { String::new() } else { text })
    }

    /// The calls for all folders, parents first: the declared ones, and plain ones where an item
    /// has a parent that neither is declared nor made by a script.
    fn folders(
        &self,
        made: &BTreeSet<String>,
        allowance: &Allowance,
    ) -> Result<Vec<String>, Box<Diagnostic>> {
        let mut plain: BTreeMap<&str, (&str, &Item)> = BTreeMap::new();
        for (key, item) in &self.0 {
            for (key, parent) in parents(key).zip(parents(&item.name)) {
                match self.0.get(key) {
                    Some(folder) if folder.is_folder => {}
                    Some(other) => {
                        let (file, line, _) = &other.place;
                        let problem = item.error(format!("`{parent}` is no folder"));
                        return Err(Box::new(
                            problem.hint(format!("it is declared in {file}:{line}")),
                        ));
                    }
                    None if made.contains(key) => {}
                    None => {
                        if self.0.len() + plain.len() == MAX_DECLARED_JOBS
                            && !plain.contains_key(key)
                        {
                            return Err(Box::new(item.error(too_many())));
                        }
                        plain.entry(key).or_insert((parent, item));
                    }
                }
            }
        }
        let declared = self.0.iter().filter(|(_, item)| item.is_folder);
        let declared = declared.map(|(key, item)| (key.as_str(), (item.name.as_str(), item)));
        let mut folders: Vec<(&str, (&str, &Item))> = declared.chain(plain).collect();
        // A parent's name is the start of its child's.
        folders.sort_unstable_by_key(|(key, _)| *key);
        let mut calls = Vec::new();
        for (key, (name, item)) in folders {
            let late = parents(key)
                .zip(parents(name))
                .find(|(key, _)| made.contains(*key) && !self.0.contains_key(*key));
            if let Some((_, late)) = late {
                let problem = item.error(format!(
                    "the folder `{name}` would come before `{late}`, which a script makes"
                ));
                return Err(Box::new(
                    problem.hint(format!("declare `{late}` here too, as `- folder: {late}`")),
                ));
            }
            let call = match item.is_folder && item.name == name {
                true => item.text.clone(),
                false => format!("folder({})\n", quote(name)),
            };
            allowance.take(call.len(), FOLDERS)?;
            calls.push(call);
        }
        Ok(calls)
    }

    /// The script that marks the declared items, and deletes the marked ones of earlier times.
    fn cleanup(&self) -> String {
        let names: Vec<&Item> = self.0.values().collect();
        let mut list = String::new();
        // Each closure is a method of its own, of which Java bounds the size.
        for names in names.chunks(MAX_JOBS_PER_SCRIPT) {
            list.push_str("declared.addAll({ [\n");
            for item in names {
                list.push_str(&format!("    {},\n", quote(&item.name)));
            }
            list.push_str("] }.call())\n");
        }
        CLEANUP_SCRIPT.replace("// NAMES\n", &list)
    }
}

const CLEANUP_SCRIPT: &str = include_str!("cleanup.groovy");

/// The full names above `name`, the outermost first.
fn parents(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('/').map(|(at, _)| &name[..at])
}

fn too_many() -> String {
    format!("the overlay declares more than {MAX_DECLARED_JOBS} jobs and folders")
}

fn check_name(name: &str) -> Result<(), String> {
    if parents(name).nth(MAX_JOB_DEPTH).is_some() {
        return Err(format!("the job is in more than {MAX_JOB_DEPTH} folders"));
    }
    if name.split('/').any(|part| part.len() > MAX_JOB_NAME_BYTES) {
        return Err(format!(
            "a name has more than {MAX_JOB_NAME_BYTES} bytes, which no directory of Jenkins takes"
        ));
    }
    for part in name.split('/') {
        let refused = |c: &char| REFUSED.contains(*c) || c.is_control();
        if part.is_empty() {
            return Err(format!("`{name}` has an empty part"));
        }
        if let Some(c) = part.chars().find(refused) {
            return Err(format!(
                "Jenkins takes no `{}` in a name",
                c.escape_default()
            ));
        }
        if part.trim() != part || part.ends_with('.') {
            return Err(format!(
                "Jenkins takes no `{part}`: a name neither starts nor ends with a blank, nor ends \
                 with a dot"
            ));
        }
    }
    Ok(())
}

/// The folders that scripts make by a literal name, in lower case.
fn made_by_scripts(sources: &Sources) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for source in sources.values() {
        for line in source.text.lines() {
            let line = line.trim_start();
            let Some(rest) = line.strip_prefix("folder") else {
                continue;
            };
            let rest = rest.trim_start_matches([' ', '(']);
            let Some(quote) = rest.chars().next().filter(|c| matches!(c, '\'' | '"')) else {
                continue;
            };
            if let Some((name, _)) = rest[1..].split_once(quote) {
                names.insert(name.trim_start_matches('/').to_lowercase());
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_jenkins_takes() {
        for name in ["a", "a/b c/d", "é", "a.b", "it's"] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        for name in ["", "/a", "a/", "a//b", "a.", " a", "a\n", "a:b", "..", "a$"] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn names_are_bounded() {
        let deep = |n_folders: usize| check_name(&format!("{}a", "a/".repeat(n_folders)));
        assert_eq!(deep(MAX_JOB_DEPTH), Ok(()));
        assert!(deep(MAX_JOB_DEPTH + 1).is_err_and(|e| e.contains("more than 100 folders")));
        let long = |n_bytes: usize| check_name(&format!("b/{}", "a".repeat(n_bytes)));
        assert_eq!(long(MAX_JOB_NAME_BYTES), Ok(()));
        assert!(long(MAX_JOB_NAME_BYTES + 1).is_err_and(|e| e.contains("more than 255 bytes")));
    }

    #[test]
    fn the_number_of_jobs_is_bounded() {
        let jobs = |n_jobs: usize| {
            let item = |n: usize| Item {
                name: format!("a/{n}"),
                is_folder: false,
                text: String::new(),
                place: (String::new(), 1, 1),
            };
            let all = Declared((0..n_jobs).map(|n| (format!("a/{n}"), item(n))).collect());
            let folders = all.folders(&BTreeSet::new(), &Allowance::default());
            folders.map(|folders| folders.len())
        };
        assert_eq!(jobs(MAX_DECLARED_JOBS - 1), Ok(1));
        assert!(jobs(MAX_DECLARED_JOBS).is_err_and(|e| e.message.contains("more than 100000")));
    }

    #[test]
    fn folders_of_scripts_are_found() {
        let text = "folder('A') {\n  folder \"a/B\"\n// folder('c')\nmyfolder('d')\n";
        let source = Source {
            file: String::new(),
            text: text.to_owned(),
            rank: Rank::Script,
        };
        let sources = Sources::from([("x.groovy".to_owned(), source)]);
        let found: Vec<String> = made_by_scripts(&sources).into_iter().collect();
        assert_eq!(found, ["a", "a/b"]);
    }
}
