//! What can go wrong on the way to a chart.

use std::fmt;

use url::Url;

use crate::diag::Diagnostic;
use crate::store::StoreError;

/// A chart that could not be found or fetched.
#[derive(Debug)]
#[non_exhaustive]
pub enum FetchError {
    /// Something is written wrong: an address, a range, a configuration file, an index.
    Input {
        /// What is wrong.
        message: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// The outside world failed; another try may help.
    World {
        /// What failed.
        message: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// The store failed.
    Store(StoreError),
}

impl FetchError {
    pub(super) fn input(message: impl Into<String>) -> FetchError {
        FetchError::Input {
            message: message.into(),
            hint: None,
        }
    }

    pub(super) fn world(message: impl Into<String>) -> FetchError {
        FetchError::World {
            message: message.into(),
            hint: None,
        }
    }

    pub(super) fn hint(mut self, text: impl Into<String>) -> FetchError {
        match &mut self {
            FetchError::Input { hint, .. } | FetchError::World { hint, .. } => {
                *hint = Some(text.into());
            }
            FetchError::Store(_) => {}
        }
        self
    }

    /// Makes the diagnostic that a user is shown.
    pub fn to_diagnostic(&self) -> Diagnostic {
        let hint = match self {
            FetchError::Input { hint, .. } | FetchError::World { hint, .. } => hint.clone(),
            FetchError::Store(_) => {
                Some("`--store` or JENKINS_CMP_STORE names another directory".to_owned())
            }
        };
        let mut problem = Diagnostic::error(self.to_string());
        problem.outside = !matches!(self, FetchError::Input { .. });
        problem.hints.extend(hint);
        problem
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FetchError::Input { message, .. } | FetchError::World { message, .. } => {
                f.write_str(message)
            }
            FetchError::Store(e) => e.fmt(f),
        }
    }
}

impl std::error::Error for FetchError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            FetchError::Store(e) => Some(e),
            _ => None,
        }
    }
}

impl From<StoreError> for FetchError {
    fn from(error: StoreError) -> FetchError {
        FetchError::Store(error)
    }
}

/// An address as messages may show it: without user, password and query, which can hold secrets.
pub(super) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // These fail for addresses that cannot have the parts anyway.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    if url.query().is_some() {
        url.set_query(Some("…"));
    }
    url.set_fragment(None);
    url.to_string().replace("%E2%80%A6", "…")
}

/// The text of an address that a user wrote, as messages may show it.
pub(super) fn shown_text(text: &str) -> String {
    match Url::parse(text) {
        Ok(url) if url.has_host() => shown(&url),
        // There may be a password before it.
        _ if text.contains('@') => "this".to_owned(),
        _ => format!("`{text}`"),
    }
}
