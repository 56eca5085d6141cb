//! Files that are part of the binary: the widget's bundles, and the demo hospital's site.

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::{error::ApiError, segment::Segment};

/// The bundles as built, each file also compressed (`.br`, `.gz`). A debug build reads the folder while it runs.
#[derive(RustEmbed)]
#[folder = "../../dist/widget/"]
struct WidgetFiles;

/// Names that stay the same from release to release: fetched again after minutes.
const FIXED_NAMES: [&str; 2] = ["snippet.js", "loader.js"];
const FOR_MINUTES: &str = "public, max-age=300, stale-while-revalidate=86400";
/// Everything else has a hash of its content in its name.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// Whether the binary holds the widget; a debug build may have been made before the bundles were.
pub fn has_widget() -> bool {
    WidgetFiles::get("v1/snippet.js").is_some() && WidgetFiles::get("v1/loader.js").is_some()
}

/// `GET /widget/v1/{path}`.
pub async fn widget_file(Segment(path): Segment, headers: HeaderMap) -> Result<Response, ApiError> {
    let compressed_itself = [".br", ".gz"].iter().any(|suffix| path.ends_with(suffix));
    if compressed_itself {
        return Err(ApiError::NotFound);
    }
    let caching = if FIXED_NAMES.contains(&path.as_str()) { FOR_MINUTES } else { FOR_EVER };
    let name = format!("v1/{path}");
    let accepted = [("br", "br"), ("gzip", "gz")]
        .into_iter()
        .filter(|(coding, _)| accepts(&headers, coding))
        .find_map(|(coding, suffix)| WidgetFiles::get(&format!("{name}.{suffix}")).map(|file| (file, Some(coding))));
    let (file, coding) = match accepted {
        Some(found) => found,
        None => (WidgetFiles::get(&name).ok_or(ApiError::NotFound)?, None),
    };
    let mut response = respond(file, &path, caching, &headers);
    let fields = response.headers_mut();
    fields.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(coding) = coding {
        fields.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    Ok(response)
}

/// `GET /widget/loader.js`: the loader's second address.
pub async fn loader(headers: HeaderMap) -> Result<Response, ApiError> {
    widget_file(Segment(String::from("loader.js")), headers).await
}

/// An embedded file with its type, its ETag and how long it may be kept; 304 where the client has it.
pub fn respond(file: EmbeddedFile, name: &str, caching: &'static str, request: &HeaderMap) -> Response {
    let hash = file.metadata.sha256_hash();
    let tag = format!("\"{}\"", hex::encode(&hash[..12]));
    let known = request.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).is_some_and(|tags| {
        tags.split(',').any(|known| known.trim().trim_start_matches("W/") == tag || known.trim() == "*")
    });
    let mut response = if known { StatusCode::NOT_MODIFIED.into_response() } else { file.data.into_response() };
    let fields = response.headers_mut();
    if !known {
        fields.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(name)));
    }
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        fields.insert(header::ETAG, tag);
    }
    response
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json" | "map") => "application/json",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        _ => "application/octet-stream",
    }
}

/// Whether the client takes this content coding.
fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    let Some(accepted) = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    accepted.split(',').any(|item| {
        let (name, parameters) = item.split_once(';').unwrap_or((item, ""));
        let refused = parameters.trim().strip_prefix("q=").is_some_and(|quality| quality.trim().parse() == Ok(0.0));
        name.trim().eq_ignore_ascii_case(coding) && !refused
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coding_is_taken_unless_refused() {
        let headers = |value| HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(value))]);
        assert!(accepts(&headers("gzip, deflate, br"), "br"));
        assert!(accepts(&headers("br;q=0.5"), "br"));
        assert!(!accepts(&headers("br;q=0, gzip"), "br"));
        assert!(!accepts(&headers("gzip"), "br"));
        assert!(!accepts(&HeaderMap::new(), "br"));
    }
}
