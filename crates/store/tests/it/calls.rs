//! Calls are on record: one at a time in a conversation, and each with its end.

use kuzushi_domain::{CallOutcome, CallQuality, Phi, Role};
use kuzushi_store::{NewTranscript, NextTurn, PageRequest, StoreError, on_both_engines};

use crate::fixture::{Hospital, add_tenant, at};

fn figures() -> CallQuality {
    CallQuality {
        connected_after_ms: Some(120),
        packets_received: Some(3_000),
        packets_lost: Some(2),
        round_trip_ms: Some(1.5),
        turns: Some(3),
        interruptions: Some(1),
        median_response_ms: Some(700),
        slowest_response_ms: Some(1_100),
    }
}

on_both_engines! {
    async fn a_call_is_on_record_from_its_beginning_to_its_end(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let session = hospital.session().await;
        let call = hospital.scope.begin_call(&session, "builtin", at(10)).await.unwrap().unwrap();
        let found = hospital.scope.calls(session.id, 10).await.unwrap();
        assert_eq!(found, std::slice::from_ref(&call));
        assert_eq!((found[0].provider.as_str(), found[0].started_at, &found[0].end), ("builtin", at(10), &None));
        assert_eq!(hospital.store.installation().own_calls().await.unwrap(), [call.id]);

        hospital.scope.end_call(call.id, CallOutcome::HungUp, figures(), at(75)).await.unwrap();
        let end = hospital.scope.calls(session.id, 10).await.unwrap()[0].end.clone().unwrap();
        assert_eq!((end.at, end.seconds, end.outcome, end.quality), (at(75), 65, CallOutcome::HungUp, figures()));
        assert!(hospital.store.installation().own_calls().await.unwrap().is_empty());

        hospital.scope.end_call(call.id, CallOutcome::Lost, CallQuality::default(), at(90)).await.unwrap();
        let end = hospital.scope.calls(session.id, 10).await.unwrap()[0].end.clone().unwrap();
        assert_eq!((end.seconds, end.outcome, end.quality), (65, CallOutcome::HungUp, figures()), "the first word counts");
    }

    async fn a_conversation_has_one_call_at_a_time(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let (session, other) = (hospital.session().await, hospital.session().await);
        let first = hospital.scope.begin_call(&session, "builtin", at(0)).await.unwrap().unwrap();
        hospital.scope.begin_call(&other, "builtin", at(1)).await.unwrap().unwrap();
        let second = hospital.scope.begin_call(&session, "external", at(5)).await.unwrap().unwrap();
        let calls = hospital.scope.calls(session.id, 10).await.unwrap();
        assert_eq!(calls.iter().map(|call| call.id).collect::<Vec<_>>(), [second.id, first.id]);
        let end = calls[1].end.clone().unwrap();
        assert_eq!((end.seconds, end.outcome), (5, CallOutcome::Replaced));
        assert_eq!(hospital.scope.calls(other.id, 10).await.unwrap()[0].end, None);
        // Its figures come when whoever served it has noticed.
        hospital.scope.end_call(first.id, CallOutcome::HungUp, figures(), at(6)).await.unwrap();
        let end = hospital.scope.calls(session.id, 10).await.unwrap()[1].end.clone().unwrap();
        assert_eq!((end.seconds, end.outcome, end.quality), (5, CallOutcome::Replaced, figures()));
    }

    async fn what_somebody_else_made_of_a_call_is_in_the_conversation_and_nobody_answers_it(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let session = hospital.session().await;
        let said = |role, words: &str, in_reply_to: Option<String>| NewTranscript { role, content: Phi::from(words), in_reply_to };
        let question = said(Role::User, "When can I visit?", None);
        let question = hospital.scope.add_transcript(&session, question, at(1)).await.unwrap().unwrap();
        let answer = said(Role::Assistant, "From 2 to 8.", Some(question.message_id.clone()));
        hospital.scope.add_transcript(&session, answer, at(2)).await.unwrap().unwrap();
        let page = PageRequest { before: None, after: None, limit: 10 };
        let stored = hospital.scope.messages(&session, page).await.unwrap().messages;
        let told: Vec<_> = stored.iter().map(|message| (message.seq, message.role, message.details.is_spoken)).collect();
        assert_eq!(told, [(1, Role::User, true), (2, Role::Assistant, true)]);
        assert_eq!((stored[0].content.expose().as_str(), &stored[1].in_reply_to), ("When can I visit?", &Some(question.message_id)));
        let next = hospital.scope.begin_next_turn(session.id, at(3)).await.unwrap();
        assert!(!matches!(next, NextTurn::Begun(_)), "{next:?}");
        hospital.scope.end_session(session.id, true, at(4)).await.unwrap();
        assert!(hospital.scope.add_transcript(&session, said(Role::User, "Hello?", None), at(5)).await.unwrap().is_none());
    }

    async fn what_has_ended_takes_no_call(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let session = hospital.session().await;
        hospital.scope.end_session(session.id, false, at(1)).await.unwrap();
        assert_eq!(hospital.scope.begin_call(&session, "builtin", at(2)).await.unwrap(), None);
    }

    async fn the_calls_of_a_node_that_died_are_lost(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let session = hospital.session().await;
        hospital.store.installation().renew_lease("here", at(0)).await.unwrap();
        hospital.scope.begin_call(&session, "builtin", at(0)).await.unwrap();
        let next = hospital.database.open().await;
        assert_eq!(next.installation().end_lost_calls(at(5)).await.unwrap(), 0, "it lives");
        assert_eq!(next.installation().end_lost_calls(at(60)).await.unwrap(), 1);
        assert_eq!(next.installation().end_lost_calls(at(61)).await.unwrap(), 0);
        let end = hospital.scope.calls(session.id, 10).await.unwrap()[0].end.clone().unwrap();
        assert_eq!((end.seconds, end.outcome), (60, CallOutcome::Lost));
    }

    async fn calls_of_another_tenant_are_out_of_reach(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let session = hospital.session().await;
        let call = hospital.scope.begin_call(&session, "builtin", at(0)).await.unwrap().unwrap();
        let (stranger, _) = add_tenant(&hospital.store, "elsewhere").await;
        assert!(stranger.calls(session.id, 10).await.unwrap().is_empty());
        let ended = stranger.end_call(call.id, CallOutcome::Lost, figures(), at(1)).await;
        assert!(matches!(ended, Err(StoreError::NotFound)));
        assert_eq!(stranger.begin_call(&session, "builtin", at(1)).await.unwrap(), None);
        assert_eq!(hospital.scope.calls(session.id, 10).await.unwrap(), [call]);
    }
}
