//! JSON bodies whose mistakes are named by field.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::{
    error::{ApiError, FieldError},
    state::AppState,
};

/// Bytes an HTTP body may have.
pub const BODY_LIMIT: usize = 1024 * 1024;

/// A JSON body, sent as `application/json`, or as `text/plain` to spare the browser a preflight.
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned> FromRequest<AppState> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Self::Rejection> {
        let encoded = request.headers().get(header::CONTENT_ENCODING).is_some_and(|coding| coding != "identity");
        if encoded || !is_json(request.headers()) {
            return Err(ApiError::UnsupportedMediaType);
        }
        // The limit is set on the router; nothing but its excess makes a body unreadable that has arrived whole.
        let bytes = Bytes::from_request(request, state).await.map_err(|_| ApiError::TooLarge { limit: BODY_LIMIT })?;
        // No body says as much as an empty object.
        parse(if bytes.is_empty() { b"{}" } else { &bytes }).map(Self)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = content_type.split(';').next().unwrap_or("").trim();
    ["application/json", "text/plain", ""].iter().any(|accepted| essence.eq_ignore_ascii_case(accepted))
}

/// Reads a JSON object; a mistake is named by its field.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    if !is_object(bytes) {
        return Err(ApiError::InvalidBody(vec![FieldError::new("", NO_OBJECT)]));
    }
    let deserializer = &mut serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut *deserializer).map_err(|error| {
        let field = error.path().to_string();
        let described = describe(&field, error.inner());
        let (field, message) = described.split_once(": ").unwrap_or(("", &described));
        ApiError::InvalidBody(vec![FieldError::new(field, message)])
    })?;
    deserializer
        .end()
        .map_err(|_| ApiError::InvalidBody(vec![FieldError::new("", "the body must hold one JSON object")]))?;
    Ok(value)
}

/// What is said of anything else.
pub const NO_OBJECT: &str = "it must be a JSON object";

/// Whether a text sets out to be a JSON object. serde would also read a struct's fields from an array.
pub fn is_object(text: &[u8]) -> bool {
    text.trim_ascii_start().starts_with(b"{")
}

/// Says what is wrong with a piece of JSON as `field: what`, repeating nothing of what was sent.
pub fn describe(path: &str, error: &serde_json::Error) -> String {
    match error.classify() {
        Category::Syntax | Category::Eof | Category::Io => {
            format!("it is not valid JSON (line {}, column {})", error.line(), error.column())
        }
        Category::Data => {
            let text = error.to_string();
            for (problem, what) in [("missing field `", "is missing"), ("duplicate field `", "is there twice")] {
                if let Some(field) = text.strip_prefix(problem).and_then(|rest| rest.split('`').next()) {
                    let parent = if path == "." { String::new() } else { format!("{path}.") };
                    return format!("{parent}{field}: {what}");
                }
            }
            // serde says "invalid type: string \"…\", expected u64 at line…": the middle is what was sent.
            let wanted = text
                .split_once(", expected ")
                .map(|(_, rest)| rest.split(" at line ").next().unwrap_or(rest))
                .map_or_else(|| String::from("cannot be read"), |wanted| format!("wants {}", in_plain_words(wanted)));
            if path == "." { String::from(NO_OBJECT) } else { format!("{path}: {wanted}") }
        }
    }
}

/// serde names Rust's types; people know JSON's.
fn in_plain_words(wanted: &str) -> String {
    match wanted {
        "u64" | "u32" | "usize" => String::from("a whole number, 0 or greater"),
        "i64" | "i32" => String::from("a whole number"),
        "f64" => String::from("a number"),
        "a sequence" => String::from("a list"),
        _ if wanted.starts_with("struct ") => String::from("an object"),
        _ => wanted.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only what goes wrong is looked at")]
    struct Outer {
        name: String,
        inner: Option<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only what goes wrong is looked at")]
    struct Inner {
        count: u64,
    }

    fn mistake(text: &str) -> (String, String) {
        match parse::<Outer>(text.as_bytes()) {
            Err(ApiError::InvalidBody(errors)) => (errors[0].field.clone(), errors[0].message.clone()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_mistake_is_named_by_its_field() {
        assert_eq!(mistake(r#"{"name":1}"#), ("name".into(), "wants a string".into()));
        assert_eq!(mistake("{}"), ("name".into(), "is missing".into()));
        assert_eq!(
            mistake(r#"{"name":"a","inner":{"count":"secret"}}"#),
            ("inner.count".into(), "wants a whole number, 0 or greater".into())
        );
        assert_eq!(mistake(r#"{"name":"a","inner":{}}"#), ("inner.count".into(), "is missing".into()));
        assert_eq!(mistake(r#"{"name":"a","name":"b"}"#), ("name".into(), "is there twice".into()));
        assert_eq!(
            mistake(r#"{"name":"a","inner":{"count":1,"count":2}}"#),
            ("inner.count".into(), "is there twice".into())
        );
        assert_eq!(mistake("{").0, "");
        assert_eq!(mistake(r#"["a"]"#), (String::new(), NO_OBJECT.into()));
        assert_eq!(mistake("7"), (String::new(), "it must be a JSON object".into()));
        assert_eq!(mistake(r#"{"name":"a"} x"#).0, "");
    }
}
