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

/// How much a [`LogLine`] matters to Helm 4; Helm 3 logs without levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Everything that Helm 4 still prints through Go's plain logger, and links.
    Info,
    /// What may be wrong with a chart or values.
    Warn,
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
    /// The line as `helm` words it; Helm's own times and source lines are left out.
    pub fn text_for(&self, helm: HelmCompat) -> String {
        if helm == HelmCompat::V3 {
            return self.text.clone();
        }
        let level = match self.level {
            Level::Info => "INFO",
            Level::Warn => "WARN",
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
