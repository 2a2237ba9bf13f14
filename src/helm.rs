//! Which Helm's bytes and words are wanted where its two releases differ, and the lines that it
//! would log.

/// The release of Helm whose behaviour is reproduced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HelmCompat {
    /// Helm 3 (3.21.4).
    V3,
    /// Helm 4 (4.2.4), what Argo CD ships from 3.5 on.
    #[default]
    V4,
}

impl HelmCompat {
    /// The major version number.
    pub fn major(self) -> u8 {
        match self {
            HelmCompat::V3 => 3,
            HelmCompat::V4 => 4,
        }
    }
}

/// How Helm 3's lines begin, and the place in its source that its logger writes before them.
const HELM_3_PLACES: [(&str, &str); 15] = [
    (
        "warning: skipping globals because destination",
        "coalesce.go:138: ",
    ),
    (
        "warning: skipping globals because source",
        "coalesce.go:145: ",
    ),
    (
        "Conflict: cannot merge map onto non-map",
        "coalesce.go:161: ",
    ),
    ("key ", "coalesce.go:175: "),
    ("warning: skipped value for", "coalesce.go:237: "),
    (
        "warning: cannot overwrite table with non table",
        "coalesce.go:316: ",
    ),
    ("warning: destination for", "coalesce.go:319: "),
    ("Warning: Condition path", "dependencies.go:64: "),
    ("Warning: Tag", "dependencies.go:95: "),
    (
        "Warning: ImportValues missing table from",
        "dependencies.go:270: ",
    ),
    (
        "Warning: ImportValues missing table:",
        "dependencies.go:287: ",
    ),
    ("info: skipping unknown hook", "manifest_sorter.go:199: "),
    ("found symbolic link in path", "walk.go:75: "),
    ("Warning: Dependencies are handled", "load.go:120: "),
    ("Warning: Dependency locking", "load.go:138: "),
];

/// How much a [`LogLine`] matters to Helm 4; Helm 3 logs without levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Everything that Helm 4 still prints through Go's plain logger, and links.
    Info,
    /// What may be wrong with a chart or values.
    Warn,
    /// What ends the run.
    Error,
}

/// A line that Helm would print on standard error and go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// How much it matters.
    pub level: Level,
    /// The message.
    pub text: String,
    /// Helm 4's `key=value` pairs; Helm 3 has everything in the text.
    pub fields: Vec<(&'static str, String)>,
}

impl LogLine {
    /// The line as `helm` words it, without the time that Helm 4 puts first.
    pub fn text_for(&self, helm: HelmCompat) -> String {
        if helm == HelmCompat::V3 {
            let place = HELM_3_PLACES
                .iter()
                .find(|(start, _)| self.text.starts_with(start));
            return place.map_or("", |(_, place)| place).to_owned() + &self.text;
        }
        let level = match self.level {
            Level::Info => "INFO",
            Level::Warn => "WARN",
            Level::Error => "ERROR",
        };
        let mut out = format!("level={level} msg={}", logged(&self.text));
        for (key, value) in &self.fields {
            out.push_str(&format!(" {key}={}", logged(value)));
        }
        out
    }

    /// Makes a line that both releases write through Go's plain logger.
    pub(crate) fn plain(text: impl Into<String>) -> LogLine {
        LogLine {
            level: Level::Info,
            text: text.into(),
            fields: Vec::new(),
        }
    }

    /// Makes a line of Helm 4's structured logger.
    pub(crate) fn structured(
        level: Level,
        text: &str,
        fields: impl IntoIterator<Item = (&'static str, String)>,
    ) -> LogLine {
        LogLine {
            level,
            text: text.to_owned(),
            fields: fields.into_iter().collect(),
        }
    }
}

/// A value as Go's text logger writes it: quoted where it needs to be.
fn logged(text: &str) -> String {
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '=' | '\\');
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("{text:?}")
}
