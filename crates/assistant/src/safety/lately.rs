//! The same words read once: a question is looked at as it comes in and again as it is answered, and many people ask the same.

use std::sync::LazyLock;

use super::emergency::{self, Finding};
use crate::recent::Recent;

/// Some 100 KB of hashes; hardly any finds anything.
const KEPT: usize = 1_024;

static ALONE: LazyLock<Recent<Vec<Finding>>> = LazyLock::new(|| Recent::new(KEPT));
static ACROSS: LazyLock<Recent<Vec<Finding>>> = LazyLock::new(|| Recent::new(KEPT));

/// As [`emergency::emergencies`].
pub fn emergencies(message: &str, before: Option<&str>) -> Vec<Finding> {
    let found = ALONE.get(message, || emergency::emergencies(message));
    match before {
        Some(before) if found.is_empty() => emergencies_across(before, message),
        _ => found,
    }
}

/// As [`emergency::emergencies_across`].
pub fn emergencies_across(before: &str, message: &str) -> Vec<Finding> {
    ACROSS.get((before, message), || emergency::emergencies_across(before, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_found_is_found_again_and_only_with_the_same_message_before() {
        for _ in 0..2 {
            assert!(!emergencies("I want to kill myself", None).is_empty());
            assert!(emergencies("hurts really bad", None).is_empty());
            assert!(!emergencies("hurts really bad", Some("my chest")).is_empty());
            assert!(emergencies("hurts really bad", Some("my new shoes")).is_empty());
            assert!(emergencies("my chest", None).is_empty());
        }
    }
}
