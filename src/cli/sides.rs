//! The two sides of `diff`: overlays of the work tree, and what they are compared with.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::exit::Error;
use super::git::Checkout;
use super::overlays;
use super::render::World;
use crate::fleet::{self, Member};
use crate::golden::{self, Golden};

/// The largest rendered file that is read.
const MAX_FILE_BYTES: u64 = crate::limits::MAX_OUTPUT_BYTES;

/// An overlay that at least one side has.
#[derive(Clone, Debug)]
pub(super) struct Overlay {
    /// Where it is, or would be, in the work tree.
    member: Member,
    /// What people call it: the name of its files, or its path where that is not its own.
    name: String,
    is_before: bool,
    is_after: bool,
}

impl Overlay {
    fn new(member: Member, is_before: bool, is_after: bool) -> Overlay {
        Overlay {
            member,
            name: String::new(),
            is_before,
            is_after,
        }
    }

    /// What people call it.
    pub(super) fn name(&self) -> String {
        self.name.clone()
    }

    /// Its directory in the work tree, if it is there.
    pub(super) fn directory(&self) -> Option<PathBuf> {
        self.is_after.then(|| self.member.directory())
    }
}

/// What the work tree is compared with.
#[derive(Debug)]
pub(super) enum Sides {
    /// A git revision.
    Revision(Checkout),
    /// A directory of rendered overlays.
    Files(PathBuf),
    /// The fleet's own `golden/`.
    Golden,
}

impl Sides {
    /// Compares with a revision.
    pub(super) fn revision(checkout: Checkout) -> Sides {
        Sides::Revision(checkout)
    }

    /// Compares with rendered files; `golden` stands for the fleet's own unless it is a directory.
    ///
    /// # Errors
    ///
    /// There is no such directory.
    pub(super) fn files(directory: &Path) -> Result<Sides, Error> {
        if directory.is_dir() {
            Ok(Sides::Files(directory.to_owned()))
        } else if directory == Path::new("golden") {
            Ok(Sides::Golden)
        } else {
            let shown = directory.display();
            Err(Error::input(format!(
                "`--against {shown}` is not a directory"
            )))
        }
    }

    /// The overlays at or below `paths` on either side, in the order of their directories.
    ///
    /// # Errors
    ///
    /// A path is on neither side, cannot be read, or leads to no overlay.
    pub(super) fn overlays(&self, paths: &[PathBuf]) -> Result<Vec<Overlay>, Error> {
        let mut found = BTreeMap::new();
        for path in paths {
            let overlays = self.at(path)?;
            if overlays.is_empty() {
                let path = path.display();
                return Err(Error::input(format!("there is no overlay in `{path}`")));
            }
            for (directory, overlay) in overlays {
                found.entry(directory).or_insert(overlay);
            }
        }
        let mut overlays: Vec<Overlay> = found.into_values().collect();
        let members = overlays.iter_mut().map(|overlay| &mut overlay.member);
        overlays::tell_apart(members.collect());
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for overlay in &overlays {
            *counts.entry(overlay.member.file_stem()).or_default() += 1;
        }
        for overlay in &mut overlays {
            let short = overlay.member.file_stem();
            overlay.name = match counts.get(&short) {
                Some(1) => short,
                // One of two moves from `overlays/a` to `a`.
                _ => overlay.member.label(),
            };
        }
        Ok(overlays)
    }

    fn at(&self, path: &Path) -> Result<BTreeMap<PathBuf, Overlay>, Error> {
        let absolute = std::path::absolute(path).map_err(|e| failed(path, &e))?;
        let absolute = match existing(&absolute).canonicalize() {
            Ok(real) => real.join(absolute.strip_prefix(existing(&absolute)).unwrap_or(path)),
            Err(_) => absolute,
        };
        let there = self.there(&absolute).filter(|there| there.is_dir());
        if !absolute.is_dir() && there.is_none() {
            return Err(Error::input(format!(
                "`{}` is not a directory",
                path.display()
            )));
        }
        let mut found = BTreeMap::new();
        if absolute.is_dir() {
            for member in below(&absolute, self.boundary(&absolute).as_deref())? {
                let is_before = matches!(self, Sides::Files(_) | Sides::Golden);
                let overlay = Overlay::new(member, is_before, true);
                found.insert(overlay.member.directory(), overlay);
            }
        }
        if let (Sides::Revision(checkout), Some(there)) = (self, there) {
            for mut member in below(&there, Some(&checkout.tree()))? {
                let inside = member.root.strip_prefix(checkout.tree());
                member.root = Arc::new(checkout.top.join(inside.unwrap_or(&member.root)));
                let directory = member.directory();
                let overlay = found.entry(directory);
                overlay
                    .or_insert_with(|| Overlay::new(member, true, false))
                    .is_before = true;
            }
        }
        for member in self.only_in_files(&absolute, &found)? {
            found.insert(member.directory(), Overlay::new(member, true, false));
        }
        Ok(found)
    }

    /// The overlays at and below the directory `at` that only files still know, where it is that of
    /// a fleet or part of one.
    fn only_in_files(
        &self,
        at: &Path,
        found: &BTreeMap<PathBuf, Overlay>,
    ) -> Result<Vec<Member>, Error> {
        let roots: BTreeSet<&Arc<PathBuf>> = found.values().map(|o| &o.member.root).collect();
        let mut roots = roots.into_iter();
        let is_revision = matches!(self, Sides::Revision(_));
        let (Some(root), None, false) = (roots.next(), roots.next(), is_revision) else {
            return Ok(Vec::new());
        };
        let fleets = fleet::find(root, self.boundary(root).as_deref())?;
        let members = fleets.iter().flat_map(|fleet| &fleet.members);
        let known: BTreeSet<String> = members.map(Member::stem).collect();
        let stems = match self {
            Sides::Revision(_) => return Ok(Vec::new()),
            Sides::Files(directory) => golden::stems_in(directory)?,
            Sides::Golden => Golden::open(root, "")?.other_stems(&known)?,
        };
        let gone = stems.into_iter().filter(|stem| !known.contains(stem));
        let members = gone.map(|stem| Member {
            root: root.clone(),
            path: fleet::path_of(&stem),
            fleet: String::new(),
        });
        let is_asked = |member: &Member| {
            // The directory may hold overlays, but no `overlays/`.
            let plain = root.join(member.stem());
            member.directory().starts_with(at) || plain.starts_with(at)
        };
        Ok(members.filter(is_asked).collect())
    }

    /// The stream of an overlay before the change; nothing if it did not exist.
    ///
    /// # Errors
    ///
    /// It cannot be rendered or read.
    pub(super) fn before(
        &self,
        overlay: &Overlay,
        world: &World<'_>,
    ) -> Result<Option<String>, Error> {
        if !overlay.is_before {
            return Ok(None);
        }
        let member = &overlay.member;
        match self {
            Sides::Revision(checkout) => {
                let there = self
                    .there(&member.directory())
                    .ok_or_else(|| Error::input("the overlay lies outside of the repository"))?;
                world.stream(&there, Some(&checkout.tree())).map(Some)
            }
            Sides::Files(directory) => {
                read(&directory.join(format!("{}.yaml", member.file_stem())))
            }
            Sides::Golden => {
                let directory = member.root.join(golden::DIRECTORY);
                if !directory.is_dir() {
                    return Err(Error::input(format!(
                        "there is no directory `{}`\nhint: `jenkins-cmp golden update` writes it",
                        directory.display()
                    )));
                }
                Ok(Golden::open(&member.root, &member.fleet)?.stream(&member.stem())?)
            }
        }
    }

    /// The stream of an overlay in the work tree; nothing if it does not exist.
    ///
    /// # Errors
    ///
    /// It cannot be rendered.
    pub(super) fn after(
        &self,
        overlay: &Overlay,
        world: &World<'_>,
    ) -> Result<Option<String>, Error> {
        if !overlay.is_after {
            return Ok(None);
        }
        let directory = overlay.member.directory();
        let boundary = self.boundary(&directory);
        world.stream(&directory, boundary.as_deref()).map(Some)
    }

    /// What ends the repository around a directory of the work tree.
    fn boundary(&self, directory: &Path) -> Option<PathBuf> {
        match self {
            Sides::Revision(checkout) => Some(checkout.top.clone()),
            Sides::Files(_) | Sides::Golden => overlays::boundary(directory),
        }
    }

    /// Where a path of the work tree is in the revision.
    fn there(&self, path: &Path) -> Option<PathBuf> {
        match self {
            Sides::Revision(checkout) => {
                let inside = path.strip_prefix(&checkout.top).ok()?;
                Some(checkout.tree().join(inside))
            }
            Sides::Files(_) | Sides::Golden => None,
        }
    }
}

/// The nearest directory at or above `path` that exists.
pub(super) fn existing(path: &Path) -> &Path {
    let mut above = path.ancestors();
    let found = above.find(|path| path.is_dir());
    found.unwrap_or(Path::new("."))
}

/// The overlays at and below a directory, of which there may be none.
fn below(directory: &Path, boundary: Option<&Path>) -> Result<Vec<Member>, Error> {
    let fleets = fleet::find(directory, boundary)?;
    let members = fleets.into_iter().flat_map(|fleet| fleet.members);
    let is_below = |member: &Member| member.directory().starts_with(directory);
    Ok(members.filter(is_below).collect())
}

fn read(path: &Path) -> Result<Option<String>, Error> {
    let problem = |e: std::io::Error| failed(path, &e);
    match fs::metadata(path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(problem(e)),
        Ok(data) if data.len() > MAX_FILE_BYTES => {
            return Err(Error::input(format!("`{}` is too large", path.display())));
        }
        Ok(_) => {}
    }
    fs::read_to_string(path).map(Some).map_err(problem)
}

fn failed(path: &Path, error: &std::io::Error) -> Error {
    Error::input(format!("failed to read `{}`: {error}", path.display()))
}
