//! Bodies that nobody would write, sent to a server. How they are read is fuzzed at length in `fuzz/`.

use kuzushi_fuzz::{BODIES, changed};
use kuzushi_store::Engine;
use reqwest::{Method, StatusCode};

use crate::app::TestApp;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_a_client_sends_is_the_servers_fault() {
    let app = TestApp::start(Engine::Sqlite).await;
    // The same changes in every run, so that a failure can be looked at again.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    for round in 0..400_usize {
        let length = usize::from(random()) % 12;
        let changes: Vec<u8> = (0..length * 3).map(|_| random()).collect();
        let body = changed(BODIES[round % BODIES.len()], &changes);
        let request = app.request(Method::POST, "/v1/widget/session/init").header("content-type", "application/json");
        let response = request.body(body).send().await.unwrap();
        let status = response.status();
        assert!(status == StatusCode::CREATED || status.is_client_error(), "{status} for {changes:?}");
        if status.is_client_error() {
            assert_eq!(response.headers()["content-type"], "application/problem+json");
        }
    }
}
