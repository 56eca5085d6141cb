//! Files that visitors send with their messages.

use axum::{
    body::Body,
    extract::{FromRequest, Multipart, Request, State, multipart::Field},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::{Bytes, BytesMut};
use kuzushi_domain::{
    Attachment, Id, Phi,
    config::{MEGABYTE, Uploads},
    id,
};
use kuzushi_store::{AddedFile, FileLimits, NewFile, Session};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::time::timeout;
use utoipa::ToSchema;

use super::{
    problems::{BodyProblems, EndedProblems, RequestProblems, SessionProblems, VisitorProblems},
    wire::WireAttachment,
};
use crate::{
    auth::{Caller, ClientAddress},
    error::{ApiError, FieldError, Problem},
    segment::Segment,
    state::AppState,
    uploads::{self, CleanFile, FileRefusal, LARGEST, PATIENCE, PLACES, file_name},
};

/// Bytes of a form with the largest file in it.
pub const BODY_LIMIT: usize = LARGEST as usize + 16 * 1_024;

/// What a browser sends for a form.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the form; its parts are read one by one")]
struct FileForm {
    /// The file, with its name. Nothing that is said of its type counts.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

#[utoipa::path(
    post,
    path = "/v1/sessions/{sessionId}/files",
    tag = "conversation",
    summary = "Send a file that comes with a message",
    description = "JPEG, PNG and WebP images, which are drawn anew as JPEG or PNG without anything beside the pixels, and PDF documents that hold nothing but pages. A `user_message` names it in `attachments`; without one it is gone after a day. A file counts as a message for the limits of how often.",
    params(("sessionId" = String, Path, description = "A session that the token opens")),
    request_body(content = inline(FileForm), content_type = "multipart/form-data"),
    security(("sessionToken" = []), ("userToken" = [])),
    responses(
        (status = 201, description = "It waits for its message", body = WireAttachment),
        RequestProblems,
        VisitorProblems,
        SessionProblems,
        EndedProblems,
        BodyProblems,
        (status = 409, description = "There are as many files as there may be", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The file cannot be read, or is not safe; the detail says why", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn upload_file(
    State(state): State<AppState>,
    caller: Caller,
    address: Option<ClientAddress>,
    Segment(session_id): Segment,
    request: Request,
) -> Result<(StatusCode, axum::Json<WireAttachment>), ApiError> {
    let session = caller.own_session(&session_id).await?;
    let config = state.configs.version(caller.scope(), session.app, session.config_version).await?;
    if !config.features.file_upload {
        return Err(FileRefusal::SwitchedOff.into());
    }
    if session.ended_at.is_some() {
        return Err(ApiError::SessionEnded);
    }
    if config.features.identity_required && session.owner.is_none() {
        return Err(ApiError::InvalidToken);
    }
    state
        .rates
        .take_message(session.id, address, session.app)
        .map_err(|retry_after| ApiError::RateLimited { retry_after })?;
    let Ok(_place) = PLACES.acquire().await else { return Err(ApiError::Unavailable) };
    let most = u64::from(config.uploads.megabytes_per_file) * MEGABYTE;
    let received = timeout(PATIENCE, receive(request, &state, most)).await;
    let (name, content) = received.map_err(|_| wrong("did not arrive in time; send it again"))??;
    let CleanFile { kind, content } = uploads::clean(content, state.config.files.clamd_address.as_ref()).await?;
    let file = NewFile {
        name: Phi::new(file_name(&name, kind)),
        media_type: kind.media_type().to_owned(),
        content: Phi::new(content.into()),
    };
    keep(&state, &caller, &session, file, &config.uploads).await.map(|file| (StatusCode::CREATED, axum::Json(file)))
}

async fn keep(
    state: &AppState,
    caller: &Caller,
    session: &Session,
    file: NewFile,
    uploads: &Uploads,
) -> Result<WireAttachment, ApiError> {
    let limits = FileLimits {
        files_per_session: uploads.files_per_session.into(),
        bytes_per_session: u64::from(uploads.megabytes_per_session) * MEGABYTE,
        bytes_per_app: u64::from(uploads.megabytes_per_app) * MEGABYTE,
    };
    match caller.scope().add_file(session, file, limits, state.clock.now()).await? {
        AddedFile::Kept(attachment) => Ok(WireAttachment::from(&attachment)),
        AddedFile::SessionFull => Err(FileRefusal::SessionFull.into()),
        AddedFile::AppFull => {
            tracing::warn!(app = %session.app, "a file was refused, because the app's files take up as much as they may");
            Err(FileRefusal::AppFull.into())
        }
        AddedFile::Ended => Err(ApiError::SessionEnded),
    }
}

/// The file's name and bytes.
async fn receive(request: Request, state: &AppState, most: u64) -> Result<(String, Bytes), ApiError> {
    let mut form = Multipart::from_request(request, state).await.map_err(|_| ApiError::NoForm)?;
    let broken = || wrong("cannot be read: the form is broken, or larger than any file may be");
    let mut found = None;
    while let Some(field) = form.next_field().await.map_err(|_| broken())? {
        if field.name() != Some("file") || found.is_some() {
            return Err(wrong("must be the form's only part, and there once"));
        }
        let name = field.file_name().unwrap_or_default().to_owned();
        found = Some((name, bytes_of(field, most).await?));
    }
    found.ok_or_else(|| wrong("is missing: send it as multipart/form-data"))
}

async fn bytes_of(mut field: Field<'_>, most: u64) -> Result<Bytes, ApiError> {
    let limit = usize::try_from(most).unwrap_or(usize::MAX);
    let mut bytes = BytesMut::new();
    loop {
        match field.chunk().await {
            Ok(Some(chunk)) if bytes.len() + chunk.len() > limit => return Err(ApiError::TooLarge { limit }),
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => return Ok(bytes.freeze()),
            Err(error) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                return Err(ApiError::TooLarge { limit });
            }
            Err(_) => return Err(wrong("did not arrive whole; send it again")),
        }
    }
}

fn wrong(message: &str) -> ApiError {
    ApiError::InvalidBody(vec![FieldError::new("file", message)])
}

#[utoipa::path(
    get,
    path = "/v1/sessions/{sessionId}/files/{fileId}",
    tag = "conversation",
    summary = "A file of the conversation, as a download",
    params(
        ("sessionId" = String, Path, description = "A session that the token opens"),
        ("fileId" = String, Path),
    ),
    security(("sessionToken" = []), ("userToken" = [])),
    responses(
        (status = 200, description = "The file, as `application/pdf` or an image", content_type = "application/octet-stream", body = Vec<u8>),
        VisitorProblems,
        SessionProblems,
    )
)]
pub async fn read_file(
    caller: Caller,
    Segment((session_id, file_id)): Segment<(String, String)>,
) -> Result<Response, ApiError> {
    let session = caller.own_session(&session_id).await?;
    let id = file_id.parse::<Id<id::File>>().map_err(|_| ApiError::NotFound)?;
    Ok(download(caller.scope().file(&session, id).await?))
}

/// A file as browsers get it: to be kept, and never to be shown as a page of ours.
pub fn download((attachment, content): (Attachment, Phi<Vec<u8>>)) -> Response {
    let name = utf8_percent_encode(attachment.name.expose(), NON_ALPHANUMERIC);
    let extension = attachment.name.expose().rsplit('.').next().unwrap_or_default();
    let disposition = format!("attachment; filename=\"file.{extension}\"; filename*=UTF-8''{name}");
    let mut response = Body::from(content.into_inner()).into_response();
    let headers = response.headers_mut();
    for (header, value) in [
        (header::CONTENT_TYPE, attachment.media_type.as_str()),
        (header::CONTENT_DISPOSITION, disposition.as_str()),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; sandbox"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(header, value);
        }
    }
    response
}

#[utoipa::path(
    delete,
    path = "/v1/sessions/{sessionId}/files/{fileId}",
    tag = "conversation",
    summary = "Take back a file that no message has taken along",
    params(
        ("sessionId" = String, Path, description = "A session that the token opens"),
        ("fileId" = String, Path),
    ),
    security(("sessionToken" = []), ("userToken" = [])),
    responses((status = 204, description = "It is gone"), VisitorProblems, SessionProblems)
)]
pub async fn remove_file(
    caller: Caller,
    Segment((session_id, file_id)): Segment<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let session = caller.own_session(&session_id).await?;
    let id = file_id.parse::<Id<id::File>>().map_err(|_| ApiError::NotFound)?;
    caller.scope().remove_file(&session, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
