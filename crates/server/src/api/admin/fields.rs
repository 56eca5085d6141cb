//! What the fields of the administration's bodies may hold.

use kuzushi_domain::origin::OriginPattern;

use crate::{
    auth::passwords,
    error::{ApiError, FieldError},
};

/// Characters that a name may have.
const NAME_LIMIT: usize = 200;
/// Characters that a description or note may have.
const TEXT_LIMIT: usize = 2_000;
const PROJECT_ID_LIMIT: usize = 100;

/// The mistakes in a body, gathered so that all are told at once.
#[derive(Default)]
pub struct Mistakes(Vec<FieldError>);

impl Mistakes {
    pub fn note(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.push(FieldError::new(field, message));
    }

    pub fn name(&mut self, field: &str, value: &str) {
        if value.trim().is_empty() {
            self.note(field, "must not be empty");
        } else if value.chars().count() > NAME_LIMIT {
            self.note(field, format!("must have at most {NAME_LIMIT} characters"));
        }
    }

    pub fn reason(&mut self, field: &str, value: &str) {
        if value.trim().is_empty() {
            self.note(field, "must not be empty");
        }
        self.text(field, value);
    }

    pub fn text(&mut self, field: &str, value: &str) {
        if value.chars().count() > TEXT_LIMIT {
            self.note(field, format!("must have at most {TEXT_LIMIT} characters"));
        }
    }

    pub fn password(&mut self, field: &str, value: &str) {
        if value.chars().count() < passwords::SHORTEST {
            self.note(field, format!("must have at least {} characters", passwords::SHORTEST));
        } else if value.len() > passwords::LONGEST {
            self.note(field, format!("must have at most {} bytes", passwords::LONGEST));
        }
    }

    pub fn project_id(&mut self, field: &str, value: &str) {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if value.is_empty() || value.len() > PROJECT_ID_LIMIT || !value.bytes().all(plain) {
            self.note(field, format!("must have 1 to {PROJECT_ID_LIMIT} of a-z, 0-9 and -, such as st-marys-portal"));
        }
    }

    /// The name of a suite.
    pub fn suite(&mut self, field: &str, value: &str) {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if value.is_empty() || value.len() > PROJECT_ID_LIMIT || !value.bytes().all(plain) {
            self.note(field, format!("must have 1 to {PROJECT_ID_LIMIT} of a-z, 0-9 and -, such as before-going-live"));
        }
    }

    pub fn key_id(&mut self, field: &str, value: &str) {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        if value.is_empty() || value.len() > PROJECT_ID_LIMIT || !value.bytes().all(plain) {
            self.note(field, format!("must have 1 to {PROJECT_ID_LIMIT} letters, digits and . _ -, such as 2026-11"));
        }
    }

    pub fn domain(&mut self, field: &str, value: &str) {
        let label = |label: &str| {
            !label.is_empty()
                && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        };
        if value.len() > 253 || !value.contains('.') || !value.split('.').all(label) {
            self.note(field, "must be an internet domain in lower case, such as stmarys.example.org");
        }
    }

    pub fn origins(&mut self, field: &str, values: &[String]) {
        for (position, value) in values.iter().enumerate() {
            if let Err(error) = value.parse::<OriginPattern>() {
                self.note(format!("{field}.{position}"), error.to_string());
            }
        }
    }

    pub fn into_result(self) -> Result<(), ApiError> {
        if self.0.is_empty() { Ok(()) } else { Err(ApiError::InvalidBody(self.0)) }
    }
}
