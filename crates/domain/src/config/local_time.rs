//! What time it is at the hospital.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::Contact;

/// How a time zone is asked for.
pub(super) const A_TIME_ZONE: &str = "wants a time zone of the IANA database, such as America/New_York";

/// Whether there is such a time zone. None at all is fine too.
pub(super) fn is_time_zone(name: &str) -> bool {
    name.is_empty() || name.parse::<Tz>().is_ok()
}

impl Contact {
    /// Day and time at the hospital, in words, where its time zone is known: `Sunday, 29 November 2026, 14:05`.
    pub fn local_time(&self, now: DateTime<Utc>) -> Option<String> {
        let zone: Tz = self.time_zone.parse().ok()?;
        Some(now.with_timezone(&zone).format("%A, %-d %B %Y, %H:%M").to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_at_the_hospital_follows_its_zone_and_the_season() {
        let at = |zone: &str, time: &str| {
            let contact = Contact { time_zone: zone.to_owned(), ..Contact::default() };
            contact.local_time(time.parse().expect("a time"))
        };
        let winter = at("America/New_York", "2026-11-30T02:05:00Z");
        assert_eq!(winter.as_deref(), Some("Sunday, 29 November 2026, 21:05"));
        let summer = at("America/New_York", "2026-07-01T02:05:00Z");
        assert_eq!(summer.as_deref(), Some("Tuesday, 30 June 2026, 22:05"));
        assert_eq!(at("", "2026-07-01T02:05:00Z"), None);
    }
}
