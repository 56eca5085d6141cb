//! RFC 6455, frame by frame: what the chat socket makes of correct, odd and broken frames. The cases follow the
//! categories that WebSocket test suites have: framing, pings, reserved bits, opcodes, fragments, UTF-8, closing, sizes.

use kuzushi_store::Engine;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Duration, timeout},
};

use crate::{app::TestApp, server::StartedSession};

const PATIENCE: Duration = Duration::from_secs(20);

const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;
const FINAL: u8 = 0x80;

const ASK: &[u8] = br#"{"type":"ping"}"#;

/// A connection on which every byte is ours.
struct Wire {
    stream: TcpStream,
}

/// A frame that came.
#[derive(Debug, PartialEq, Eq)]
struct Frame {
    opcode: u8,
    payload: Vec<u8>,
}

/// How a frame is written: the first byte, whether masked, and the payload.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    let mut bytes = head(first, payload.len(), true);
    bytes.extend(mask);
    bytes.extend(payload.iter().enumerate().map(|(place, byte)| byte ^ mask[place % 4]));
    bytes
}

fn head(first: u8, length: usize, is_masked: bool) -> Vec<u8> {
    let masked = if is_masked { 0x80 } else { 0 };
    let mut bytes = vec![first];
    match length {
        0..=125 => bytes.push(masked | length as u8),
        126..=65_535 => {
            bytes.push(masked | 126);
            bytes.extend((length as u16).to_be_bytes());
        }
        _ => {
            bytes.push(masked | 127);
            bytes.extend((length as u64).to_be_bytes());
        }
    }
    bytes
}

/// An `{"type":"ping"}` of exactly so many bytes.
fn padded(length: usize) -> Vec<u8> {
    let mut text = ASK.to_vec();
    text.resize(length, b' ');
    text
}

impl Wire {
    async fn open(app: &TestApp, session: &StartedSession) -> Self {
        let mut stream = TcpStream::connect(&app.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let request = format!(
            "GET /ws/chat?sessionId={}&token={} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n",
            session.id, session.token, app.address
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut response = Vec::new();
        while !response.ends_with(b"\r\n\r\n") {
            response.push(stream.read_u8().await.unwrap());
        }
        let response = String::from_utf8(response).unwrap().to_ascii_lowercase();
        assert!(response.starts_with("http/1.1 101"), "{response}");
        assert!(response.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="), "{response}");
        assert!(!response.contains("sec-websocket-extensions"), "an extension that is not there must not be agreed on");
        let mut wire = Self { stream };
        assert_eq!(wire.read_json().await["type"], "session_ack");
        wire
    }

    async fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// The next frame. None: the connection is closed.
    async fn read(&mut self) -> Option<Frame> {
        timeout(PATIENCE, self.read_frame()).await.expect("a frame in time")
    }

    async fn read_frame(&mut self) -> Option<Frame> {
        let first = self.stream.read_u8().await.ok()?;
        assert_eq!(first & 0x70, 0, "reserved bits");
        assert_eq!(first & FINAL, FINAL, "the server sends whole messages");
        let length = self.stream.read_u8().await.ok()?;
        assert_eq!(length & 0x80, 0, "a server masks nothing");
        let length = match length {
            126 => u64::from(self.stream.read_u16().await.ok()?),
            127 => self.stream.read_u64().await.ok()?,
            length => u64::from(length),
        };
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        self.stream.read_exact(&mut payload).await.ok()?;
        Some(Frame { opcode: first & 0x0f, payload })
    }

    async fn read_json(&mut self) -> Value {
        let frame = self.read().await.expect("a frame");
        assert_eq!(frame.opcode, TEXT, "{frame:?}");
        serde_json::from_slice(&frame.payload).unwrap()
    }

    async fn expect_answer(&mut self, kind: &str) {
        let answer = self.read_json().await;
        assert!(answer["type"] == kind || answer["code"] == kind, "{answer} instead of {kind}");
    }

    /// The socket still works.
    async fn expect_open(&mut self) {
        self.write(&frame(FINAL | TEXT, ASK)).await;
        self.expect_answer("pong").await;
    }

    /// The server closes with this code, and then the connection.
    async fn expect_close(mut self, code: u16) {
        let close = self.read().await.expect("a close frame");
        assert_eq!(close.opcode, CLOSE, "{close:?}");
        assert_eq!(close.payload.get(..2), Some(&code.to_be_bytes()[..]), "{close:?}");
        std::str::from_utf8(&close.payload[2..]).expect("a reason in UTF-8");
        let _ = self.stream.write_all(&frame(FINAL | CLOSE, &code.to_be_bytes())).await;
        assert_eq!(self.read().await, None, "nothing comes after a close frame");
    }

    /// The connection fails: with a close frame of this code, or, where frames can no longer be told apart, without.
    async fn expect_failure(mut self, code: u16) {
        while let Some(frame) = self.read().await {
            if frame.opcode == CLOSE {
                assert_eq!(frame.payload.get(..2), Some(&code.to_be_bytes()[..]), "{frame:?}");
            } else {
                assert_eq!(frame.opcode, TEXT, "{frame:?}");
            }
        }
    }
}

async fn app() -> (TestApp, StartedSession) {
    let app = TestApp::start_with(Engine::Sqlite, |config| config.limits.connections_per_session = 1_000).await;
    let session = app.init("portal").await;
    (app, session)
}

#[tokio::test]
async fn frames_of_every_length_are_read() {
    let (app, session) = app().await;
    let mut wire = Wire::open(&app, &session).await;
    for length in [15, 125, 126, 127, 128, 65_535, 65_536] {
        wire.write(&frame(FINAL | TEXT, &padded(length))).await;
        wire.expect_answer("pong").await;
    }
    for length in [65_537, 1_000_000] {
        wire.write(&frame(FINAL | TEXT, &padded(length))).await;
        wire.expect_answer("TOO_LARGE").await;
    }
    for length in [0, 1, 126, 65_536] {
        wire.write(&frame(FINAL | BINARY, &vec![0xfe; length])).await;
        wire.expect_answer("BAD_FRAME").await;
    }
    wire.write(&frame(FINAL | TEXT, b"")).await;
    wire.expect_answer("BAD_FRAME").await;
    wire.expect_open().await;
}

#[tokio::test]
async fn frames_in_any_pieces_are_read() {
    let (app, session) = app().await;
    let mut wire = Wire::open(&app, &session).await;
    for byte in frame(FINAL | TEXT, &padded(300)) {
        wire.write(&[byte]).await;
    }
    wire.expect_answer("pong").await;
    let many: Vec<_> = (0..50).flat_map(|_| frame(FINAL | TEXT, ASK)).collect();
    wire.write(&many).await;
    for _ in 0..50 {
        wire.expect_answer("pong").await;
    }
}

#[tokio::test]
async fn a_ping_is_answered_with_what_it_held() {
    let (app, session) = app().await;
    let mut wire = Wire::open(&app, &session).await;
    for payload in [&b""[..], b"Hello", &[0, 255, 254, 253], &[0xfe; 125]] {
        wire.write(&frame(FINAL | PING, payload)).await;
        assert_eq!(wire.read().await, Some(Frame { opcode: PONG, payload: payload.to_vec() }));
    }
    wire.write(&frame(FINAL | PONG, b"unasked for")).await;
    wire.expect_open().await;
    // A control frame has at most 125 bytes.
    wire.write(&frame(FINAL | PING, &[0xfe; 126])).await;
    wire.expect_failure(1002).await;
}

#[tokio::test]
async fn reserved_bits_and_opcodes_break_the_connection() {
    let (app, session) = app().await;
    for first in [0x40, 0x20, 0x10, 0x70].map(|bits| FINAL | bits | TEXT) {
        let mut wire = Wire::open(&app, &session).await;
        wire.write(&frame(first, ASK)).await;
        wire.expect_failure(1002).await;
    }
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        let mut wire = Wire::open(&app, &session).await;
        wire.write(&frame(FINAL | opcode, b"")).await;
        wire.expect_failure(1002).await;
    }
}

#[tokio::test]
async fn a_client_that_masks_nothing_is_cut_off() {
    let (app, session) = app().await;
    let mut wire = Wire::open(&app, &session).await;
    let mut bytes = head(FINAL | TEXT, ASK.len(), false);
    bytes.extend(ASK);
    wire.write(&bytes).await;
    wire.expect_failure(1002).await;
}

#[tokio::test]
async fn fragments_make_one_message_and_control_frames_may_come_between() {
    let (app, session) = app().await;
    let mut wire = Wire::open(&app, &session).await;
    wire.write(&frame(TEXT, &ASK[..5])).await;
    wire.write(&frame(CONTINUATION, b"")).await;
    wire.write(&frame(FINAL | PING, b"between")).await;
    assert_eq!(wire.read().await, Some(Frame { opcode: PONG, payload: b"between".to_vec() }));
    wire.write(&frame(FINAL | CONTINUATION, &ASK[5..])).await;
    wire.expect_answer("pong").await;
    for byte in ASK.iter().enumerate() {
        let first = if byte.0 == 0 { TEXT } else { CONTINUATION };
        wire.write(&frame(first, &[*byte.1])).await;
    }
    wire.write(&frame(FINAL | CONTINUATION, b"")).await;
    wire.expect_answer("pong").await;

    // Out of place: a continuation of nothing, and a new message before the last one ended.
    wire.write(&frame(FINAL | CONTINUATION, ASK)).await;
    wire.expect_failure(1002).await;
    let mut wire = Wire::open(&app, &session).await;
    wire.write(&frame(TEXT, &ASK[..5])).await;
    wire.write(&frame(FINAL | TEXT, ASK)).await;
    wire.expect_failure(1002).await;
    let mut wire = Wire::open(&app, &session).await;
    wire.write(&frame(PING, b"in two")).await;
    wire.expect_failure(1002).await;
}

#[tokio::test]
async fn fragments_without_end_do_not_fill_the_memory() {
    let (app, session) = app().await;
    let mut wire = Wire::open(&app, &session).await;
    wire.write(&frame(TEXT, b"{")).await;
    let fragment = frame(CONTINUATION, &[b' '; 60_000]);
    for _ in 0..100 {
        if wire.stream.write_all(&fragment).await.is_err() {
            return;
        }
    }
    wire.expect_failure(1009).await;
}

#[tokio::test]
async fn a_length_that_cannot_be_is_refused_before_it_comes() {
    let (app, session) = app().await;
    for length in [10_000_000, usize::MAX >> 1] {
        let mut wire = Wire::open(&app, &session).await;
        // The header with its mask, and nothing of what it announces.
        wire.write(&[head(FINAL | TEXT, length, true), vec![0; 4]].concat()).await;
        wire.expect_failure(1009).await;
    }
}

#[tokio::test]
async fn text_is_utf_8() {
    let (app, session) = app().await;
    let ask = |inner: &[u8]| [br#"{"type":"ping","x":""#, inner, br#""}"#].concat();
    let mut wire = Wire::open(&app, &session).await;
    for valid in ["κόσμε", "\u{7f}\u{80}\u{7ff}\u{800}\u{ffff}", "\u{10000}\u{10ffff}", "👩‍⚕️"] {
        let text = ask(valid.as_bytes());
        wire.write(&frame(FINAL | TEXT, &text)).await;
        wire.expect_answer("pong").await;
        // In the middle of a character.
        wire.write(&frame(TEXT, &text[..21])).await;
        wire.write(&frame(FINAL | CONTINUATION, &text[21..])).await;
        wire.expect_answer("pong").await;
    }
    let invalid: [&[u8]; 9] = [
        &[0x80],
        &[0xbf],
        &[0xc0, 0xaf],
        &[0xe0, 0x80, 0xaf],
        &[0xed, 0xa0, 0x80],
        &[0xf0, 0x80, 0x80, 0xaf],
        &[0xf4, 0x90, 0x80, 0x80],
        &[0xfe],
        &[0xce, 0xba, 0xe1],
    ];
    for invalid in invalid {
        let text = ask(invalid);
        let mut wire = Wire::open(&app, &session).await;
        wire.write(&frame(FINAL | TEXT, &text)).await;
        wire.expect_failure(1007).await;
        let mut wire = Wire::open(&app, &session).await;
        wire.write(&frame(TEXT, &text[..20])).await;
        wire.write(&frame(FINAL | CONTINUATION, &text[20..])).await;
        wire.expect_failure(1007).await;
    }
}

#[tokio::test]
async fn closing_is_answered_in_kind() {
    let (app, session) = app().await;
    for code in [1000_u16, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999] {
        let mut wire = Wire::open(&app, &session).await;
        wire.write(&frame(FINAL | CLOSE, &[&code.to_be_bytes()[..], b"bye"].concat())).await;
        wire.expect_close(code).await;
    }
    let mut wire = Wire::open(&app, &session).await;
    wire.write(&frame(FINAL | CLOSE, b"")).await;
    let close = wire.read().await.expect("a close frame");
    assert_eq!((close.opcode, close.payload.len()), (CLOSE, 0));
    assert_eq!(wire.read().await, None);
}

#[tokio::test]
async fn a_close_frame_that_is_none_is_a_protocol_error() {
    let (app, session) = app().await;
    let codes = [0_u16, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999];
    let invalid_codes = codes.map(|code| code.to_be_bytes().to_vec());
    for payload in invalid_codes.into_iter().chain([vec![3]]) {
        let mut wire = Wire::open(&app, &session).await;
        wire.write(&frame(FINAL | CLOSE, &payload)).await;
        wire.expect_failure(1002).await;
    }
    let mut wire = Wire::open(&app, &session).await;
    wire.write(&frame(FINAL | CLOSE, &[0x03, 0xe8, 0xce, 0xba, 0xe1])).await;
    wire.expect_failure(1007).await;
}

#[tokio::test]
async fn nothing_is_done_for_a_client_that_has_said_goodbye() {
    let (app, session) = app().await;
    let mut wire = Wire::open(&app, &session).await;
    let mut bytes = frame(FINAL | CLOSE, &1000_u16.to_be_bytes());
    bytes.extend(frame(FINAL | TEXT, br#"{"type":"user_message","messageId":"late","content":"Hello"}"#));
    wire.write(&bytes).await;
    wire.expect_close(1000).await;
    let path = format!("/v1/sessions/{}/messages", session.id);
    let page: Value = app.get(&path, &session.token).await.json().await.unwrap();
    assert_eq!(page["messages"].as_array().unwrap().len(), 0);
}
