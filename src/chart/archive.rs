//! Chart archives: gzipped tars to files, with Helm's checks of names and sizes.
//!
//! Everything is streamed and counted while it is unpacked, so an archive costs no more memory
//! than its bound, however well it is compressed.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::rc::Rc;

use flate2::bufread::MultiGzDecoder;
use tar::{Archive, Entry, EntryType, Header};

use super::error::ChartError;
use super::sniff::content_type;
use super::{Budget, File};
use crate::helm::HelmCompat;
use crate::limits::{MAX_CHART_BYTES, MAX_CHART_FILE_BYTES, MAX_TREE_FILES};
use crate::value::Str;
use crate::value::quote::quote;

/// Refuses a file that does not look like a gzipped archive, in Helm's words.
pub(super) fn check_is_archive(name: &str, data: &[u8]) -> Result<(), ChartError> {
    let head = &data[..data.len().min(512)];
    // Helm sniffs a zero-filled buffer of 512 bytes, however short the file.
    let mut buffer = [0; 512];
    buffer[..head.len()].copy_from_slice(head);
    let found = content_type(&buffer);
    if found == "application/x-gzip" || head.starts_with(b"\x1F\x8B\x08") {
        return Ok(());
    }
    Err(ChartError::archive(
        if name.ends_with(".yml") || name.ends_with(".yaml") {
            format!("file '{name}' seems to be a YAML file, but expected a gzipped archive")
        } else {
            format!("file '{name}' does not appear to be a gzipped archive; got '{found}'")
        },
    ))
}

/// Unpacks an archive into memory; names come without their first part.
pub(super) fn unpack(
    mut source: impl BufRead,
    helm: HelmCompat,
    budget: &mut Budget,
) -> Result<Vec<File>, ChartError> {
    let magic = read_magic(&mut source)?;
    let n_read = Rc::new(Cell::new(0));
    let unzipped = MultiGzDecoder::new(magic.chain(source));
    let mut archive = Archive::new(Bounded {
        inner: BufReader::with_capacity(UNZIPPED_BYTES, unzipped),
        n_read: Rc::clone(&n_read),
    });
    let mut files = Vec::new();
    let mut left = MAX_CHART_BYTES;
    let mut long_name = None;
    let mut end: u64 = 0;
    // Raw: the package would read names of any length into memory.
    let entries = archive.entries_with_seek().map_err(|e| broken(&e))?;
    for entry in entries.raw(true) {
        let mut entry = match entry {
            Ok(entry) => entry,
            // Go does not miss the padding behind the last file.
            Err(_)
                if end > 0
                    && (end..=end.div_ceil(BLOCK).saturating_mul(BLOCK))
                        .contains(&n_read.get()) =>
            {
                break;
            }
            Err(e) => return Err(broken(&e)),
        };
        end = entry.raw_file_position().saturating_add(entry.size());
        let kind = entry.header().entry_type();
        if let Some(name) = extension_name(&mut entry, kind)? {
            long_name = name.or(long_name);
            continue;
        }
        let raw_name = match long_name.take() {
            Some(name) => name,
            None => entry.path_bytes().into_owned(),
        };
        if is_directory(entry.header(), &raw_name) {
            continue;
        }
        if files.len() >= MAX_TREE_FILES {
            return Err(ChartError::archive(format!(
                "chart archive holds more than {MAX_TREE_FILES} files"
            )));
        }
        let name = checked_name(&raw_name)?;
        let size = entry.size();
        check_size(size, left, kind, &raw_name, helm)?;
        budget.spend(size)?;
        let data = read_content(&mut entry, size)?;
        left -= size;
        if left == 0 {
            return Err(too_large(helm));
        }
        files.push(File {
            name,
            data: match without_bom(&data) {
                rest if rest.len() < data.len() => Str::from(rest),
                _ => data,
            },
        });
    }
    if files.is_empty() {
        return Err(ChartError::archive("no files in chart archive"));
    }
    Ok(files)
}

/// Refuses an entry that is over a bound, or over what is `left` of the archive's.
fn check_size(
    size: u64,
    left: u64,
    kind: EntryType,
    name: &[u8],
    helm: HelmCompat,
) -> Result<(), ChartError> {
    if size > left {
        return Err(too_large(helm));
    }
    if size > MAX_CHART_FILE_BYTES {
        return Err(ChartError::archive(format!(
            "decompressed chart file {} is larger than the maximum file size \
             {MAX_CHART_FILE_BYTES}",
            quote(name)
        )));
    }
    // A link with a size lies about it, which Helm notices in these words.
    if size > 0 && has_no_content(kind) {
        return Err(too_large(helm));
    }
    Ok(())
}

fn read_content(entry: &mut impl Read, size: u64) -> Result<Str, ChartError> {
    Str::read(entry, size as usize).map_err(|e| broken(&e))
}

/// How much is unpacked at a time.
const UNZIPPED_BYTES: usize = 32 * 1024;

/// Go's text for data without a gzip header.
pub(super) const GZIP_HEADER: &str = "gzip: invalid header";

/// Bytes of a tar block.
const BLOCK: u64 = 512;

/// Bytes of the tar stream with headers and padding; a chart's files alone stay far below.
const MAX_STREAM_BYTES: u64 = 2 * MAX_CHART_BYTES;

/// Removes one leading byte-order mark.
pub(super) fn without_bom(data: &[u8]) -> &[u8] {
    data.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(data)
}

/// Longest header of long names and attributes (Go: `maxSpecialFileSize`).
const MAX_EXTENSION_BYTES: u64 = 1024 * 1024;

/// The name that an extension header gives to the next entry: outer `None` if `entry` is none.
fn extension_name(
    entry: &mut Entry<'_, impl Read>,
    kind: EntryType,
) -> Result<Option<Option<Vec<u8>>>, ChartError> {
    let is_extension = kind.is_gnu_longname()
        || kind.is_gnu_longlink()
        || kind.is_pax_local_extensions()
        || kind.is_pax_global_extensions();
    if !is_extension {
        return Ok(None);
    }
    let mut content = Vec::new();
    entry
        .take(MAX_EXTENSION_BYTES + 1)
        .read_to_end(&mut content)
        .map_err(|e| broken(&e))?;
    if content.len() as u64 > MAX_EXTENSION_BYTES {
        return Err(ChartError::archive("archive/tar: header field too long"));
    }
    Ok(Some(if kind.is_gnu_longname() {
        let end = content.iter().position(|b| *b == 0);
        content.truncate(end.unwrap_or(content.len()));
        Some(content)
    } else if kind.is_pax_local_extensions() {
        pax_path(&content)?
    } else {
        None
    }))
}

/// The `path` among records of the form `<length> <key>=<value>` and a line end.
fn pax_path(mut records: &[u8]) -> Result<Option<Vec<u8>>, ChartError> {
    let wrong = || ChartError::archive("archive/tar: invalid tar header");
    let mut path = None;
    while !records.is_empty() {
        let space = records.iter().position(|b| *b == b' ').ok_or_else(wrong)?;
        let len = std::str::from_utf8(&records[..space])
            .ok()
            .and_then(|digits| digits.parse::<usize>().ok())
            .filter(|len| (space + 2..=records.len()).contains(len))
            .ok_or_else(wrong)?;
        let (record, rest) = records.split_at(len);
        records = rest;
        let record = record[space + 1..].strip_suffix(b"\n").ok_or_else(wrong)?;
        let equals = record.iter().position(|b| *b == b'=').ok_or_else(wrong)?;
        match &record[..equals] {
            b"path" => path = Some(record[equals + 1..].to_vec()),
            // Sizes that need this are far beyond every bound; smaller ones are a trick.
            b"size" => return Err(wrong()),
            _ => {}
        }
    }
    Ok(path)
}

/// Go goes by the type, by the mode's directory bit, and for old archives by a trailing slash.
fn is_directory(header: &Header, name: &[u8]) -> bool {
    const DIRECTORY_BIT: u32 = 0o40000;
    let old = header.as_old().linkflag[0] == 0;
    header.entry_type() == EntryType::Directory
        || header
            .mode()
            .is_ok_and(|mode| mode & !0o7777 == DIRECTORY_BIT)
        || (old && name.ends_with(b"/"))
}

fn has_no_content(kind: EntryType) -> bool {
    matches!(
        kind,
        EntryType::Link | EntryType::Symlink | EntryType::Char | EntryType::Block | EntryType::Fifo
    )
}

fn too_large(helm: HelmCompat) -> ChartError {
    let word = match helm {
        HelmCompat::V3 => "file size",
        HelmCompat::V4 => "size",
    };
    ChartError::archive(format!(
        "decompressed chart is larger than the maximum {word} {MAX_CHART_BYTES}"
    ))
}

/// Takes the first part off a name and refuses what would lead out of the chart.
fn checked_name(raw: &[u8]) -> Result<String, ChartError> {
    let Ok(name) = std::str::from_utf8(raw) else {
        return Err(ChartError::archive(format!(
            "chart contains a file whose name is not UTF-8: {}",
            quote(raw)
        )));
    };
    let separator = if name.contains('\\') { '\\' } else { '/' };
    let (top, rest) = name.split_once(separator).unwrap_or((name, ""));
    let rest = if separator == '\\' {
        rest.replace('\\', "/")
    } else {
        rest.to_owned()
    };
    if rest.starts_with('/') {
        return Err(ChartError::archive(
            "chart illegally contains absolute paths",
        ));
    }
    let clean = clean_path(&rest);
    if clean == "." {
        return Err(ChartError::archive(format!(
            "chart illegally contains content outside the base directory: {}",
            quote(name.as_bytes())
        )));
    }
    if clean.starts_with("..") {
        return Err(ChartError::archive(
            "chart illegally references parent directory",
        ));
    }
    if let [drive, b':', b'/', ..] = clean.as_bytes()
        && drive.is_ascii_alphabetic()
    {
        return Err(ChartError::archive("chart contains illegally named files"));
    }
    if top == "Chart.yaml" {
        return Err(ChartError::archive("chart yaml not in base directory"));
    }
    Ok(clean)
}

/// Go's `path.Clean` of a relative path.
fn clean_path(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    if parts.is_empty() {
        ".".to_owned()
    } else {
        parts.join("/")
    }
}

/// Reads the fixed part of a gzip header.
fn read_magic(source: &mut impl Read) -> Result<Vec<u8>, ChartError> {
    let mut magic = Vec::new();
    source
        .take(10)
        .read_to_end(&mut magic)
        .map_err(|e| broken(&e))?;
    match magic.as_slice() {
        [] => Err(ChartError::archive("EOF")),
        short if short.len() < 10 => Err(ChartError::archive("unexpected EOF")),
        [0x1F, 0x8B, ..] => Ok(magic),
        _ => Err(ChartError::archive(GZIP_HEADER)),
    }
}

/// Go's text, as far as the packages let it be known.
fn broken(error: &io::Error) -> ChartError {
    let reason = error.to_string();
    ChartError::archive(match error.kind() {
        io::ErrorKind::UnexpectedEof => "unexpected EOF",
        // A tar stream that ends inside of a header.
        _ if reason.contains("failed to read entire block") => "unexpected EOF",
        io::ErrorKind::InvalidInput if reason.contains("gzip header") => GZIP_HEADER,
        io::ErrorKind::InvalidInput if reason.contains("checksum") => "gzip: invalid checksum",
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => "flate: corrupt input",
        _ => "archive/tar: invalid tar header",
    })
    .because(&reason)
}

/// A reader that counts, and fails behind its bound instead of going on.
struct Bounded<R> {
    inner: R,
    n_read: Rc<Cell<u64>>,
}

impl<R> Bounded<R> {
    fn check(&self) -> io::Result<()> {
        if self.n_read.get() > MAX_STREAM_BYTES {
            return Err(io::Error::other("the archive unpacks to too much"));
        }
        Ok(())
    }

    fn count(&self, n: usize) {
        self.n_read.set(self.n_read.get() + n as u64);
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.check()?;
        let n = self.inner.read(buffer)?;
        self.count(n);
        Ok(n)
    }
}

/// Goes forward only, which is all that is asked for: reading from what cannot seek, the package
/// clears 32 KiB of memory before each entry.
impl<R: BufRead> Seek for Bounded<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let forward = match to {
            SeekFrom::Current(n) => u64::try_from(n).ok(),
            _ => None,
        };
        let mut left = forward.ok_or(io::ErrorKind::Unsupported)?;
        while left > 0 {
            self.check()?;
            let n = left.min(self.inner.fill_buf()?.len() as u64);
            if n == 0 {
                return Err(io::Error::other("unexpected EOF during skip"));
            }
            self.inner.consume(n as usize);
            self.count(n as usize);
            left -= n;
        }
        Ok(self.n_read.get())
    }
}
