//! Every route.

use std::{any::Any, time::Duration};

use anyhow::Context;
use axum::{
    Router,
    extract::{DefaultBodyLimit, MatchedPath, Request, connect_info::IntoMakeServiceWithConnectInfo},
    http::{HeaderValue, Method, header},
    middleware::from_fn_with_state,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use kuzushi_domain::config;
use serde::Serialize;
use tower_http::{
    catch_panic::CatchPanicLayer,
    cors::{Any as AnyOrigin, CorsLayer, Vary},
    set_header::SetResponseHeaderLayer,
    trace::TraceLayer,
};
use tracing::Span;
use utoipa::OpenApi;
use utoipa_axum::{
    router::{OpenApiRouter, UtoipaMethodRouterExt as _},
    routes,
};

use crate::{
    api::{
        admin, body::BODY_LIMIT, export, files, health, idempotency, login, messages, openapi, session_init, sessions,
        widget_events,
    },
    assets, calls, chat, demo, documents,
    edge::{self, Peer},
    error::ApiError,
    limits,
    state::AppState,
};

/// How long a browser may keep the answer to a preflight.
const PREFLIGHT_AGE: Duration = Duration::from_secs(86_400);

fn documented() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(openapi::Description::openapi())
        .routes(routes!(session_init::session_init))
        .routes(routes!(widget_events::widget_events))
        .routes(routes!(sessions::list_sessions))
        .routes(routes!(sessions::end_session))
        .routes(routes!(messages::list_messages))
        .routes(routes!(export::export))
        .routes(routes!(files::upload_file).layer(DefaultBodyLimit::max(files::BODY_LIMIT)))
        .routes(routes!(files::read_file, files::remove_file))
        .routes(routes!(login::login))
        .routes(routes!(login::identify))
        .routes(routes!(login::logout))
        .routes(routes!(login::me))
        .routes(routes!(login::login_end))
        .routes(routes!(login::stay))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(admin::auth::login))
        .routes(routes!(admin::auth::enrol))
        .routes(routes!(admin::auth::logout))
        .routes(routes!(admin::auth::me))
        .routes(routes!(admin::auth::change_password))
        .routes(routes!(admin::oidc::start_oidc))
        .routes(routes!(admin::oidc::finish_oidc))
        .routes(routes!(admin::oidc::redeem_oidc))
        .routes(routes!(
            admin::identity_providers::read_operators_provider,
            admin::identity_providers::put_operators_provider,
            admin::identity_providers::remove_operators_provider
        ))
        .routes(routes!(
            admin::identity_providers::read_tenants_provider,
            admin::identity_providers::put_tenants_provider,
            admin::identity_providers::remove_tenants_provider
        ))
        .routes(routes!(admin::second_factor::begin_totp))
        .routes(routes!(admin::second_factor::confirm_totp))
        .routes(routes!(admin::second_factor::remove_totp))
        .routes(routes!(admin::operators::list_operators, admin::operators::create_operator))
        .routes(routes!(
            admin::operators::read_operator,
            admin::operators::change_operator,
            admin::operators::delete_operator
        ))
        .routes(routes!(admin::operators::renew_operator_enrolment))
        .routes(routes!(admin::staff::list_staff, admin::staff::create_staff))
        .routes(routes!(admin::staff::read_staff, admin::staff::change_staff, admin::staff::delete_staff))
        .routes(routes!(admin::staff::renew_staff_enrolment))
        .routes(routes!(admin::tenants::list_tenants, admin::tenants::create_tenant))
        .routes(routes!(admin::tenants::read_tenant, admin::tenants::rename_tenant))
        .routes(routes!(admin::tenants::close_tenant))
        .routes(routes!(admin::tenants::reopen_tenant))
        .routes(routes!(admin::tenants::erase_tenant))
        .routes(routes!(admin::api_keys::list_keys, admin::api_keys::create_key))
        .routes(routes!(admin::api_keys::revoke_key))
        .routes(routes!(admin::users::list_users, admin::users::create_user))
        .routes(routes!(admin::users::search_users))
        .routes(routes!(admin::users::read_user, admin::users::change_user, admin::user_deletion::delete_user))
        .routes(routes!(admin::apps::list_apps, admin::apps::create_app))
        .routes(routes!(admin::apps::read_app, admin::apps::change_app))
        .routes(routes!(admin::identity_keys::list_identity_keys, admin::identity_keys::create_identity_key))
        .routes(routes!(admin::identity_keys::delete_identity_key))
        .routes(routes!(admin::config_versions::list_versions, admin::config_versions::create_version))
        .routes(routes!(admin::config_versions::read_version))
        .routes(routes!(admin::config_versions::compare_versions))
        .routes(routes!(admin::activations::activate_version))
        .routes(routes!(admin::activations::list_activations))
        .routes(routes!(admin::activations::roll_back))
        .routes(routes!(admin::approvals::set_approval))
        .routes(routes!(admin::approvals::list_requests))
        .routes(routes!(admin::approvals::read_request))
        .routes(routes!(admin::approvals::approve_request))
        .routes(routes!(admin::approvals::refuse_request))
        .routes(routes!(admin::approvals::withdraw_request))
        .routes(routes!(admin::splits::read_split, admin::splits::change_split))
        .routes(routes!(admin::splits::read_results))
        .routes(routes!(admin::suites::list_suites))
        .routes(routes!(admin::suites::read_suite, admin::suites::write_suite, admin::suites::remove_suite))
        .routes(routes!(admin::suites::set_required_suite))
        .routes(routes!(admin::evaluations::list_evaluations, admin::evaluations::start_evaluation))
        .routes(routes!(admin::evaluations::read_evaluation))
        .routes(routes!(admin::articles::list_articles))
        .routes(routes!(admin::articles::read_article, admin::articles::put_article, admin::articles::remove_article))
        .routes(routes!(admin::article_documents::put_document).layer(DefaultBodyLimit::max(documents::LARGEST)))
        .routes(routes!(admin::emergencies::list_emergencies))
        .routes(routes!(admin::gaps::list_gaps))
        .routes(routes!(admin::measurements::read_measurements))
        .routes(routes!(admin::gaps::change_gap))
        .routes(routes!(admin::gaps::list_gap_questions))
        .routes(routes!(admin::conversations::list_conversations))
        .routes(routes!(admin::conversations::read_conversation))
        .routes(routes!(admin::conversations::read_messages))
        .routes(routes!(admin::conversations::read_file))
        .routes(routes!(admin::conversations::break_glass))
        .routes(routes!(admin::holds::list_holds, admin::holds::place_hold))
        .routes(routes!(admin::holds::read_hold))
        .routes(routes!(admin::holds::lift_hold))
        .routes(routes!(admin::agreements::list_agreements, admin::agreements::note_agreement))
        .routes(routes!(admin::agreements::read_agreement))
        .routes(routes!(admin::agreements::withdraw_agreement))
        .routes(routes!(admin::spending::read_usage))
        .routes(routes!(admin::spending::read_spending_limits, admin::spending::put_spending_limits))
        .routes(routes!(admin::audit::list_events))
        .routes(routes!(admin::audit::export_events))
        .routes(routes!(admin::audit::list_installation_events))
}

pub fn router(state: AppState) -> Router {
    let (api, _) = documented().split_for_parts();
    let api = api
        .route("/openapi.json", get(openapi::openapi_json))
        .route("/config.schema.json", get(openapi::config_schema_json))
        .route_layer(from_fn_with_state(state.clone(), idempotency::once))
        .route_layer(from_fn_with_state(state.clone(), limits::take_request))
        .layer(SetResponseHeaderLayer::if_not_present(header::CACHE_CONTROL, HeaderValue::from_static("no-store")));
    let mut router = Router::new()
        .merge(api)
        .route("/ws/chat", get(chat::socket::chat))
        .route("/ws/voice", get(calls::socket::voice))
        .route("/widget/v1/{*path}", get(assets::widget_file))
        .route("/widget/loader.js", get(assets::loader));
    if state.demo.is_some() {
        router = router
            .route("/", get(|| async { Redirect::temporary("/demo") }))
            .route("/favicon.ico", get(|| async { Redirect::permanent("/demo/assets/favicon.svg") }))
            .route("/demo", get(demo::home))
            .route("/demo/", get(|| async { Redirect::permanent("/demo") }))
            .route("/demo/{page}", get(demo::page))
            .route("/demo/articles/{slug}", get(demo::article))
            .route("/demo/assets/{*path}", get(demo::asset));
    }
    router
        .fallback(|| async { ApiError::NotFound })
        .method_not_allowed_fallback(|| async { ApiError::MethodNotAllowed })
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(cors())
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(state.clone(), edge::add_headers))
        .layer(
            TraceLayer::new_for_http()
                .make_span_with(span)
                .on_response(|response: &Response, latency: Duration, _: &Span| {
                    tracing::debug!(
                        status = response.status().as_u16(),
                        duration_ms = latency.as_secs_f64() * 1e3,
                        "answered a request"
                    );
                })
                .on_failure(()),
        )
        .with_state(state)
}

/// The router that knows who is connected.
pub fn service(state: AppState) -> IntoMakeServiceWithConnectInfo<Router, Peer> {
    router(state).into_make_service_with_connect_info()
}

/// Any page may read our answers: they hold nothing without a token, no cookie is ever used, and a page that may not
/// embed an app can then be told so in words. Who may use an app is checked by the handlers. The administration's answers
/// are kept out of this where all headers are seen to: [`edge::add_headers`].
fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AnyOrigin)
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE])
        .expose_headers([header::CONTENT_DISPOSITION, header::RETRY_AFTER])
        .max_age(PREFLIGHT_AGE)
        // The same for every origin, so a shared cache keeps one copy.
        .vary(Vary::list([]))
}

/// Spans name the route, never the address: addresses hold identifiers and can hold tokens.
fn span(request: &Request) -> Span {
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str);
    tracing::debug_span!("request", http.method = %request.method(), http.route = route)
}

fn panicked(_: Box<dyn Any + Send>) -> Response {
    // The panic's own text went to the error stream; it may hold anything, so it goes no further.
    tracing::error!("a handler panicked");
    ApiError::Internal.into_response()
}

/// The description of the API.
pub fn description() -> utoipa::openapi::OpenApi {
    let (_, mut description) = documented().split_for_parts();
    idempotency::describe(&mut description);
    limits::describe(&mut description);
    description
}

/// The description as it is committed: `openapi.json`.
pub fn description_json() -> anyhow::Result<String> {
    pretty(&description()).context("the description of the API")
}

/// The schema of config documents as it is committed: `config.schema.json`.
pub fn config_schema_json() -> anyhow::Result<String> {
    pretty(&config::schema()).context("the schema of config documents")
}

fn pretty(document: &impl Serialize) -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(document)? + "\n")
}
