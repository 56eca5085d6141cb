//! Patients' passwords as the administration gives them.

use kuzushi_domain::Phi;

use super::fields::Mistakes;
use crate::{
    auth::passwords::{self, Passwords},
    error::ApiError,
};

/// A password, or the hash of one, that may be kept.
pub enum NewPassword {
    Plain(Phi<String>),
    Hashed(String),
}

impl NewPassword {
    /// None where neither was given, or both were.
    pub fn checked(password: Option<String>, hash: Option<String>, mistakes: &mut Mistakes) -> Option<Self> {
        match (password, hash) {
            (Some(password), None) => {
                mistakes.password("password", &password);
                Some(Self::Plain(Phi::new(password)))
            }
            (None, Some(hash)) => {
                if let Err(message) = passwords::check_import(&hash) {
                    mistakes.note("passwordHash", message);
                }
                Some(Self::Hashed(hash))
            }
            (Some(_), Some(_)) => {
                mistakes.note("passwordHash", "cannot be given together with password");
                None
            }
            (None, None) => None,
        }
    }

    /// The hash to keep.
    pub async fn hash(&self, passwords: &Passwords) -> Result<String, ApiError> {
        match self {
            Self::Plain(password) => Ok(passwords.hash(password.clone()).await?),
            Self::Hashed(hash) => Ok(hash.clone()),
        }
    }
}
