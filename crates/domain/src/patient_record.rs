//! Where a hospital keeps what it knows of a patient.

use std::fmt;

use crate::Phi;

/// Which patient of which FHIR server somebody is.
#[derive(Clone, PartialEq, Eq)]
pub struct PatientRecord {
    /// The server's name in the operator's settings: a patient's id means nothing on another one.
    pub server: String,
    /// The logical id of the `Patient`.
    pub patient: Phi<String>,
}

impl fmt::Debug for PatientRecord {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PatientRecord").field("server", &self.server).finish_non_exhaustive()
    }
}

/// Whether a text can be the logical id of a resource: 1 to 64 letters, digits, `-` and `.`.
pub fn is_logical_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_what_the_standard_says_and_is_not_printed() {
        assert!(is_logical_id("eq081-VQEgP8drUUqCWzHfw3") && is_logical_id("1.2.3"));
        for text in ["", "a/b", "a b", "Patient/1", "é", &"a".repeat(65)] {
            assert!(!is_logical_id(text), "{text}");
        }
        let record = PatientRecord { server: "main".into(), patient: Phi::from("secret") };
        assert!(!format!("{record:?}").contains("secret"));
    }
}
