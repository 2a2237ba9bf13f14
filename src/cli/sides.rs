//! The two sides of `diff`: overlays of the work tree, and what they are compared with.

use std::collections::BTreeMap;
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
    is_before: bool,
    is_after: bool,
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

    /// The overlays at or below `paths` on either side, by their directories in the work tree.
    ///
    /// # Errors
    ///
    /// A path is on neither side, cannot be read, or leads to no overlay.
    pub(super) fn overlays(&self, paths: &[PathBuf]) -> Result<BTreeMap<PathBuf, Overlay>, Error> {
        let mut found = BTreeMap::new();
        for path in paths {
            let overlays = self.at(path)?;
            if overlays.is_empty() {
                let path = path.display();
                return Err(Error::input(format!("there is no overlay in `{path}`")));
            }
            found.extend(overlays);
        }
        Ok(found)
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
                let overlay = Overlay {
                    is_before: matches!(self, Sides::Files(_) | Sides::Golden),
                    is_after: true,
                    member,
                };
                found.insert(overlay.member.directory(), overlay);
            }
        }
        if let (Sides::Revision(checkout), Some(there)) = (self, there) {
            for member in below(&there, Some(&checkout.tree()))? {
                let inside = member.root.strip_prefix(checkout.tree());
                let member = Member {
                    root: Arc::new(checkout.top.join(inside.unwrap_or(&member.root))),
                    path: member.path,
                };
                let overlay = found.entry(member.directory()).or_insert(Overlay {
                    is_before: true,
                    is_after: false,
                    member,
                });
                overlay.is_before = true;
            }
        }
        Ok(found)
    }

    /// The overlays with their names: the short ones where they tell them apart.
    pub(super) fn named(&self, overlays: BTreeMap<PathBuf, Overlay>) -> Vec<(Overlay, String)> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for overlay in overlays.values() {
            *counts.entry(overlay.member.file_stem()).or_default() += 1;
        }
        let top = match self {
            Sides::Revision(checkout) => checkout.top.as_path(),
            Sides::Files(_) | Sides::Golden => Path::new("/"),
        };
        let named = overlays.into_iter().map(|(directory, overlay)| {
            let short = overlay.member.file_stem();
            let name = match counts.get(&short) {
                Some(1) => short,
                _ => {
                    let long = directory.strip_prefix(top).unwrap_or(&directory);
                    long.display().to_string()
                }
            };
            (overlay, name)
        });
        named.collect()
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
                Ok(Golden::open(&member.root)?.stream(&member.file_stem())?)
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
    let mut members = fleet::find(directory, boundary)?.members;
    members.retain(|member| member.directory().starts_with(directory));
    // A search from above a fleet does not know its root, which the names begin at.
    let in_fleet = |member: Member| {
        let at = fleet::at(&member.directory(), boundary)?;
        Ok(if at.path.is_empty() { member } else { at })
    };
    members.into_iter().map(in_fleet).collect()
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
