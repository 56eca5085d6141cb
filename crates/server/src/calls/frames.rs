//! The frames of the voice socket, as the contract has them. Outside providers speak the same.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::chat::frames::{ErrorCode, FRAME_LIMIT, FrameError, fields};

/// Characters of an ICE candidate at most.
const CANDIDATE_LIMIT: usize = 1_024;
/// Characters of a transcript at most, whoever it comes from.
pub const TRANSCRIPT_LIMIT: usize = 8_000;

/// What a client sends on the voice socket, after `auth` where the URL held no token.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum VoiceClientFrame {
    /// Begins the call; a later one goes on with it after the network has changed.
    #[serde(rename_all = "camelCase")]
    Offer {
        sdp: SessionDescription,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session_id: Option<String>,
    },
    #[serde(rename_all = "camelCase")]
    IceCandidate {
        candidate: IceCandidate,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session_id: Option<String>,
    },
    /// Hangs up.
    End,
}

/// A browser's `RTCSessionDescription`.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct SessionDescription {
    #[serde(rename = "type")]
    pub kind: SdpKind,
    #[schema(max_length = 65536)]
    pub sdp: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SdpKind {
    Offer,
    Answer,
}

/// A browser's `RTCIceCandidate`.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IceCandidate {
    /// Empty where there are no more.
    #[schema(max_length = 1024)]
    pub candidate: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sdp_mid: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sdp_m_line_index: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username_fragment: Option<String>,
}

/// What the server sends on the voice socket.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum VoiceServerFrame {
    /// The call is on record under this name.
    #[serde(rename_all = "camelCase")]
    Call {
        call_id: String,
    },
    Answer {
        sdp: SessionDescription,
    },
    IceCandidate {
        candidate: IceCandidate,
    },
    /// What is being said. The last one of something said has `final`, and replaces those before it.
    Transcript {
        role: TranscriptRole,
        #[schema(max_length = 8000)]
        text: String,
        #[serde(rename = "final")]
        is_final: bool,
    },
    State {
        state: CallState,
    },
    /// The call is over; the socket closes.
    Ended {
        /// `hung_up`, `silence`, `lost` and so on.
        reason: String,
    },
    Error {
        code: String,
        message: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TranscriptRole {
    User,
    Assistant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CallState {
    Listening,
    Thinking,
    Speaking,
}

// What is said, and where somebody is, is not for logs.
impl std::fmt::Debug for VoiceClientFrame {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("VoiceClientFrame([redacted])")
    }
}

impl std::fmt::Debug for VoiceServerFrame {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("VoiceServerFrame([redacted])")
    }
}

#[derive(Deserialize)]
struct Kind {
    #[serde(rename = "type")]
    kind: String,
}

/// The fields of a frame, without its kind.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfferFields {
    sdp: SessionDescription,
    #[serde(default)]
    session_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CandidateFields {
    candidate: IceCandidate,
    #[serde(default)]
    session_id: Option<String>,
}

impl VoiceClientFrame {
    /// Reads a frame of a client in two steps, so that what is wrong can be named.
    pub fn parse(text: &str) -> Result<Self, FrameError> {
        if text.len() > FRAME_LIMIT {
            return Err(FrameError::new(ErrorCode::TooLarge, format!("a frame may have {FRAME_LIMIT} bytes")));
        }
        match fields::<Kind>(text)?.kind.as_str() {
            "offer" => {
                let OfferFields { sdp, session_id } = fields(text)?;
                if sdp.kind != SdpKind::Offer {
                    return Err(FrameError::new(ErrorCode::BadFrame, "sdp.type: wants offer"));
                }
                Ok(Self::Offer { sdp, session_id })
            }
            "ice-candidate" => {
                let CandidateFields { candidate, session_id } = fields(text)?;
                if candidate.candidate.chars().count() > CANDIDATE_LIMIT {
                    let message = format!("candidate.candidate: may have {CANDIDATE_LIMIT} characters");
                    return Err(FrameError::new(ErrorCode::TooLarge, message));
                }
                Ok(Self::IceCandidate { candidate, session_id })
            }
            "end" => Ok(Self::End),
            _ => Err(FrameError::new(ErrorCode::UnknownType, "type: wants offer, ice-candidate or end")),
        }
    }

    /// The session that the frame names.
    pub fn session_id(&self) -> Option<&str> {
        match self {
            Self::Offer { session_id, .. } | Self::IceCandidate { session_id, .. } => session_id.as_deref(),
            Self::End => None,
        }
    }

    pub fn bytes(&self) -> Bytes {
        serde_json::to_vec(self).unwrap_or_default().into()
    }
}

impl VoiceServerFrame {
    pub fn bytes(&self) -> Bytes {
        // Nothing in these types can fail to be written.
        serde_json::to_vec(self).unwrap_or_default().into()
    }

    pub fn answer(sdp: String) -> Self {
        Self::Answer { sdp: SessionDescription { kind: SdpKind::Answer, sdp } }
    }

    pub fn error(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Error { code: code.into(), message: message.into() }
    }

    pub fn refusal(error: &FrameError) -> Self {
        Self::error(error.code.as_str(), error.message.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_frame_is_named_and_nothing_of_it_repeated() {
        for (text, code, named) in [
            ("hello", ErrorCode::BadFrame, "JSON"),
            (r#"{"type":"dance"}"#, ErrorCode::UnknownType, "type"),
            (r#"{"type":"offer"}"#, ErrorCode::BadFrame, "sdp: is missing"),
            (r#"{"type":"offer","sdp":"v=0 secret"}"#, ErrorCode::BadFrame, "sdp"),
            (r#"{"type":"offer","sdp":{"type":"answer","sdp":"v=0"}}"#, ErrorCode::BadFrame, "sdp.type"),
            (r#"{"type":"offer","sdp":{"type":"offer"}}"#, ErrorCode::BadFrame, "sdp.sdp: is missing"),
            (r#"{"type":"ice-candidate","candidate":{"candidate":7}}"#, ErrorCode::BadFrame, "candidate.candidate"),
        ] {
            let error = VoiceClientFrame::parse(text).unwrap_err();
            assert_eq!(error.code, code, "{text}");
            assert!(error.message.contains(named) && !error.message.contains("secret"), "{text}: {}", error.message);
        }
        let long = format!(r#"{{"type":"ice-candidate","candidate":{{"candidate":"{}"}}}}"#, "a".repeat(1_025));
        assert_eq!(VoiceClientFrame::parse(&long).unwrap_err().code, ErrorCode::TooLarge);
    }

    #[test]
    fn frames_are_as_the_contract_has_them() {
        let offer = r#"{"type":"offer","sdp":{"type":"offer","sdp":"v=0"},"sessionId":"sess_1"}"#;
        assert_eq!(VoiceClientFrame::parse(offer).unwrap().bytes(), offer.as_bytes());
        let candidate = r#"{"type":"ice-candidate","candidate":{"candidate":"a","sdpMid":"0","sdpMLineIndex":0}}"#;
        assert_eq!(VoiceClientFrame::parse(candidate).unwrap().bytes(), candidate.as_bytes());
        let frame = VoiceServerFrame::Transcript { role: TranscriptRole::User, text: "Hi".into(), is_final: true };
        assert_eq!(frame.bytes(), r#"{"type":"transcript","role":"user","text":"Hi","final":true}"#.as_bytes());
        let frame = VoiceServerFrame::Call { call_id: "call_1".into() };
        assert_eq!(frame.bytes(), r#"{"type":"call","callId":"call_1"}"#.as_bytes());
        assert_eq!(format!("{frame:?}"), "VoiceServerFrame([redacted])");
    }
}
