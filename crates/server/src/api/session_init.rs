//! Beginning a session, or coming back to one.

use axum::{
    Extension, Json,
    extract::{ConnectInfo, State},
    http::{HeaderMap, StatusCode, header},
};
use kuzushi_assistant::safety::{ai_disclosure, emergency_number};
use kuzushi_domain::config::{AppConfig, ColorScheme, MEGABYTE};
use kuzushi_store::{NewSession, PublishedApp, Session, SessionMetadata, SessionOwner, TenantScope};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    body::JsonBody,
    problems::{BodyProblems, RequestProblems, VisitorProblems},
    wire::Timestamp,
};
use crate::{
    auth::{
        ClientAddress, Patient, Visitor, bearer, origin,
        tokens::{Claims, SessionClaims},
    },
    calls::{IceServer, Unavailable, ice_servers, provider_for},
    conversation::{DEFAULT_LOCALE, read_articles},
    edge::Peer,
    error::{ApiError, FieldError},
    state::AppState,
};

/// Characters a field of the request may have.
const FIELD_LIMIT: usize = 2_048;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionInit {
    #[schema(example = "stmarys-patient-portal", max_length = 2048)]
    pub project_id: String,
    /// A name the page gives its widget, kept for the page's next visit.
    #[serde(default)]
    #[schema(max_length = 2048)]
    pub widget_instance_id: Option<String>,
    /// The page the widget is on. Query and fragment are not kept.
    #[serde(default)]
    #[schema(max_length = 2048)]
    pub page_url: Option<String>,
    /// The page's origin. A browser's `Origin` header counts as well; each that is present has to be allowed.
    #[serde(default)]
    #[schema(max_length = 2048)]
    pub host_origin: Option<String>,
    #[serde(default)]
    #[schema(max_length = 2048)]
    pub user_agent: Option<String>,
    /// A BCP 47 language tag.
    #[serde(default)]
    #[schema(example = "en-US", max_length = 2048)]
    pub locale: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionStarted {
    session_id: String,
    /// A JWT that opens this one session.
    token: String,
    expires_at: Timestamp,
    /// The config version that the session keeps.
    config_version: i32,
    /// The `seq` of the session's newest message; 0 before the first.
    last_seq: i64,
    app: AppName,
    features: WireFeatures,
    /// What files may be sent; only where any may.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    uploads: Option<WireUploads>,
    /// Of how many of a hundred pages the widget measures itself. Left out: of none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    measured_percent: Option<u8>,
    theme: WireTheme,
    chat: ChatEndpoint,
    voice: VoiceEndpoint,
    ui_hints: WireUiHints,
    contact: WireContact,
    /// That an AI answers, and how to reach a human; to be shown at the beginning of a conversation.
    ai_disclosure: String,
}

#[derive(Serialize, ToSchema)]
struct AppName {
    name: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct WireFeatures {
    text_chat: bool,
    voice: bool,
    file_upload: bool,
    /// Patients may sign in from the widget.
    sign_in: bool,
    /// Only those may write who have signed in, or whom the hospital's own site has identified.
    identity_required: bool,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct WireUploads {
    /// Bytes that one may have.
    bytes_per_file: u64,
    files_per_message: u32,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct WireTheme {
    #[schema(example = "#0066cc")]
    primary_color: String,
    font_scale: f64,
    #[schema(example = "0.75rem")]
    radius: String,
    #[schema(value_type = WireColorScheme)]
    color_scheme: &'static str,
}

#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
#[expect(dead_code, reason = "describes the strings that WireTheme::color_scheme holds")]
enum WireColorScheme {
    Auto,
    Light,
    Dark,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ChatEndpoint {
    ws_url: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct VoiceEndpoint {
    /// Whether a call may be begun.
    enabled: bool,
    /// Why not: `SWITCHED_OFF`, `NOT_BUILT`, `NO_MODELS`, `LOADING`, `NO_ADDRESS`, `NOT_SET_UP` or `NO_AGREEMENT`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    unavailable: Option<&'static str>,
    signaling_url: String,
    rtc_config: RtcConfig,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RtcConfig {
    /// What a browser's `RTCPeerConnection` takes. Credentials are this session's own, and expire: before a call that begins
    /// later than that, ask again.
    ice_servers: Vec<IceServer>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct WireUiHints {
    welcome_message: String,
    widget_title: String,
    input_placeholder: String,
    send_button_text: String,
    voice_button_text: String,
    end_call_button_text: String,
    powered_by_text: String,
    empty_state_message: String,
    empty_state_subtitle: String,
    suggested_questions: Vec<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct WireContact {
    hospital_name: String,
    phone: String,
    hours: String,
    emergency_number: String,
}

#[utoipa::path(
    post,
    path = "/v1/widget/session/init",
    tag = "widget",
    summary = "Begin a session, or come back to one",
    description = "Without a token a new session begins. With a valid session token in `Authorization: Bearer`, that session goes on, in the language that `locale` names now; with a user's token, a new one of that user begins.",
    request_body = SessionInit,
    security((), ("sessionToken" = []), ("userToken" = [])),
    responses(
        (status = 201, description = "A new session", body = SessionStarted),
        (status = 200, description = "The session of the token", body = SessionStarted),
        RequestProblems,
        VisitorProblems,
        BodyProblems,
        (status = 404, description = "There is no such project", body = crate::error::Problem, content_type = "application/problem+json"),
        (status = 410, description = "The token's session has ended", body = crate::error::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn session_init(
    State(state): State<AppState>,
    address: Option<ClientAddress>,
    peer: Option<Extension<ConnectInfo<Peer>>>,
    headers: HeaderMap,
    JsonBody(request): JsonBody<SessionInit>,
) -> Result<(StatusCode, Json<SessionStarted>), ApiError> {
    request.check()?;
    let published = state.directory.published(&state.store, &request.project_id).await?;
    let Some(PublishedApp { app, config: Some(active), split }) = published else {
        return Err(ApiError::UnknownProject { project_id: request.project_id });
    };
    for origin in origin::of_request(&headers).iter().chain(&request.host_origin) {
        if !origin::is_allowed(&state, &app, origin) {
            return Err(ApiError::OriginNotAllowed { origin: origin.clone() });
        }
    }
    let now = state.clock.now();
    let claims = match bearer(&headers) {
        Some(token) => Some(state.tokens.verify(token, now).map_err(|_| ApiError::InvalidToken)?),
        None => None,
    };
    let (status, session, config, scope) = match claims {
        Some(Claims::Session(claims)) => {
            let Visitor { scope, session } = Visitor::of_claims(&state, claims).await?;
            if session.app != app.id {
                return Err(ApiError::InvalidToken);
            }
            if session.ended_at.is_some() {
                return Err(ApiError::SessionEnded);
            }
            // Whoever comes back may speak another language by now.
            let session = match request.locale.clone().filter(|locale| !locale.is_empty()) {
                Some(locale) if session.metadata.locale.as_ref() != Some(&locale) => {
                    scope.change_locale(session, locale).await?
                }
                _ => session,
            };
            scope.touch_session(&session, now).await?;
            let config = if session.config_version == active.version {
                active.config
            } else {
                AppConfig::clone(&*state.configs.version(&scope, app.id, session.config_version).await?)
            };
            (StatusCode::OK, session, config, scope)
        }
        claims => {
            state.rates.take_session(address, app.id).map_err(|retry_after| ApiError::RateLimited { retry_after })?;
            let scope = state.store.tenant(app.tenant).await?;
            let owner = match claims {
                Some(Claims::User(claims)) if claims.tenant == app.tenant => {
                    let Patient { login, .. } = Patient::of_claims(&state, claims).await?;
                    Some(SessionOwner { user: login.user, login: login.id })
                }
                Some(_) => return Err(ApiError::InvalidToken),
                None => None,
            };
            let widget_instance_id = request.widget_instance_id.clone().unwrap_or_default();
            let arm = split.and_then(|split| split.version_for(app.id, &widget_instance_id));
            let (version, config) = match arm.filter(|arm| *arm != active.version) {
                Some(arm) => (arm, AppConfig::clone(&*state.configs.version(&scope, app.id, arm).await?)),
                None => (active.version, active.config),
            };
            let new = NewSession {
                app: app.id,
                owner,
                config_version: version,
                metadata: request.metadata(),
                widget_instance_id,
            };
            (StatusCode::CREATED, scope.create_session(new, now).await?, config, scope)
        }
    };
    read_articles(&state, &scope, app.id);
    let is_tls = peer.is_some_and(|Extension(ConnectInfo(peer))| peer.is_tls);
    let base = websocket_base(&state, &headers, is_tls);
    let no_voice = provider_for(&state, &scope, &config).await?.err();
    started(&state, &base, &scope, &session, config, app.name, no_voice).map(|started| (status, Json(started)))
}

fn started(
    state: &AppState,
    base: &str,
    scope: &TenantScope,
    session: &Session,
    config: AppConfig,
    app_name: String,
    no_voice: Option<Unavailable>,
) -> Result<SessionStarted, ApiError> {
    let claims = SessionClaims { tenant: scope.id(), session: session.id };
    let (token, expires_at) = state.tokens.issue(claims, state.clock.now()).map_err(|_| ApiError::Internal)?;
    let AppConfig {
        features,
        theme,
        ui_hints: hints,
        contact,
        system_prompt: _,
        sign_in: _,
        assistant: _,
        limits: _,
        measurements,
        retention: _,
        safety,
        uploads,
        voice: _,
    } = config;
    let has_voice = no_voice.is_none();
    let locale = session.metadata.locale.as_deref().unwrap_or(DEFAULT_LOCALE);
    let emergency_number = emergency_number(&safety, &contact, locale);
    let ai_disclosure = ai_disclosure(&safety, &contact, locale);
    Ok(SessionStarted {
        session_id: session.id.to_string(),
        token,
        expires_at: Timestamp(expires_at),
        config_version: session.config_version,
        last_seq: session.last_seq,
        app: AppName { name: app_name },
        features: WireFeatures {
            text_chat: features.text_chat,
            // Whatever a config asks for, somebody has to serve calls.
            voice: has_voice,
            file_upload: features.file_upload,
            sign_in: features.sign_in,
            identity_required: features.identity_required,
        },
        uploads: features.file_upload.then(|| WireUploads {
            bytes_per_file: u64::from(uploads.megabytes_per_file) * MEGABYTE,
            files_per_message: uploads.files_per_message,
        }),
        measured_percent: measurements.enabled.then_some(measurements.percent),
        theme: WireTheme {
            primary_color: theme.primary_color,
            font_scale: theme.font_scale,
            radius: theme.radius,
            color_scheme: match theme.color_scheme {
                ColorScheme::Auto => "auto",
                ColorScheme::Light => "light",
                ColorScheme::Dark => "dark",
            },
        },
        chat: ChatEndpoint { ws_url: format!("{base}/ws/chat?sessionId={}", session.id) },
        voice: VoiceEndpoint {
            enabled: has_voice,
            unavailable: no_voice.map(|unavailable| unavailable.code()),
            signaling_url: format!("{base}/ws/voice?sessionId={}", session.id),
            rtc_config: RtcConfig {
                // Credentials are of use to those only who can make a call.
                ice_servers: if has_voice {
                    ice_servers(&state.config.voice, session.id, state.clock.now())
                } else {
                    Vec::new()
                },
            },
        },
        ui_hints: WireUiHints {
            welcome_message: hints.welcome_message,
            widget_title: hints.widget_title,
            input_placeholder: hints.input_placeholder,
            send_button_text: hints.send_button_text,
            voice_button_text: hints.voice_button_text,
            end_call_button_text: hints.end_call_button_text,
            powered_by_text: hints.powered_by_text,
            empty_state_message: hints.empty_state_message,
            empty_state_subtitle: hints.empty_state_subtitle,
            suggested_questions: hints.suggested_questions,
        },
        contact: WireContact {
            hospital_name: contact.hospital_name,
            phone: contact.phone,
            hours: contact.hours,
            emergency_number,
        },
        ai_disclosure,
    })
}

/// `ws://` or `wss://` and the host: as configured, or as this request came in.
fn websocket_base(state: &AppState, headers: &HeaderMap, is_tls: bool) -> String {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let base = state.config.http.api_base_url.clone().unwrap_or_else(|| {
        // A proxy that ends TLS says so here. A lie would only mislead the liar.
        let secure = is_tls || headers.get("x-forwarded-proto").is_some_and(|protocol| protocol == "https");
        let host = text(header::HOST).unwrap_or("localhost");
        format!("{}://{host}", if secure { "https" } else { "http" })
    });
    base.replacen("http", "ws", 1)
}

impl SessionInit {
    fn check(&self) -> Result<(), ApiError> {
        let fields = [
            ("projectId", Some(&self.project_id)),
            ("widgetInstanceId", self.widget_instance_id.as_ref()),
            ("pageUrl", self.page_url.as_ref()),
            ("hostOrigin", self.host_origin.as_ref()),
            ("userAgent", self.user_agent.as_ref()),
            ("locale", self.locale.as_ref()),
        ];
        let mut errors = Vec::new();
        if self.project_id.trim().is_empty() {
            errors.push(FieldError::new("projectId", "must not be empty"));
        }
        for (name, value) in fields {
            let Some(value) = value else { continue };
            if value.chars().count() > FIELD_LIMIT {
                errors.push(FieldError::new(name, format!("may have {FIELD_LIMIT} characters")));
            } else if value.chars().any(char::is_control) {
                errors.push(FieldError::new(name, "must not hold control characters"));
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(ApiError::InvalidBody(errors)) }
    }

    fn metadata(&self) -> SessionMetadata {
        let page_url = self.page_url.as_ref().map(|url| url.split(['?', '#']).next().unwrap_or_default().to_owned());
        SessionMetadata {
            page_url,
            host_origin: self.host_origin.clone(),
            user_agent: self.user_agent.clone(),
            locale: self.locale.clone().filter(|locale| !locale.is_empty()),
        }
    }
}
