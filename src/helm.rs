//! Which Helm's bytes and words are wanted where its two releases differ.

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
