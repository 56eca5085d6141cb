//! The description of the API, frames of the chat socket included.

use axum::{Json, extract::State, http::header, response::IntoResponse};
use kuzushi_domain::config;
use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};

use crate::{
    calls::frames::{VoiceClientFrame, VoiceServerFrame},
    chat::frames::{ClientFrame, ServerFrame},
    state::AppState,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Kuzushi",
        description = "An assistant for hospitals' websites. The chat socket is `/ws/chat`; its frames are the schemas `ClientFrame` and `ServerFrame`. The voice socket is `/ws/voice`; its frames are `VoiceClientFrame` and `VoiceServerFrame`, after an `auth` frame where the URL holds no token.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    components(schemas(ClientFrame, ServerFrame, VoiceClientFrame, VoiceServerFrame)),
    modifiers(&Credentials),
    tags(
        (name = "widget", description = "What the widget calls first"),
        (name = "conversation", description = "A visitor's own conversations"),
        (name = "signing in", description = "For patients who have an account"),
        (name = "staff", description = "For people who use the administration: signing in, and their accounts"),
        (name = "administration", description = "Tenants, apps, config versions and keys, for staff"),
        (name = "operation", description = "For operators"),
    )
)]
pub struct Description;

struct Credentials;

impl Modify for Credentials {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("sessionToken", SecurityScheme::Http(scheme));
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT");
        let scheme = scheme.description(Some("A token from /v1/auth/login")).build();
        components.add_security_scheme("userToken", SecurityScheme::Http(scheme));
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT");
        let scheme = scheme.description(Some("A token from /v1/admin/auth/login")).build();
        components.add_security_scheme("staffToken", SecurityScheme::Http(scheme));
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
        let scheme = scheme.description(Some("An API key, `key_…`, or the token of a staff member")).build();
        components.add_security_scheme("apiKey", SecurityScheme::Http(scheme));
    }
}

/// `GET /config.schema.json`: what a config document may hold.
pub async fn config_schema_json() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/schema+json")], Json(config::schema()))
}

/// `GET /openapi.json`.
pub async fn openapi_json(State(_): State<AppState>) -> impl IntoResponse {
    Json(crate::router::description())
}
