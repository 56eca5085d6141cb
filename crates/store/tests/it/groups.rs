//! Writes that go together: each comes out, and lies in the database, as if it had gone alone.

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use kuzushi_domain::{AnswerOutcome, Citation, Phi, Role, TurnState};
use kuzushi_store::{
    AcceptedMessage, FinishedAnswer, Message, MessageDetails, NewUserMessage, PageRequest, Session, StoreError,
    TenantScope, Turn,
    entities::{message as message_row, turn as turn_row},
    on_both_engines,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, Database, DatabaseConnection, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder,
};
use tokio::task::JoinHandle;

use crate::fixture::{Hospital, add_tenant, at, message};

const ALL: PageRequest = PageRequest { before: None, after: None, limit: 100 };

/// Texts that a statement could take for something else.
const WORDS: [&str; 6] = ["", "It's \"quoted\" \\", "Grüße 👩‍⚕️ 眠い", "NULL", "{1,NULL}", "a\nb\t\u{1}$1?"];

/// A time to the microsecond.
fn moment(number: i64) -> DateTime<Utc> {
    at(0) + TimeDelta::microseconds(number * 1_000_003)
}

fn send(
    scope: &TenantScope,
    session: &Session,
    new: NewUserMessage,
    now: DateTime<Utc>,
) -> JoinHandle<Result<AcceptedMessage, StoreError>> {
    let (scope, session) = (scope.clone(), session.clone());
    tokio::spawn(async move { scope.accept_user_message(&session, new, now).await })
}

fn finish(
    hospital: &Hospital,
    session: &Session,
    turn: &Turn,
    outcome: FinishedAnswer,
    now: DateTime<Utc>,
) -> JoinHandle<Option<Message>> {
    let (scope, session, turn) = (hospital.scope.clone(), session.clone(), turn.clone());
    tokio::spawn(async move { scope.finish_turn(&session, &turn, outcome, now).await.unwrap() })
}

fn done(content: &str) -> FinishedAnswer {
    FinishedAnswer::Done {
        content: Phi::from(content),
        details: MessageDetails::default(),
        outcome: AnswerOutcome::Answered,
    }
}

async fn turns(connection: &DatabaseConnection, session: &Session) -> Vec<turn_row::Model> {
    turn_row::Entity::find()
        .filter(turn_row::Column::SessionId.eq(session.id.uuid()))
        .order_by_asc(turn_row::Column::QuestionSeq)
        .all(connection)
        .await
        .unwrap()
}

on_both_engines! {
    async fn each_message_of_a_group_has_its_own_outcome(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let (stranger, _) = add_tenant(&hospital.store, "st-lukes").await;
        let scope = &hospital.scope;
        let fresh = hospital.session().await;
        // One with an answer and a failed question, and one that is over.
        let (used, over) = (hospital.session().await, hospital.session().await);
        hospital.say(&used, "q1", "One?").await;
        let turn = hospital.begin(&used, 2).await;
        let answer = scope.finish_turn(&used, &turn, done("Yes."), at(3)).await.unwrap().unwrap();
        hospital.say(&used, "q2", "Two?").await;
        let turn = hospital.begin(&used, 4).await;
        scope.finish_turn(&used, &turn, FinishedAnswer::Failed { code: "AI_ERROR" }, at(5)).await.unwrap();
        scope.end_session(over.id, false, at(6)).await.unwrap();

        let now = moment(9);
        let mut waiting = Vec::new();
        for _ in 0..5 {
            waiting.push((
                send(scope, &fresh, message("new", "Hello"), now),
                send(scope, &used, message("q1", "One?"), now),
                send(scope, &used, message("q2", "Two?"), now),
                send(scope, &used, message(&answer.message_id, "Mine!"), now),
                send(scope, &over, message("late", "Hello?"), now),
                send(&stranger, &fresh, message("theirs", "Hello"), now),
            ));
        }
        let mut stored = 0;
        for (new, answered, failed, taken, late, theirs) in waiting {
            match new.await.unwrap().unwrap() {
                AcceptedMessage::Stored { message, .. } => {
                    stored += 1;
                    assert_eq!(message.seq, 1);
                }
                AcceptedMessage::Known { seq, turn } => assert_eq!((seq, turn.message_id.as_str()), (1, "new")),
                other => panic!("{other:?}"),
            }
            let AcceptedMessage::Known { seq: 1, turn } = answered.await.unwrap().unwrap() else { panic!("known") };
            assert_eq!((turn.message_id.as_str(), turn.state), ("q1", TurnState::Done));
            let AcceptedMessage::Known { seq: 3, turn } = failed.await.unwrap().unwrap() else { panic!("known") };
            assert_eq!((turn.message_id.as_str(), turn.state, turn.since), ("q2", TurnState::Pending, now));
            assert!(matches!(taken.await.unwrap(), Ok(AcceptedMessage::NameTaken)));
            assert!(matches!(late.await.unwrap(), Ok(AcceptedMessage::Ended)));
            assert!(matches!(theirs.await.unwrap(), Err(StoreError::NotFound)));
        }
        assert_eq!(stored, 1);
        for (session, last_seq) in [(&fresh, 1), (&used, 3), (&over, 0)] {
            assert_eq!(scope.session(session.id).await.unwrap().last_seq, last_seq);
        }
    }

    async fn a_question_that_is_sent_again_is_answered_before_a_new_one_of_its_group(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let mut waiting = Vec::new();
        for _ in 0..10 {
            let session = hospital.session().await;
            hospital.say(&session, "q1", "One?").await;
            let turn = hospital.begin(&session, 2).await;
            let failed = FinishedAnswer::Failed { code: "AI_ERROR" };
            hospital.scope.finish_turn(&session, &turn, failed, at(3)).await.unwrap();
            waiting.push(session);
        }
        let begun = |name: &str| NewUserMessage { begin: true, ..message(name, "One?") };
        // The first goes alone, and all that come meanwhile go together, in this order.
        let sent = waiting.iter().flat_map(|session| {
            ["q1", "q2"].map(|name| hospital.scope.accept_user_message(session, begun(name), moment(9)))
        });
        for pair in join_all(sent).await.chunks(2) {
            let [Ok(AcceptedMessage::Known { turn: first, .. }), Ok(AcceptedMessage::Stored { turn: second, .. })] = pair
            else {
                panic!("{pair:?}")
            };
            assert_eq!((first.state, second.state), (TurnState::Pending, TurnState::Pending));
        }
    }

    async fn when_a_conversation_was_last_in_use_is_noted_to_the_minute(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let (scope, session) = (&hospital.scope, hospital.session().await);
        let noted = async || scope.session(session.id).await.unwrap().last_active_at - session.created_at;
        for (message_id, seconds, expected) in [("q1", 50, 0), ("q2", 70, 70), ("q3", 125, 70), ("q4", 131, 131)] {
            let now = session.created_at + TimeDelta::seconds(seconds);
            scope.accept_user_message(&session, message(message_id, "Hello?"), now).await.unwrap();
            assert_eq!(noted().await, TimeDelta::seconds(expected), "{message_id}");
        }
        for (seconds, expected) in [(150, 131), (200, 200)] {
            let session = scope.session(session.id).await.unwrap();
            scope.touch_session(&session, session.created_at + TimeDelta::seconds(seconds)).await.unwrap();
            assert_eq!(noted().await, TimeDelta::seconds(expected));
        }
    }

    async fn what_a_group_stores_is_what_each_brought(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let sessions = [hospital.session().await, hospital.session().await, hospital.session().await];
        let mut waiting = Vec::new();
        for (number, words) in (0..).zip(WORDS.into_iter().cycle().take(30)) {
            let session = &sessions[number % sessions.len()];
            let new = NewUserMessage {
                message_id: format!("{words}{}", if number < WORDS.len() { String::new() } else { number.to_string() }),
                content: Phi::from(words),
                attachments: Vec::new(),
                client_timestamp: (number % 2 == 0).then(|| words.to_owned()),
                is_spoken: number % 3 == 0,
                begin: true,
                emergency: None,
            };
            let now = moment(i64::try_from(number).unwrap());
            waiting.push((session, new.clone(), now, send(&hospital.scope, session, new, now)));
        }
        let mut begun = 0;
        for (session, new, now, accepted) in waiting {
            let AcceptedMessage::Stored { message, turn, .. } = accepted.await.unwrap().unwrap() else { panic!("stored") };
            begun += i32::from(turn.state == TurnState::Running);
            let page = PageRequest { before: None, after: Some(message.seq - 1), limit: 1 };
            let stored = hospital.scope.messages(session, page).await.unwrap().messages.pop().unwrap();
            assert_eq!((stored.message_id, stored.seq, stored.role), (new.message_id, message.seq, Role::User));
            assert_eq!(stored.content.expose(), new.content.expose());
            assert_eq!(stored.details.client_timestamp, new.client_timestamp);
            assert_eq!(stored.details.is_spoken, new.is_spoken);
            assert_eq!((stored.in_reply_to, stored.created_at), (None, now));
        }
        // In each conversation the first one begins, and the others wait for it.
        assert_eq!(begun, 3);
        let connection = Database::connect(&hospital.database.url).await.unwrap();
        for session in &sessions {
            let stored = hospital.scope.messages(session, ALL).await.unwrap().messages;
            assert_eq!(stored.iter().map(|message| message.seq).collect::<Vec<_>>(), (1..=10).collect::<Vec<_>>());
            let now = hospital.scope.session(session.id).await.unwrap();
            // All within a minute.
            assert_eq!((now.last_seq, now.last_active_at), (10, session.created_at));
            let node = hospital.store.node().uuid();
            for (turn, question) in turns(&connection, session).await.into_iter().zip(stored) {
                let (state, attempts, owner) =
                    if question.seq == 1 { ("running", 1, Some(node)) } else { ("pending", 0, None) };
                assert_eq!((turn.message_id, turn.question_seq), (question.message_id, question.seq));
                assert_eq!((turn.state.as_str(), turn.attempts, turn.owner), (state, attempts, owner));
                assert_eq!((turn.failure, turn.withdrawn), (None, false));
                assert_eq!((turn.created_at, turn.updated_at), (question.created_at, question.created_at));
            }
        }
    }

    async fn each_answer_of_a_group_has_its_own_outcome(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let citation = Citation {
            article_id: "art_1".into(),
            title: "Besuch 👩‍⚕️".into(),
            url: None,
            section: None,
            anchor: None,
            snippet: Some(String::new()),
        };
        let details = MessageDetails { citations: vec![citation], ..MessageDetails::default() };
        let outcomes = [
            done("Yes."),
            done(""),
            FinishedAnswer::Done { content: "Ja.".into(), details: details.clone(), outcome: AnswerOutcome::Answered },
            FinishedAnswer::Cancelled { content: "You c".into(), is_spoken: false },
            FinishedAnswer::Cancelled { content: Phi::default(), is_spoken: false },
            FinishedAnswer::Failed { code: "AI_ERROR" },
            FinishedAnswer::Failed { code: "AI_TIMEOUT" },
        ];
        let mut begun = Vec::new();
        for words in WORDS.into_iter().chain(["last"]) {
            let session = hospital.session().await;
            hospital.say(&session, words, "When?").await;
            let stale = hospital.begin(&session, 2).await;
            let turn = hospital.begin(&session, 3).await;
            assert_eq!((stale.attempts, turn.attempts), (1, 2));
            begun.push((session, stale, turn));
        }
        let mut waiting = Vec::new();
        for (number, ((session, stale, turn), outcome)) in (0..).zip(begun.iter().zip(&outcomes)) {
            waiting.push((
                finish(&hospital, session, stale, done("Late."), moment(number)),
                finish(&hospital, session, turn, outcome.clone(), moment(number)),
                finish(&hospital, session, turn, outcome.clone(), moment(number)),
            ));
        }
        let connection = Database::connect(&hospital.database.url).await.unwrap();
        let expected = [
            ("done", None, Some(("Yes.", MessageDetails::default()))),
            ("done", None, Some(("", MessageDetails::default()))),
            ("done", None, Some(("Ja.", details))),
            ("cancelled", None, Some(("You c", MessageDetails { stopped: true, ..MessageDetails::default() }))),
            ("cancelled", None, None),
            ("failed", Some("AI_ERROR"), None),
            ("failed", Some("AI_TIMEOUT"), None),
        ];
        for (number, (((late, first, second), (session, _, turn)), (state, failure, answer))) in
            (0..).zip(waiting.into_iter().zip(&begun).zip(expected))
        {
            assert!(late.await.unwrap().is_none());
            // The same one twice is stored once.
            let stored: Vec<_> = [first.await.unwrap(), second.await.unwrap()].into_iter().flatten().collect();
            assert_eq!(stored.len(), usize::from(answer.is_some()));
            let messages = hospital.scope.messages(session, ALL).await.unwrap().messages;
            assert_eq!(messages.len(), 1 + stored.len());
            if let Some((content, details)) = answer {
                let message = &messages[1];
                assert_eq!((message.seq, message.role, message.created_at), (2, Role::Assistant, moment(number)));
                assert_eq!(message.in_reply_to.as_ref(), Some(&turn.message_id));
                assert_eq!((message.content.expose().as_str(), &message.details), (content, &details));
                assert_eq!((stored[0].seq, &stored[0].message_id), (2, &message.message_id));
            }
            let row = turns(&connection, session).await.remove(0);
            assert_eq!((row.state.as_str(), row.failure.as_deref()), (state, failure));
            assert_eq!((row.attempts, row.updated_at), (2, moment(number)));
        }
    }
}

/// SQLite keeps whatever it is given. Rows of a group have to be what SeaORM would have stored, down to the last byte:
/// it reads and compares them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_of_a_group_lies_in_the_file_like_any_other() {
    let hospital = Hospital::open(kuzushi_store::Engine::Sqlite).await;
    let session = hospital.session().await;
    let new = NewUserMessage { client_timestamp: Some("now".into()), begin: true, ..message("q1", "When?") };
    let accepted = hospital.scope.accept_user_message(&session, new, moment(1)).await.unwrap();
    let AcceptedMessage::Stored { turn, .. } = accepted else { panic!("stored") };
    hospital.scope.finish_turn(&session, &turn, done("Now."), moment(2)).await.unwrap();
    hospital.say(&session, "q2", "Really?").await;

    let connection = Database::connect(&hospital.database.url).await.unwrap();
    let before = contents(&connection).await;
    assert_eq!(before.len(), 1 + 3 + 2);
    for row in message_row::Entity::find().all(&connection).await.unwrap() {
        message_row::Entity::update(row.into_active_model().reset_all()).exec(&connection).await.unwrap();
    }
    for row in turn_row::Entity::find().all(&connection).await.unwrap() {
        turn_row::Entity::update(row.into_active_model().reset_all()).exec(&connection).await.unwrap();
    }
    for row in kuzushi_store::entities::session::Entity::find().all(&connection).await.unwrap() {
        let row = row.into_active_model().reset_all();
        kuzushi_store::entities::session::Entity::update(row).exec(&connection).await.unwrap();
    }
    assert_eq!(contents(&connection).await, before);
}

/// The rows as SQL literals, which tell types apart.
async fn contents(connection: &DatabaseConnection) -> Vec<String> {
    let mut contents = Vec::new();
    for table in ["sessions", "messages", "turns"] {
        let columns =
            format!("SELECT group_concat('quote(' || name || ')', ' || '', '' || ') FROM pragma_table_info('{table}')");
        let columns = connection.query_one_raw(statement(columns)).await.unwrap().unwrap();
        let columns: String = columns.try_get_by_index(0).unwrap();
        let rows = connection.query_all_raw(statement(format!("SELECT {columns} FROM {table} ORDER BY id"))).await;
        contents.extend(rows.unwrap().iter().map(|row| row.try_get_by_index::<String>(0).unwrap()));
    }
    contents
}

fn statement(sql: String) -> sea_orm::Statement {
    sea_orm::Statement::from_string(sea_orm::DbBackend::Sqlite, sql)
}
