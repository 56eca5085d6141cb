//! A wrapper for patients' words (protected health information) that cannot be printed by accident.

use std::fmt;

/// A value that must not reach a log, a trace, a metric, a URL or an error.
///
/// `Debug` and `Display` print `[redacted]`; the only way to the value is [`Phi::expose`] or
/// [`Phi::into_inner`], so every place that reads patients' words can be found by name.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Phi<T>(T);

impl<T> Phi<T> {
    pub fn new(value: T) -> Self {
        Self(value)
    }

    pub fn expose(&self) -> &T {
        &self.0
    }

    pub fn into_inner(self) -> T {
        self.0
    }
}

impl From<&str> for Phi<String> {
    fn from(value: &str) -> Self {
        Self(value.to_owned())
    }
}

impl<T> fmt::Debug for Phi<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

impl<T> fmt::Display for Phi<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printing_never_shows_the_value() {
        let words = Phi::new(String::from("my chest hurts"));
        assert_eq!(format!("{words} {words:?} {:?}", Some(&words)), "[redacted] [redacted] Some([redacted])");
    }
}
