//! Shapes that go over the wire in more than one place.

use chrono::{DateTime, SecondsFormat, Utc};
use kuzushi_domain::{Attachment, Citation, NumberToCall, Rating};
use kuzushi_store::Message;
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

/// A point in time: RFC 3339, UTC, with milliseconds.
#[derive(Debug, Clone, Copy, ToSchema)]
#[schema(value_type = String, format = DateTime, example = "2026-11-23T09:00:00.000Z")]
pub struct Timestamp(pub DateTime<Utc>);

impl Timestamp {
    pub fn text(self) -> String {
        self.0.to_rfc3339_opts(SecondsFormat::Millis, true)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

/// A stored message.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WireMessage {
    pub message_id: String,
    /// 1, 2, 3… within the session.
    pub seq: i64,
    #[schema(value_type = WireRole)]
    pub role: &'static str,
    pub content: String,
    pub created_at: Timestamp,
    /// The message that this one answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    pub in_reply_to: Option<String>,
    /// What the answer rests on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub citations: Vec<WireCitation>,
    /// The files that came with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub attachments: Vec<WireAttachment>,
    /// What the visitor thinks of this answer, where they have said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    pub rating: Option<WireRating>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    pub rating_comment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    pub metadata: Option<WireMessageMetadata>,
    /// What makes a message of the system a notice, shown apart from the answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    pub notice: Option<WireNotice>,
}

/// What belongs to a notice beside its text.
#[derive(Serialize, ToSchema)]
pub struct WireNotice {
    #[schema(value_type = WireNoticeCode)]
    pub code: &'static str,
    /// Whom to call, the most important first.
    pub numbers: Vec<WireNumber>,
}

#[derive(ToSchema)]
#[schema(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum WireNoticeCode {
    Emergency,
    AiDisclosure,
    Limit,
    Handoff,
}

/// A number to call.
#[derive(Serialize, ToSchema)]
pub struct WireNumber {
    /// As somebody dials it.
    pub number: String,
    /// Whose it is; empty for the number for all emergencies.
    pub name: String,
}

impl From<&NumberToCall> for WireNumber {
    fn from(NumberToCall { number, name }: &NumberToCall) -> Self {
        Self { number: number.clone(), name: name.clone() }
    }
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum WireRole {
    User,
    Assistant,
    Agent,
    System,
}

/// Whether an answer helped.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum WireRating {
    Up,
    Down,
}

// serde takes anything but a word for broken JSON where it wants one of several.
impl TryFrom<String> for WireRating {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(|rating: Rating| rating.into()).map_err(|_| "another word, expected up or down")
    }
}

impl From<Rating> for WireRating {
    fn from(rating: Rating) -> Self {
        match rating {
            Rating::Up => Self::Up,
            Rating::Down => Self::Down,
        }
    }
}

impl From<WireRating> for Rating {
    fn from(rating: WireRating) -> Self {
        match rating {
            WireRating::Up => Self::Up,
            WireRating::Down => Self::Down,
        }
    }
}

/// An article that an answer rests on.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WireCitation {
    pub article_id: String,
    pub title: String,
    /// Absolute, or a path on the API's own origin.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    pub url: Option<String>,
    /// The heading of the passage.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    pub section: Option<String>,
    /// Where on the page at `url` the passage begins: what follows the `#` of a link to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    pub anchor: Option<String>,
    /// The beginning of the passage.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    pub snippet: Option<String>,
}

/// A file that came with a message.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WireAttachment {
    pub file_id: String,
    /// What it is called, without folders and with the ending of what it is.
    pub name: String,
    #[schema(example = "image/jpeg")]
    pub media_type: String,
    /// Bytes.
    pub size: i64,
}

impl From<&Attachment> for WireAttachment {
    fn from(Attachment { id, name, media_type, size }: &Attachment) -> Self {
        Self { file_id: id.clone(), name: name.expose().clone(), media_type: media_type.clone(), size: *size }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WireMessageMetadata {
    /// The visitor stopped the answer.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub stopped: bool,
    /// The assistant says that it does not know. What it cites is no more than near.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub no_answer: bool,
    /// When the client says it sent the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    pub timestamp: Option<String>,
    /// How it was said, where it was not typed or read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, value_type = WireChannel)]
    pub channel: Option<&'static str>,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub enum WireChannel {
    Voice,
}

impl From<&Message> for WireMessage {
    fn from(message: &Message) -> Self {
        let (details, feedback) = (&message.details, message.feedback.as_ref());
        let comment = feedback.and_then(|feedback| feedback.comment.as_ref());
        let metadata = WireMessageMetadata {
            stopped: details.stopped,
            no_answer: details.no_answer,
            timestamp: details.client_timestamp.clone(),
            channel: details.is_spoken.then_some("voice"),
        };
        let has_metadata =
            metadata.stopped || metadata.no_answer || metadata.timestamp.is_some() || metadata.channel.is_some();
        Self {
            message_id: message.message_id.clone(),
            seq: message.seq,
            role: message.role.as_str(),
            content: message.content.expose().clone(),
            created_at: Timestamp(message.created_at),
            in_reply_to: message.in_reply_to.clone(),
            citations: details.citations.iter().cloned().map(WireCitation::from).collect(),
            attachments: details.attachments.iter().map(WireAttachment::from).collect(),
            rating: feedback.map(|feedback| feedback.rating.into()),
            rating_comment: comment.map(|comment| comment.expose().clone()),
            metadata: has_metadata.then_some(metadata),
            notice: details.notice.as_ref().map(|notice| WireNotice {
                code: notice.code.as_str(),
                numbers: notice.numbers.iter().map(WireNumber::from).collect(),
            }),
        }
    }
}

impl From<Citation> for WireCitation {
    fn from(citation: Citation) -> Self {
        let Citation { article_id, title, url, section, anchor, snippet } = citation;
        Self { article_id, title, url, section, anchor, snippet }
    }
}
