//! The database goes away and comes back.

use std::net::SocketAddr;

use kuzushi_store::{Engine, testing::TestDatabase};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

use crate::{app::TestApp, server::problem, socket::streamed};

/// The cable between the server and its database, which somebody trips over.
struct Cable {
    end: SocketAddr,
    database: String,
    plugged_in: Option<JoinHandle<()>>,
}

impl Cable {
    async fn to(database: &TestDatabase) -> Self {
        let rest = database.url.split_once('@').expect("a user and a host").1;
        let (database, _) = rest.split_once('/').expect("a host and a name");
        let end = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let mut cable = Self { end, database: database.to_owned(), plugged_in: None };
        cable.plug_in().await;
        cable
    }

    async fn plug_in(&mut self) {
        let listener = TcpListener::bind(self.end).await.expect("the same port again");
        let database = self.database.clone();
        self.plugged_in = Some(tokio::spawn(async move {
            // Dropped with this task, and all connections with it.
            let mut connections = JoinSet::new();
            while let Ok((mut server, _)) = listener.accept().await {
                let database = database.clone();
                connections.spawn(async move {
                    if let Ok(mut database) = TcpStream::connect(database).await {
                        let _ = copy_bidirectional(&mut server, &mut database).await;
                    }
                });
            }
        }));
    }

    async fn unplug(&mut self) {
        if let Some(plugged_in) = self.plugged_in.take() {
            plugged_in.abort();
            let _ = plugged_in.await;
        }
    }
}

async fn start() -> (TestApp, Cable) {
    let mut database = TestDatabase::new(Engine::Postgres).await;
    let cable = Cable::to(&database).await;
    database.url = database.url.replace(&cable.database, &cable.end.to_string());
    (TestApp::start_on(database).await, cable)
}

async fn until_ready(app: &TestApp) {
    let ready = async {
        while app.request(Method::GET, "/readyz").send().await.unwrap().status() != 200 {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), ready).await.expect("the database is found again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_is_away_everybody_is_told_to_try_again_and_nothing_is_lost() {
    let (app, mut cable) = start().await;
    let session = app.init("portal").await;
    let mut socket = app.connect(&session).await;
    assert_eq!(socket.say("m1", "Where can I park?").await, 1);
    socket.until_idle().await;

    cable.unplug().await;
    let unready = app.request(Method::GET, "/readyz").send().await.unwrap();
    assert_eq!(unready.status(), 503);
    assert_eq!(unready.json::<Value>().await.unwrap()["checks"]["database"], "unreachable");
    let history = format!("/v1/sessions/{}/messages", session.id);
    let refused = app.get(&history, &session.token).await;
    assert!(refused.headers().contains_key("retry-after"));
    assert_eq!(problem(refused).await, (503, "UNAVAILABLE".into(), String::new()));
    socket.send(json!({"type": "user_message", "messageId": "m2", "content": "When can I visit?"})).await;
    let error = socket.next_of("error").await;
    assert_eq!(
        (&error["code"], &error["messageId"], &error["retryable"]),
        (&json!("INTERNAL"), &json!("m2"), &json!(true))
    );
    // Whoever is in danger is told whom to call, stored or not.
    socket.send(json!({"type": "user_message", "messageId": "m3", "content": "I have chest pain"})).await;
    let notice = socket.next_of("notice").await;
    assert_eq!((&notice["code"], &notice["seq"]), (&json!("EMERGENCY"), &json!(0)));
    assert_eq!(socket.next_of("error").await["messageId"], "m3");

    cable.plug_in().await;
    until_ready(&app).await;
    // The socket has outlived the outage.
    assert_eq!(socket.say("m2", "When can I visit?").await, 3);
    assert_eq!(socket.next_of("message").await["inReplyTo"], "m2");
    let page: Value = app.get(&history, &session.token).await.json().await.unwrap();
    assert_eq!(page["messages"].as_array().unwrap().len(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_under_way_when_the_database_goes_is_stored_when_it_is_back() {
    let (app, mut cable) = start().await;
    let session = app.init("slow").await;
    let mut socket = app.connect(&session).await;
    socket.say("m1", "When can I visit?").await;
    let mut frames = vec![socket.next_of("token").await];
    cable.unplug().await;
    // Its words go on coming meanwhile.
    frames.push(socket.next_of("token").await);
    while let Some(frame) = socket.next_if_any().await {
        frames.push(frame);
    }
    assert!(!frames.iter().any(|frame| frame["type"] == "message"), "what is not stored is not called a message");
    cable.plug_in().await;
    frames.extend(socket.until_idle().await);
    let answers: Vec<_> = frames.iter().filter(|frame| frame["type"] == "message").collect();
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0]["content"], streamed(&frames), "it is not begun anew");
    let page: Value =
        app.get(&format!("/v1/sessions/{}/messages", session.id), &session.token).await.json().await.unwrap();
    assert_eq!(page["messages"][1]["content"], answers[0]["content"]);
}
