//! What providers have been seen to do, in both protocols.

use std::time::Duration;

use super::{
    protocol::Protocol,
    server::{Script, Step},
};

/// What a model says in all scenarios in which it answers: with characters of several bytes and code points.
pub const PIECES: [&str; 5] = ["Visitors are", " welcome 👩‍👩‍👧", " from 10 – 20 h", "[1]", "."];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    /// As it should be, at once.
    Answer,
    /// Forty milliseconds between two pieces.
    Slow,
    CarriageReturns,
    NoSpaceBehindData,
    /// One byte a segment, so that characters are cut.
    ByteByByte,
    /// Comments, named events, a byte order mark, pings, thoughts, fields and events that nobody knows.
    Decorated,
    ResetAtOnce,
    ResetBeforeTheFirstPiece,
    ResetInTheMiddle,
    HangAtOnce,
    HangBeforeTheFirstPiece,
    HangInTheMiddle,
    /// Signs of life and nothing else.
    NothingButSignsOfLife,
    SignsOfLifeInTheMiddle,
    /// The body ends properly where the answer does not.
    EndsInTheMiddle,
    EndsWithoutReason,
    EndsWithoutSign,
    BadGateway,
    /// A page with status 200.
    Page,
    RateLimited,
    Overloaded,
    Unavailable,
    NoCredit,
    WrongKey,
    UnknownModel,
    TooLarge,
    InternalError,
    Redirect,
    ErrorAtOnce,
    ErrorInTheMiddle,
    Empty,
    NothingButTheEnd,
    LengthLimit,
    Filtered,
    NoJson,
    /// A call with the number sixty million.
    HugeIndex,
    /// One call more than anybody needs.
    TooManyCalls,
    /// Arguments without end.
    EndlessArguments,
    /// A line of 2 MiB.
    HugeLine,
    /// An event of many short lines, 2 MiB together.
    HugeEvent,
    /// Text without end.
    EndlessText,
}

/// All of them.
pub const SCENARIOS: [Scenario; 41] = [
    Scenario::Answer,
    Scenario::Slow,
    Scenario::CarriageReturns,
    Scenario::NoSpaceBehindData,
    Scenario::ByteByByte,
    Scenario::Decorated,
    Scenario::ResetAtOnce,
    Scenario::ResetBeforeTheFirstPiece,
    Scenario::ResetInTheMiddle,
    Scenario::HangAtOnce,
    Scenario::HangBeforeTheFirstPiece,
    Scenario::HangInTheMiddle,
    Scenario::NothingButSignsOfLife,
    Scenario::SignsOfLifeInTheMiddle,
    Scenario::EndsInTheMiddle,
    Scenario::EndsWithoutReason,
    Scenario::EndsWithoutSign,
    Scenario::BadGateway,
    Scenario::Page,
    Scenario::RateLimited,
    Scenario::Overloaded,
    Scenario::Unavailable,
    Scenario::NoCredit,
    Scenario::WrongKey,
    Scenario::UnknownModel,
    Scenario::TooLarge,
    Scenario::InternalError,
    Scenario::Redirect,
    Scenario::ErrorAtOnce,
    Scenario::ErrorInTheMiddle,
    Scenario::Empty,
    Scenario::NothingButTheEnd,
    Scenario::LengthLimit,
    Scenario::Filtered,
    Scenario::NoJson,
    Scenario::HugeIndex,
    Scenario::TooManyCalls,
    Scenario::EndlessArguments,
    Scenario::HugeLine,
    Scenario::HugeEvent,
    Scenario::EndlessText,
];

/// How long signs of life go on.
const LIFE_SIGNS: u32 = 400;

impl Scenario {
    /// What a server does about one request.
    pub fn script(self, protocol: Protocol) -> Script {
        let head = || Script::begin().bytes(protocol.head(10));
        let begun = || head().bytes(protocol.piece("Visitors are welcome"));
        let refuse = |status, kind| protocol.refuse(status, kind, Vec::new());
        let after_a_second = || vec![("retry-after", String::from("1"))];
        let whole = || protocol.whole(&PIECES, 10, 5);
        match self {
            Self::Answer => Script::begin().bytes(whole()).end(),
            Self::Slow => protocol.answer(&PIECES, Duration::from_millis(40)),
            Self::CarriageReturns => Script::begin().bytes(whole().replace('\n', "\r\n")).end(),
            Self::NoSpaceBehindData => Script::begin().bytes(whole().replace("data: ", "data:")).end(),
            Self::ByteByByte => {
                whole().into_bytes().chunks(1).fold(Script::begin(), |script, byte| script.bytes(byte)).end()
            }
            Self::Decorated => decorated(protocol),
            Self::ResetAtOnce => Script::default().then(Step::Reset),
            Self::ResetBeforeTheFirstPiece => head().then(Step::Pause(PAUSE)).then(Step::Reset),
            Self::ResetInTheMiddle => begun().then(Step::Pause(PAUSE)).then(Step::Reset),
            Self::HangAtOnce => Script::hang(),
            Self::HangBeforeTheFirstPiece => head().then(Step::Hang),
            Self::HangInTheMiddle => begun().then(Step::Hang),
            Self::NothingButSignsOfLife => signs_of_life(head(), protocol),
            Self::SignsOfLifeInTheMiddle => signs_of_life(begun(), protocol),
            Self::EndsInTheMiddle => begun().end(),
            Self::EndsWithoutReason => begun().bytes(protocol.end()).end(),
            Self::EndsWithoutSign => begun().bytes(protocol.finish("end", 3)).end(),
            Self::BadGateway => Script::page(502),
            Self::Page => Script::page(200),
            Self::RateLimited => protocol.refuse(429, "rate_limit_error", after_a_second()),
            Self::Overloaded => refuse(529, "overloaded_error"),
            Self::Unavailable => refuse(503, "unavailable"),
            Self::NoCredit => refuse(429, "insufficient_quota"),
            Self::WrongKey => refuse(401, "authentication_error"),
            Self::UnknownModel => refuse(404, "not_found_error"),
            Self::TooLarge => refuse(413, "request_too_large"),
            Self::InternalError => refuse(500, "api_error"),
            Self::Redirect => protocol.refuse(307, "moved", vec![("location", String::from("/elsewhere"))]),
            Self::ErrorAtOnce => Script::begin().bytes(protocol.error()).end(),
            Self::ErrorInTheMiddle => begun().bytes(protocol.error()).end(),
            Self::Empty => head().bytes(protocol.finish("end", 0) + &protocol.end()).end(),
            Self::NothingButTheEnd => Script::begin().bytes(protocol.end()).end(),
            Self::LengthLimit => begun().bytes(protocol.finish("length", 3) + &protocol.end()).end(),
            Self::Filtered => begun().bytes(protocol.finish("filter", 3) + &protocol.end()).end(),
            Self::NoJson => begun().bytes("data: <html>\n\n").end(),
            Self::HugeIndex => calling(protocol, &protocol.call(60_000_000, "call_a", "noSuchTool", &["{}"])),
            Self::TooManyCalls => calling(
                protocol,
                &(0..129).map(|index| protocol.call(index, "call_a", "noSuchTool", &[])).collect::<String>(),
            ),
            Self::EndlessArguments => {
                let fragment = "x".repeat(8 * 1024);
                calling(protocol, &protocol.call(0, "call_a", "noSuchTool", &vec![fragment.as_str(); 512]))
            }
            Self::HugeLine => begun().bytes(format!("data: \"{}", "x".repeat(2 * 1024 * 1024))).end(),
            Self::HugeEvent => begun().bytes("data: xxxxxxxxxxxxxxxx\n".repeat(128 * 1024)).end(),
            Self::EndlessText => {
                let piece = protocol.piece(&"word ".repeat(1_000));
                (0..200).fold(head(), |script, _| script.bytes(piece.clone())).end()
            }
        }
    }
}

/// So long that what came before has been read.
const PAUSE: Duration = Duration::from_millis(50);

fn calling(protocol: Protocol, calls: &str) -> Script {
    Script::begin()
        .bytes(protocol.head(10) + calls)
        .bytes(protocol.finish("calls", 5) + &protocol.usage(10, 5) + &protocol.end())
        .end()
}

fn signs_of_life(begun: Script, protocol: Protocol) -> Script {
    let sign = match protocol {
        Protocol::OpenAi => String::from(": OPENROUTER PROCESSING\n\n"),
        Protocol::Anthropic => String::from("event: ping\ndata: {\"type\": \"ping\"}\n\n"),
    };
    let script = (0..LIFE_SIGNS).fold(begun, |script, number| {
        let sign = if number % 2 == 0 { sign.clone() } else { protocol.thought("Hm.") };
        script.bytes(sign).then(Step::Pause(PAUSE))
    });
    script.then(Step::Hang)
}

fn decorated(protocol: Protocol) -> Script {
    let unknown = match protocol {
        Protocol::OpenAi => "event: later\ndata: {\"object\":\"later\",\"choices\":[],\"later\":[{}]}\n\n",
        Protocol::Anthropic => {
            "event: later\ndata: no JSON\n\nevent: content_block_delta\ndata: \
             {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"later_delta\",\"text\":7}}\n\n"
        }
    };
    let mut text = format!("\u{feff}: PROCESSING\n\nid: 7\nretry: 10\n\n{unknown}{}", protocol.head(10));
    text.push_str(&protocol.thought("Let me see."));
    for piece in PIECES {
        text.push_str(&protocol.piece(piece));
        text.push_str(": still there\n\n");
        text.push_str(unknown);
    }
    text.push_str(&(protocol.finish("end", 5) + &protocol.usage(10, 5) + &protocol.end()));
    Script::begin().bytes(text).end()
}
