//! Codes that change every half minute (TOTP, RFC 6238): what a phone's authenticator shows.
//!
//! Thirty lines over the HMAC that is here already: the crates for it bring another one, and leave to the caller what is
//! easy to get wrong, that a code counts once.

use std::fmt::Write;

use aws_lc_rs::{constant_time, digest, hmac, rand};
use chrono::{DateTime, Utc};
use data_encoding::BASE32_NOPAD;
use kuzushi_store::SecretHash;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::api_keys::NoRandomness;

/// Bytes of a secret (RFC 4226, 4: 160 bits are recommended).
const SECRET_LENGTH: usize = 20;
/// Seconds that a code is shown. Authenticators know no other number, nor other digits or hashes.
const STEP: i64 = 30;
const DIGITS: u32 = 6;
/// Steps that a phone's clock may be wrong.
const SKEW: i64 = 1;

/// Recovery codes that somebody gets.
const RECOVERY_CODES: usize = 10;
/// Random bytes in one: 16 letters and digits, far too many to guess.
const RECOVERY_LENGTH: usize = 10;

/// A new secret.
pub fn generate_secret() -> Result<Vec<u8>, NoRandomness> {
    let mut secret = vec![0; SECRET_LENGTH];
    rand::fill(&mut secret).map_err(|_| NoRandomness)?;
    Ok(secret)
}

/// A secret as people type it.
pub fn text(secret: &[u8]) -> String {
    BASE32_NOPAD.encode(secret)
}

/// What a phone reads as a QR code.
pub fn url(secret: &[u8], account: &str) -> String {
    let account = utf8_percent_encode(account, NON_ALPHANUMERIC);
    format!(
        "otpauth://totp/Kuzushi:{account}?secret={}&issuer=Kuzushi&algorithm=SHA1&digits={DIGITS}&period={STEP}",
        text(secret)
    )
}

/// The half minute that a code is good for, where it is about now and after the one whose code was used last.
pub fn matching_step(secret: &[u8], presented: &str, used: Option<i64>, now: DateTime<Utc>) -> Option<i64> {
    let presented: String = presented.chars().filter(|character| !character.is_whitespace()).collect();
    let present = step(now);
    (present - SKEW..=present + SKEW).filter(|step| used.is_none_or(|used| *step > used)).find(|step| {
        let expected = code(secret, *step);
        constant_time::verify_slices_are_equal(expected.as_bytes(), presented.as_bytes()).is_ok()
    })
}

/// The half minute of a time, counted from 1970.
pub fn step(now: DateTime<Utc>) -> i64 {
    now.timestamp().div_euclid(STEP)
}

/// The code of a half minute (RFC 4226, 5.3).
pub fn code(secret: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag[tag.len() - 1] & 0xf);
    let mut bytes = [0; 4];
    bytes.copy_from_slice(&tag[offset..offset + 4]);
    let number = u32::from_be_bytes(bytes) & 0x7fff_ffff;
    format!("{:0width$}", number % 10_u32.pow(DIGITS), width = DIGITS as usize)
}

/// New recovery codes, to be shown once.
pub fn generate_recovery_codes() -> Result<Vec<String>, NoRandomness> {
    (0..RECOVERY_CODES).map(|_| generate_recovery_code()).collect()
}

fn generate_recovery_code() -> Result<String, NoRandomness> {
    let mut secret = [0; RECOVERY_LENGTH];
    rand::fill(&mut secret).map_err(|_| NoRandomness)?;
    let text = BASE32_NOPAD.encode(&secret).to_lowercase();
    let mut code = String::with_capacity(20);
    for (position, character) in text.chars().enumerate() {
        let hyphen = if position > 0 && position % 4 == 0 { "-" } else { "" };
        write!(code, "{hyphen}{character}").map_err(|_| NoRandomness)?;
    }
    Ok(code)
}

/// What is kept of a recovery code, however it is spelled. 80 random bits need nothing slower.
pub fn recovery_hash(code: &str) -> SecretHash {
    let code: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    let mut hash = SecretHash::default();
    hash.copy_from_slice(digest::digest(&digest::SHA256, code.to_lowercase().as_bytes()).as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    /// RFC 6238, appendix B, in the six digits that authenticators show.
    #[test]
    fn codes_are_those_of_the_rfc() {
        for (seconds, expected) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            assert_eq!(code(SECRET, seconds / STEP), expected[2..], "{seconds}");
            assert_eq!(matching_step(SECRET, &expected[2..], None, at(seconds)), Some(seconds / STEP));
        }
    }

    #[test]
    fn a_code_is_good_about_its_time_and_once() {
        let step = 1_111_111_111 / STEP;
        let good = code(SECRET, step);
        for (seconds, is_good) in [(-31, false), (-30, true), (0, true), (59, true), (60, false)] {
            let found = matching_step(SECRET, &good, None, at(step * STEP + seconds));
            assert_eq!(found.is_some(), is_good, "{seconds}");
        }
        let now = at(step * STEP);
        assert_eq!(matching_step(SECRET, &format!(" {} {} ", &good[..3], &good[3..]), None, now), Some(step));
        assert_eq!(matching_step(SECRET, &good, Some(step - 1), now), Some(step));
        assert_eq!(matching_step(SECRET, &good, Some(step), now), None, "it was used");
        for wrong in ["", "0", &good[1..], &format!("{good}0"), "００００００"] {
            assert_eq!(matching_step(SECRET, wrong, None, now), None, "{wrong}");
        }
        assert_eq!(matching_step(b"another secret of 20", &good, None, now), None);
    }

    #[test]
    fn a_phone_reads_the_secret_from_the_address() {
        assert_eq!(
            url(SECRET, "ann+admin@example.org"),
            "otpauth://totp/Kuzushi:ann%2Badmin%40example%2Eorg?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Kuzushi&algorithm=SHA1&digits=6&period=30"
        );
    }

    #[test]
    fn a_recovery_code_is_the_same_however_it_is_typed() {
        let codes = generate_recovery_codes().unwrap();
        assert_eq!((codes.len(), codes[0].len()), (10, 19));
        let typed = codes[0].to_uppercase().replace('-', " ");
        assert_eq!(recovery_hash(&codes[0]), recovery_hash(&typed));
        assert_ne!(recovery_hash(&codes[0]), recovery_hash(&codes[1]));
    }
}
