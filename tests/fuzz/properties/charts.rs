//! Charts, from archives to what Helm would print.

use std::io::{Cursor, Write as _};
use std::path::Path;

use jenkins_cmp::chart::{Chart, File, load_archive};
use jenkins_cmp::helm::HelmCompat;
use jenkins_cmp::limits::{MAX_CHART_DEPTH, MAX_CHART_TREE_BYTES};
use jenkins_cmp::release::{self, Derived, Options, TemplateCache};
use jenkins_cmp::value::Tree;
use jenkins_cmp::{manifest, yaml};

use super::{Section, sections, twice};

/// An archive loads to the same chart each time, with names that stay inside of it.
///
/// The input is an archive as it is, a tar to be compressed, or sections: the title is the name of
/// an entry, with ` -> ` or ` => ` and the target for symbolic and hard links, `/` at the end for
/// directories, `{` for an archive whose entries follow up to `}`.
pub(crate) fn archive(data: &[u8]) {
    let archive = if data.starts_with(b"\x1f\x8b") {
        data.to_vec()
    } else if data.get(257..262) == Some(b"ustar") {
        compress(data)
    } else {
        pack(&sections(data)[1..])
    };
    for helm in [HelmCompat::V3, HelmCompat::V4] {
        let loaded = twice(|| load(&archive, helm));
        match loaded {
            Ok(chart) => {
                let n_bytes = check_names(&chart.0, 0);
                assert!(n_bytes <= MAX_CHART_TREE_BYTES);
            }
            Err(text) => assert!(!text.is_empty()),
        }
    }
}

/// A chart that compares by everything in it.
#[derive(Debug)]
struct Loaded(Chart);

impl PartialEq for Loaded {
    fn eq(&self, other: &Loaded) -> bool {
        fn same(one: &Chart, other: &Chart) -> bool {
            one.full_path == other.full_path
                && one.values == other.values
                && one.templates == other.templates
                && one.files == other.files
                && one.schema == other.schema
                && one.charts.len() == other.charts.len()
                && one
                    .charts
                    .iter()
                    .zip(&other.charts)
                    .all(|(a, b)| same(a, b))
        }
        same(&self.0, &other.0)
    }
}

fn load(archive: &[u8], helm: HelmCompat) -> Result<Loaded, String> {
    let loaded = load_archive("c.tgz", Cursor::new(archive), helm);
    loaded
        .map(|loaded| Loaded(loaded.chart))
        .map_err(|e| format!("{:#}", e.to_diagnostic()))
}

/// Checks the names of all files; gives their bytes.
fn check_names(chart: &Chart, depth: usize) -> u64 {
    assert!(depth <= MAX_CHART_DEPTH);
    let all = chart.templates.iter().chain(chart.files.iter());
    let mut n_bytes = 0;
    for File { name, data } in all {
        assert!(stays_inside(name), "{name:?}");
        n_bytes += data.len() as u64;
    }
    let inner = chart
        .charts
        .iter()
        .map(|chart| check_names(chart, depth + 1));
    n_bytes + inner.sum::<u64>()
}

fn stays_inside(name: &str) -> bool {
    !name.is_empty() && !name.starts_with('/') && name.split('/').all(|part| part != "..")
}

fn compress(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(bytes).expect("memory");
    gzip.finish().expect("memory")
}

/// Packs sections into an archive without the checks that a well-meant writer makes.
fn pack(sections: &[Section<'_>]) -> Vec<u8> {
    let mut open: Vec<(&str, Vec<u8>)> = vec![("", Vec::new())];
    for section in sections {
        let title = section.title;
        if let Some(name) = title.strip_suffix('{') {
            open.push((name.trim_end(), Vec::new()));
        } else if title == "}" && open.len() > 1 {
            close(&mut open);
        } else if let Some((name, target)) = title.split_once(" -> ") {
            add(&mut open, tar::EntryType::Symlink, name, target, b"");
        } else if let Some((name, target)) = title.split_once(" => ") {
            add(&mut open, tar::EntryType::Link, name, target, b"");
        } else if title.ends_with('/') {
            add(&mut open, tar::EntryType::Directory, title, "", b"");
        } else {
            add(
                &mut open,
                tar::EntryType::Regular,
                title,
                "",
                section.content,
            );
        }
    }
    while open.len() > 1 {
        close(&mut open);
    }
    let (_, mut tar) = open.pop().expect("the outermost archive");
    tar.extend([0; 1024]);
    compress(&tar)
}

/// Ends the innermost archive and adds it to the one around it.
fn close(open: &mut Vec<(&str, Vec<u8>)>) {
    if let Some((name, mut tar)) = open.pop() {
        tar.extend([0; 1024]);
        add(open, tar::EntryType::Regular, name, "", &compress(&tar));
    }
}

/// Adds an entry to the innermost archive.
fn add(open: &mut [(&str, Vec<u8>)], kind: tar::EntryType, name: &str, target: &str, data: &[u8]) {
    let Some((_, tar)) = open.last_mut() else {
        return;
    };
    let mut header = tar::Header::new_ustar();
    if let Some(ustar) = header.as_ustar_mut() {
        for (field, text) in [(&mut ustar.name, name), (&mut ustar.linkname, target)] {
            let len = text.len().min(field.len());
            field[..len].copy_from_slice(&text.as_bytes()[..len]);
        }
    }
    header.set_entry_type(kind);
    header.set_size(data.len() as u64);
    header.set_mode(0o644);
    header.set_cksum();
    tar.extend(header.as_bytes());
    tar.extend(data);
    tar.resize(tar.len().next_multiple_of(512), 0);
}

/// A chart renders to the same bytes each time; its documents and files stay what they are.
///
/// The sections are the chart's files, and `values` for the user's.
pub(crate) fn chart(data: &[u8]) {
    let sections = sections(data);
    let helm = match sections[0].content.first() {
        Some(b'3') => HelmCompat::V3,
        _ => HelmCompat::V4,
    };
    let user = sections.iter().find(|section| section.title == "values");
    let user = user.map_or(&b"{}"[..], |section| section.content);
    let Ok(values) = yaml::decode_map(user) else {
        return;
    };
    let names: Vec<String> = sections.iter().map(|s| format!("c/{}", s.title)).collect();
    let files = sections[1..].iter().zip(&names[1..]);
    let files: Vec<Section<'_>> = files
        .filter(|(section, _)| section.title != "values")
        .map(|(section, name)| Section {
            title: match section.title {
                "}" => "}",
                _ => name,
            },
            content: section.content,
        })
        .collect();
    let Ok(Loaded(chart)) = load(&pack(&files), helm) else {
        return;
    };
    let values = Tree::map(values);
    let cache = TemplateCache::default();
    match twice(|| render(&chart, &values, helm, &cache)) {
        Ok(stream) => {
            let Ok(text) = String::from_utf8(stream) else {
                return;
            };
            if let Ok(documents) = manifest::split(&text, "stream") {
                let joined: String = documents.iter().map(manifest::Document::text).collect();
                assert!(joined == text, "documents lose something");
            }
        }
        Err(text) => assert!(!text.is_empty()),
    }
}

fn render(
    chart: &Chart,
    values: &Tree,
    helm: HelmCompat,
    cache: &TemplateCache,
) -> Result<Vec<u8>, String> {
    let options = Options {
        name: "r".to_owned(),
        namespace: "ns".to_owned(),
        is_upgrade: false,
        kube_version: None,
        api_versions: Vec::new(),
        include_crds: true,
        hooks: true,
        tests: true,
        validate_schema: true,
        objects: false,
        helm,
    };
    let host = Derived::stand_ins(helm, "ns/r".to_owned());
    let rendered = release::render_cached(chart, values, &options, &host, cache);
    let rendered = rendered.map_err(|e| format!("{}\n{:#}", e.helm_text(), e.to_diagnostic()))?;
    for (path, _) in rendered.files(Path::new("out"), None).files {
        let below = path.strip_prefix("out").ok().and_then(Path::to_str);
        assert!(below.is_some_and(stays_inside), "{}", path.display());
    }
    Ok(rendered.stream())
}
