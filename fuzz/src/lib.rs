//! Texts that clients send, and what becomes of them when somebody changes them at random.

#[cfg(test)]
mod targets;

/// Stands wherever a client's own words can stand, and must be repeated nowhere.
pub const CANARY: &str = "canaryknee";

/// Frames that visitors send.
pub const FRAMES: [&str; 9] = [
    r#"{"type":"user_message","messageId":"m1","content":"canaryknee hurts","metadata":{"timestamp":"2026-11-23T09:00:00.000Z"}}"#,
    r#"{"type":"user_message","messageId":"m1","content":"canaryknee","attachments":[]}"#,
    r#"{"type":"init","sessionId":"sess_canaryknee","lastSeq":12}"#,
    r#"{"type":"auth","token":"canaryknee","sessionId":"sess_1"}"#,
    r#"{"type":"cancel","messageId":"m1"}"#,
    r#"{"type":"feedback","messageId":"m1","rating":1,"comment":"canaryknee"}"#,
    r#"{"type":"read","messageId":"m1"}"#,
    r#"{"type":"typing","active":true}"#,
    r#"{"type":"ping"}"#,
];

/// Bodies of requests that need no login.
pub const BODIES: [&str; 3] = [
    r#"{"projectId":"portal","widgetInstanceId":"canaryknee","pageUrl":"https://x.example/?canaryknee","hostOrigin":"https://www.general.example","userAgent":"a","locale":"en-US"}"#,
    r#"{"projectId":"portal"}"#,
    r#"{"erase":true}"#,
];

/// Pieces that are likely to be handled apart.
const PIECES: [&str; 16] = [
    "null",
    "-1",
    "18446744073709551616",
    "1e400",
    "\"\\ud800\"",
    "\"\\u0000\"",
    "[]",
    "{}",
    "[[[[",
    "{\"a\":",
    "\"",
    "\\",
    ",",
    "}",
    "\u{202e}",
    "true",
];

/// Changes a text as the bytes say: three of them a change.
pub fn changed(text: &str, changes: &[u8]) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for change in changes.chunks_exact(3) {
        let place = usize::from(change[1]) * bytes.len() / 256;
        let end = (place + usize::from(change[2] >> 4) + 1).min(bytes.len());
        match change[0] % 6 {
            0 if place < bytes.len() => bytes[place] = change[2],
            1 => bytes.insert(place, change[2]),
            2 => drop(bytes.drain(place..end)),
            3 => drop(bytes.splice(place..end, PIECES[usize::from(change[2] & 15)].bytes())),
            4 => {
                let repeated = bytes[place..end].repeat(usize::from(change[2] & 15));
                drop(bytes.splice(place..place, repeated));
            }
            _ => bytes.truncate(place),
        }
    }
    bytes
}
