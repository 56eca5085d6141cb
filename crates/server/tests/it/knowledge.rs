//! What a server finds out about the articles outlives it.

use std::{sync::Arc, time::Duration};

use kuzushi_assistant::Knowledge;
use kuzushi_domain::{Id, id};
use kuzushi_store::{TenantScope, on_both_engines};
use tokio::time::{sleep, timeout};

use crate::app::TestApp;

const PATIENCE: Duration = Duration::from_secs(60);

async fn knowledge(app: &TestApp) -> (TenantScope, Id<id::App>, Arc<Knowledge>) {
    let published = app.state.store.installation().published_app("portal").await.unwrap().expect("an app").app;
    let scope = app.state.store.tenant(published.tenant).await.unwrap();
    let knowledge = app.state.knowledge.of_app(&scope, published.id, app.state.clock.now()).await.unwrap();
    (scope, published.id, knowledge)
}

on_both_engines! {
    async fn articles_are_read_as_soon_as_a_visitor_comes(engine: Engine) {
        let app = TestApp::start(engine).await;
        let published = app.state.store.installation().published_app("portal").await.unwrap().expect("an app").app;
        let scope = app.state.store.tenant(published.tenant).await.unwrap();
        assert!(app.state.knowledge.is_missing(published.id));
        app.init("portal").await;
        let read = timeout(PATIENCE, async {
            while scope.article_meanings(published.id).await.unwrap().is_none() {
                sleep(Duration::from_millis(20)).await;
            }
        });
        read.await.expect("nobody has asked anything, and they are read");
        assert!(!app.state.knowledge.is_missing(published.id));
    }

    async fn two_who_want_an_index_at_once_get_the_same_one(engine: Engine) {
        let app = TestApp::start(engine).await;
        let ((_, _, one), (_, _, other)) = tokio::join!(knowledge(&app), knowledge(&app));
        assert!(Arc::ptr_eq(&one, &other), "it was not built twice");
    }

    async fn the_next_server_knows_what_this_one_found_out(engine: Engine) {
        let app = TestApp::start(engine).await;
        let (scope, id, found_out) = knowledge(&app).await;
        let kept = timeout(PATIENCE, async {
            loop {
                let kept = scope.article_meanings(id).await.unwrap();
                if kept.is_some() && found_out.knows_all() {
                    break kept;
                }
                sleep(Duration::from_millis(20)).await;
            }
        });
        assert!(kept.await.expect("it is kept").is_some_and(|kept| kept == found_out.learned()));

        let next = app.start_beside().await;
        assert!(knowledge(&next).await.2.knows_all(), "without reading anything again");
    }
}
