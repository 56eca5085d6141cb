//! Whether the server lives, and whether it can work.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::state::AppState;

#[derive(Serialize, ToSchema)]
pub struct Alive {
    #[schema(example = "ok")]
    status: &'static str,
    version: &'static str,
}

#[derive(Serialize, ToSchema)]
pub struct Readiness {
    /// `ready`, or `unready`.
    status: &'static str,
    checks: Checks,
}

#[derive(Serialize, ToSchema)]
struct Checks {
    /// `ok`, or `unreachable`.
    database: &'static str,
    /// `ok`, `pending`, or `unknown` while the database is away.
    migrations: &'static str,
    /// `no`, or `yes` when the server was told to stop.
    stopping: &'static str,
    /// Whether the built-in voice can be had: `ok`, or why not: `NO_MODELS`, `LOADING`, `NOT_BUILT`, `NO_ADDRESS`. The server
    /// takes work without it.
    voice: &'static str,
}

#[utoipa::path(get, path = "/healthz", tag = "operation", summary = "Whether the process lives", responses((status = 200, body = Alive)))]
pub async fn healthz() -> Json<Alive> {
    Json(Alive { status: "ok", version: env!("CARGO_PKG_VERSION") })
}

#[utoipa::path(
    get,
    path = "/readyz",
    tag = "operation",
    summary = "Whether the server can take work",
    responses((status = 200, body = Readiness), (status = 503, body = Readiness))
)]
pub async fn readyz(State(state): State<AppState>) -> Response {
    let (database, migrations) = match state.store.pending_migrations().await {
        Ok(pending) if pending.is_empty() => ("ok", "ok"),
        Ok(_) => ("ok", "pending"),
        Err(error) => {
            tracing::warn!(error = %error, "not ready: the database does not answer");
            ("unreachable", "unknown")
        }
    };
    let stopping = state.stopping.is_cancelled();
    let voice = state.calls.builtin_missing().map_or("ok", |missing| missing.code());
    let ready = migrations == "ok" && !stopping;
    let readiness = Readiness {
        status: if ready { "ready" } else { "unready" },
        checks: Checks { database, migrations, stopping: if stopping { "yes" } else { "no" }, voice },
    };
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(readiness)).into_response()
}
