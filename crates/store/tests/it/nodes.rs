//! Several server processes on one database.

use chrono::TimeDelta;
use kuzushi_domain::{AnswerOutcome, Phi, TurnState};
use kuzushi_store::{
    AcceptedMessage, Engine, FinishedAnswer, MessageDetails, NewUserMessage, NextTurn, OpenTurn, Session, TenantScope,
    Unanswered, on_both_engines,
};

use crate::fixture::{Hospital, at, begun, message};

fn done(content: &str) -> FinishedAnswer {
    FinishedAnswer::Done {
        content: Phi::from(content),
        details: MessageDetails::default(),
        outcome: AnswerOutcome::Answered,
    }
}

fn open(session: &Session) -> OpenTurn {
    OpenTurn { tenant: session.tenant, session: session.id }
}

async fn begin_at_once(scope: &TenantScope, session: &Session, message_id: &str) -> AcceptedMessage {
    let new = NewUserMessage { begin: true, ..message(message_id, "When?") };
    scope.accept_user_message(session, new, at(1)).await.unwrap()
}

on_both_engines! {
    async fn a_question_that_nothing_waits_before_is_begun_as_it_is_stored(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let session = hospital.session().await;
        let AcceptedMessage::Stored { turn, .. } = begin_at_once(&hospital.scope, &session, "q1").await else {
            panic!("stored")
        };
        assert_eq!((turn.state, turn.attempts), (TurnState::Running, 1));
        let AcceptedMessage::Stored { turn: second, .. } = begin_at_once(&hospital.scope, &session, "q2").await else {
            panic!("stored")
        };
        assert_eq!((second.state, second.attempts), (TurnState::Pending, 0));
        assert!(hospital.scope.finish_turn(&session, &turn, done("Now."), at(2)).await.unwrap().is_some());
        assert_eq!(hospital.begin(&session, 3).await.message_id, "q2");
    }

    async fn a_turn_waits_again_when_it_is_handed_over(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let session = hospital.session().await;
        begin_at_once(&hospital.scope, &session, "q1").await;
        assert_eq!(hospital.store.installation().leave(at(2)).await.unwrap(), 1);
        let turn = hospital.begin(&session, 3).await;
        assert_eq!((turn.attempts, turn.since), (2, at(2)));
        hospital.scope.hand_over_turn(&turn, at(4)).await.unwrap();
        assert!(hospital.scope.finish_turn(&session, &turn, done("Late."), at(5)).await.unwrap().is_none());
        assert_eq!(hospital.begin(&session, 6).await.attempts, 2);
    }

    async fn what_has_no_answer_is_known_to_those_who_come_back(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let session = hospital.session().await;
        for question in ["q1", "q2", "q3"] {
            hospital.say(&session, question, "When?").await;
        }
        let turn = hospital.begin(&session, 2).await;
        hospital.scope.finish_turn(&session, &turn, done("Now."), at(3)).await.unwrap();
        let turn = hospital.begin(&session, 2).await;
        let failed = FinishedAnswer::Failed { code: "AI_ERROR" };
        hospital.scope.finish_turn(&session, &turn, failed, at(3)).await.unwrap();
        let expected = [("q2", 2, Some("AI_ERROR")), ("q3", 3, None)].map(|(message_id, question_seq, failure)| {
            Unanswered { message_id: message_id.into(), question_seq, failure: failure.map(Into::into) }
        });
        assert_eq!(hospital.scope.unanswered(session.id).await.unwrap(), expected);
    }

    async fn writes_that_wait_together_are_committed_together_and_each_gets_its_own_outcome(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let (one, two) = (hospital.session().await, hospital.session().await);
        let (stranger, _) = crate::fixture::add_tenant(&hospital.store, "st-lukes").await;
        hospital.scope.end_session(two.id, false, at(1)).await.unwrap();
        let tasks: Vec<_> = (0..60)
            .map(|number| {
                let (scope, session) = match number % 3 {
                    0 => (hospital.scope.clone(), one.clone()),
                    1 => (hospital.scope.clone(), two.clone()),
                    // Another tenant's message for this conversation, in the same queue.
                    _ => (stranger.clone(), one.clone()),
                };
                let new = message(&format!("m{}", number / 6), "Hello");
                tokio::spawn(async move { scope.accept_user_message(&session, new, at(1)).await })
            })
            .collect();
        let mut names = (0, 0, 0, 0);
        for task in tasks {
            match task.await.unwrap() {
                Ok(AcceptedMessage::Stored { .. }) => names.0 += 1,
                Ok(AcceptedMessage::Known { .. }) => names.1 += 1,
                Ok(AcceptedMessage::Ended) => names.2 += 1,
                Err(_) => names.3 += 1,
                Ok(other) => panic!("{other:?}"),
            }
        }
        assert_eq!(names, (10, 10, 20, 20));
        assert_eq!(hospital.scope.session(one.id).await.unwrap().last_seq, 10);
    }
}

/// What a lease is for. The embedded database has one server only, so there is nothing to share there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_belongs_to_one_living_node() {
    let hospital = Hospital::open(Engine::Postgres).await;
    let session = hospital.session().await;
    hospital.say(&session, "q1", "When?").await;
    let (first, second) = (hospital.store.clone(), hospital.database.open().await);
    let other = second.tenant(session.tenant).await.unwrap();
    assert_eq!(first.installation().renew_lease("one:3001", at(2)).await.unwrap(), 0);
    assert_eq!(second.installation().renew_lease("two:3001", at(2)).await.unwrap(), 1);

    let slow = hospital.begin(&session, 3).await;
    assert_eq!(other.begin_next_turn(session.id, at(4)).await.unwrap(), NextTurn::Elsewhere);
    assert_eq!(second.installation().open_turns(at(4), TimeDelta::zero()).await.unwrap(), []);

    // The visitor, at the second one, no longer wants the answer: the first one gets to know.
    assert!(!other.withdraw_turn(session.id, "q1", at(5)).await.unwrap());
    assert_eq!(first.installation().withdrawn_turns().await.unwrap(), [(session.id, String::from("q1"))]);
    assert_eq!(second.installation().withdrawn_turns().await.unwrap(), []);

    // The first one is not heard of any more, and the second one takes over.
    assert_eq!(second.installation().open_turns(at(13), TimeDelta::zero()).await.unwrap(), [open(&session)]);
    let turn = begun(other.begin_next_turn(session.id, at(13)).await.unwrap());
    assert_eq!((turn.message_id.as_str(), turn.attempts), ("q1", 2));

    // It was only slow. What it brings now is too late; the answer is the other's.
    assert!(hospital.scope.finish_turn(&session, &slow, done("Late."), at(14)).await.unwrap().is_none());
    assert!(other.finish_turn(&session, &turn, done("Now."), at(15)).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_embedded_database_knows_that_whoever_was_there_before_is_gone() {
    let hospital = Hospital::open(Engine::Sqlite).await;
    let session = hospital.session().await;
    hospital.store.installation().renew_lease("here", at(1)).await.unwrap();
    begin_at_once(&hospital.scope, &session, "q1").await;
    let restarted = hospital.database.open().await;
    restarted.installation().renew_lease("elsewhere", at(2)).await.unwrap();
    assert_eq!(restarted.installation().open_turns(at(2), TimeDelta::zero()).await.unwrap(), [open(&session)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_listens_where_another_node_did_knows_that_it_is_gone() {
    let hospital = Hospital::open(Engine::Postgres).await;
    let session = hospital.session().await;
    hospital.store.installation().renew_lease("one:3001", at(1)).await.unwrap();
    begin_at_once(&hospital.scope, &session, "q1").await;
    let restarted = hospital.database.open().await;
    assert_eq!(restarted.installation().renew_lease("one:3001", at(2)).await.unwrap(), 0);
    assert_eq!(restarted.installation().open_turns(at(2), TimeDelta::zero()).await.unwrap(), [open(&session)]);
}
