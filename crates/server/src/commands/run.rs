//! Serving until told to stop, then stopping without losing anything.

use std::{io::ErrorKind, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context, ensure};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    time::{interval, timeout},
};

use crate::{
    assets, audit_heads, calls,
    config::Config,
    conversation,
    edge::{Certificates, Door},
    retention, router,
    state::AppState,
};

/// How long answers get to be handed over, and then sockets to take their close frame, when the server stops.
const CLOSING_GRACE: Duration = Duration::from_secs(3);
/// How often idle entries of the rate limits are dropped.
const TIDY_INTERVAL: Duration = Duration::from_secs(60);

/// Takes the port, before any work is done that would be in vain without it.
pub async fn listen(config: &Config) -> anyhow::Result<TcpListener> {
    ensure!(
        assets::has_widget(),
        "the widget's bundles are missing: run `make build`, or `npm run build` and start again"
    );
    let address = SocketAddr::new(config.http.host, config.http.port);
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => anyhow::anyhow!(
            "PORT: {} on {} is in use; stop what uses it, or set PORT to another one",
            config.http.port,
            config.http.host
        ),
        ErrorKind::PermissionDenied => {
            anyhow::anyhow!(
                "PORT: {} needs more rights than this user has; set PORT to one above 1023",
                config.http.port
            )
        }
        _ => anyhow::Error::new(error).context(format!("HOST and PORT: cannot listen on {address}")),
    })
}

pub async fn run(
    listener: TcpListener,
    certificates: Option<Arc<Certificates>>,
    state: AppState,
) -> anyhow::Result<()> {
    let tls = certificates.as_ref().map(Certificates::server_config).transpose()?;
    let door = Door::new(listener, tls);
    if let Some(certificates) = certificates {
        tokio::spawn(certificates.keep_fresh(state.stopping.clone()));
    }
    kuzushi_assistant::prepare();
    conversation::take_place(&state).await.context("taking up unanswered questions")?;
    tokio::spawn(conversation::keep_place(state.clone()));
    state.calls.prepare();
    tokio::spawn(calls::keep_calls(state.clone()));
    tokio::spawn(tidy(state.clone()));
    tokio::spawn(audit_heads::keep_noting(state.clone()));
    tokio::spawn(retention::keep_erasing(state.clone()));
    tokio::spawn(stop_when_told(state.clone()));
    let server = axum::serve(door, router::service(state.clone()))
        .with_graceful_shutdown(state.stopping.clone().cancelled_owned());
    let grace = Duration::from_secs(state.config.limits.shutdown_grace);
    // A connection that is kept open by its peer must not keep the server up.
    tokio::select! {
        served = server => served.context("serving")?,
        () = async {
            state.stopping.cancelled().await;
            tokio::time::sleep(grace).await;
        } => {}
    }
    finish(&state, grace).await;
    Ok(())
}

/// Lets running answers finish, hands over those that take too long, and lets sockets take their leave.
async fn finish(state: &AppState, grace: Duration) {
    state.sockets.close();
    state.answers.close();
    if timeout(grace, state.answers.wait()).await.is_err() {
        tracing::info!(answers = state.answers.len(), "handing over answers that are not finished");
    }
    state.closing.cancel();
    if timeout(CLOSING_GRACE, state.answers.wait()).await.is_err() {
        tracing::warn!(answers = state.answers.len(), "stopping with answers unfinished; the next start takes them up");
    }
    if timeout(CLOSING_GRACE, state.sockets.wait()).await.is_err() {
        tracing::debug!(sockets = state.sockets.len(), "stopping with sockets that did not close");
    }
    if timeout(CLOSING_GRACE, audit_heads::note(state)).await.is_err() {
        tracing::warn!("stopping without having noted the audit trail's newest events");
    }
    if let Err(error) = state.store.installation().leave(state.clock.now()).await {
        tracing::warn!(error = %error, "others will only know that this node is gone when its lease is over");
    }
    tracing::info!("stopped");
}

async fn stop_when_told(state: AppState) {
    let told = async {
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            _ = terminate.recv() => Ok(()),
            result = tokio::signal::ctrl_c() => result,
        }
    };
    if let Err(error) = told.await {
        tracing::error!(error = %error, "signals cannot be received; stop the process by killing it");
        return;
    }
    state.stopping.cancel();
    tracing::info!("stopping: no new work is taken");
}

async fn tidy(state: AppState) {
    let mut ticks = interval(TIDY_INTERVAL);
    loop {
        tokio::select! {
            _ = ticks.tick() => state.rates.forget_the_quiet(),
            () = state.stopping.cancelled() => return,
        }
    }
}
