//! TLS at the server's own door.

use std::{fs, path::PathBuf, time::Duration};

use kuzushi_store::on_both_engines;
use reqwest::Method;
use tempfile::TempDir;

use crate::{
    authority::Authority,
    process::ServerProcess,
    server::{ORIGIN, Server},
};

struct Files {
    _folder: TempDir,
    chain: PathBuf,
    key: PathBuf,
}

impl Files {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (chain, key) = (folder.path().join("chain.pem"), folder.path().join("key.pem"));
        Self { _folder: folder, chain, key }
    }

    fn settings(&self) -> Vec<(String, String)> {
        let text = |path: &PathBuf| path.to_str().expect("a text").to_owned();
        vec![("TLS_CERT_FILE".into(), text(&self.chain)), ("TLS_KEY_FILE".into(), text(&self.key))]
    }
}

on_both_engines! {
    async fn pages_sockets_and_a_graceful_stop_work_over_tls(engine: Engine) {
        let (authority, files) = (Authority::new(), Files::new());
        authority.issue(&files.chain, &files.key);
        let client = |address| Server::over_tls(address, &authority);
        let mut process = ServerProcess::start_with(engine, files.settings(), client).await;

        let ready = process.request(Method::GET, "/readyz").send().await.unwrap();
        assert_eq!(ready.headers()["strict-transport-security"], "max-age=63072000");
        let plain = Server::at(process.address.clone()).request(Method::GET, "/readyz").send().await;
        assert!(plain.is_err(), "nothing is said in plain text");

        let session = process.init("portal").await;
        let wanted = format!("wss://{}/ws/chat?sessionId={}", process.address, session.id);
        assert_eq!(session.body["chat"]["wsUrl"], wanted);
        let mut socket = process.connect(&session).await;
        socket.say("m1", "When can I visit?").await;
        socket.next_of("message").await;

        // Handshakes that never come to an end keep nobody out.
        let _silent: Vec<_> =
            (0..50).map(|_| std::net::TcpStream::connect(&process.address).expect("a connection")).collect();
        process.connect(&session).await;

        let (status, code) = tokio::join!(process.stop(), socket.close_code());
        assert!(status.success());
        assert_eq!(code, 1012);
    }

    async fn a_new_certificate_is_taken_up_by_itself_and_on_sighup_and_a_broken_one_is_not(engine: Engine) {
        let (before, after, files) = (Authority::new(), Authority::new(), Files::new());
        before.issue(&files.chain, &files.key);
        let client = |address| Server::over_tls(address, &before);
        let process = ServerProcess::start_with(engine, files.settings(), client).await;
        let session = process.init("portal").await;
        let mut old_socket = process.connect(&session).await;
        let answers = async |authority: &Authority| {
            // Another client each time, so that no connection from before is used again.
            let server = Server::over_tls(process.address.clone(), authority);
            server.request(Method::GET, "/readyz").send().await.is_ok()
        };
        let comes_to_answer = async |authority: &Authority| {
            for _ in 0..200 {
                if answers(authority).await {
                    return true;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            false
        };

        fs::write(&files.chain, "no certificate").expect("a file");
        process.signal("HUP");
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(answers(&before).await, "a broken file changes nothing");
        after.issue(&files.chain, &files.key);
        assert!(comes_to_answer(&after).await, "found by itself");
        before.issue(&files.chain, &files.key);
        process.signal("HUP");
        assert!(comes_to_answer(&before).await);
        old_socket.say("m1", "Where can I park?").await;
        assert!(process.open(&format!("?sessionId={}&token={}", session.id, session.token), Some(ORIGIN)).await.next().await["type"] == "session_ack");
    }
}
