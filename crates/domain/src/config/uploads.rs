//! How much visitors may send in files.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Bytes.
pub const MEGABYTE: u64 = 1024 * 1024;

/// How large files may be, and how many there may be of them. It counts what is kept: images are made smaller before that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(deny_unknown_fields)]
pub struct Uploads {
    /// Megabytes that one file may have when it is sent, 1 to 25.
    #[schemars(range(min = 1, max = 25))]
    pub megabytes_per_file: u32,
    /// Files that may come with one message, 1 to 10.
    #[schemars(range(min = 1, max = 10))]
    pub files_per_message: u32,
    /// Files of one conversation, 1 to 200.
    #[schemars(range(min = 1, max = 200))]
    pub files_per_session: u32,
    /// Megabytes of all files of one conversation together, 1 to 1000.
    #[schemars(range(min = 1, max = 1000))]
    pub megabytes_per_session: u32,
    /// Megabytes of all files of the app's conversations together, 1 to 1000000.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub megabytes_per_app: u32,
}

impl Default for Uploads {
    fn default() -> Self {
        Self {
            megabytes_per_file: 10,
            files_per_message: 5,
            files_per_session: 20,
            megabytes_per_session: 50,
            megabytes_per_app: 5_000,
        }
    }
}
