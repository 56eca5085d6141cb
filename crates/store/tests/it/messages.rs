use chrono::TimeDelta;
use kuzushi_domain::{AnswerOutcome, Phi, Rating, Role, TurnState};
use kuzushi_store::{
    AcceptedMessage, Feedback, FinishedAnswer, MessageDetails, PageRequest, RatedAnswer, Session, StoreError,
    on_both_engines, testing::canary::typed,
};

use crate::fixture::{Hospital, at, message};

/// What the patient is known to think of the second message.
async fn feedback_on_answer(hospital: &Hospital, session: &Session) -> Option<Feedback> {
    hospital.scope.messages(session, page(None, None, 50)).await.unwrap().messages[1].feedback.clone()
}

fn page(before: Option<i64>, after: Option<i64>, limit: u64) -> PageRequest {
    PageRequest { before, after, limit }
}

on_both_engines! {
    async fn a_message_is_stored_once_under_its_name(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let session = hospital.session().await;
        let AcceptedMessage::Stored { message: stored, turn, .. } = hospital.say(&session, "m1", "When can I visit?").await
        else {
            panic!("the first one is stored");
        };
        assert_eq!((stored.seq, turn.state), (1, TurnState::Pending));
        let AcceptedMessage::Known { seq, turn: again } = hospital.say(&session, "m1", "Another text").await else {
            panic!("the second one is known");
        };
        assert_eq!((seq, again), (1, turn));
        let page = hospital.scope.messages(&session, page(None, None, 50)).await.unwrap();
        assert_eq!(page.messages.len(), 1);
        assert_eq!(page.messages[0].content.expose(), &typed("When can I visit?"));
    }

    async fn a_rating_lies_with_its_answer_until_another_takes_its_place(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let (scope, session) = (&hospital.scope, hospital.session().await);
        hospital.say(&session, "m1", "When can I visit?").await;
        let turn = hospital.begin(&session, 2).await;
        let answer = FinishedAnswer::Done {
            content: "From 2 to 8.".into(), details: MessageDetails::default(), outcome: AnswerOutcome::Answered,
        };
        scope.finish_turn(&session, &turn, answer, at(3)).await.unwrap();
        assert_eq!(feedback_on_answer(&hospital, &session).await, None);
        let down = Feedback { rating: Rating::Down, comment: Some(Phi::new(typed("I meant the children's ward"))) };
        let up = Feedback { rating: Rating::Up, comment: None };
        for feedback in [Some(down.clone()), Some(up), None, Some(down)] {
            let rated = scope.rate_answer(&session, &turn.answer_id, feedback.clone()).await.unwrap();
            assert_eq!(rated, RatedAnswer::Stored);
            assert_eq!(feedback_on_answer(&hospital, &session).await, feedback);
        }
        let up = || Some(Feedback { rating: Rating::Up, comment: None });
        let other = hospital.session().await;
        for (session, message) in [(&session, "m1"), (&session, "msg_0"), (&other, turn.answer_id.as_str())] {
            assert_eq!(scope.rate_answer(session, message, up()).await.unwrap(), RatedAnswer::Unknown);
        }
        assert_eq!(feedback_on_answer(&hospital, &session).await.unwrap().rating, Rating::Down);
        scope.end_session(session.id, false, at(4)).await.unwrap();
        assert_eq!(scope.rate_answer(&session, &turn.answer_id, up()).await.unwrap(), RatedAnswer::Ended);
    }

    async fn the_same_name_from_many_tabs_at_once_is_one_message(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let session = hospital.session().await;
        let tasks: Vec<_> = (0..10)
            .map(|_| {
                let (scope, session) = (hospital.scope.clone(), session.clone());
                tokio::spawn(async move { scope.accept_user_message(&session, message("m1", "Hello"), at(1)).await })
            })
            .collect();
        let mut stored = 0;
        for task in tasks {
            match task.await.unwrap().unwrap() {
                AcceptedMessage::Stored { .. } => stored += 1,
                AcceptedMessage::Known { seq, .. } => assert_eq!(seq, 1),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(stored, 1);
    }

    async fn seq_has_no_holes_under_concurrency(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let session = hospital.session().await;
        let tasks: Vec<_> = (0..20)
            .map(|number| {
                let (scope, session) = (hospital.scope.clone(), session.clone());
                let new = message(&format!("m{number}"), "Hello");
                tokio::spawn(async move { scope.accept_user_message(&session, new, at(1)).await.unwrap() })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let page = hospital.scope.messages(&session, page(None, None, 50)).await.unwrap();
        assert_eq!(page.messages.iter().map(|message| message.seq).collect::<Vec<_>>(), (1..=20).collect::<Vec<_>>());
        assert_eq!(hospital.scope.session(session.id).await.unwrap().last_seq, 20);
    }

    async fn pages_go_down_from_the_newest_and_up_from_a_cursor(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let session = hospital.session().await;
        for number in 1..=7 {
            hospital.say(&session, &format!("m{number}"), "Hello").await;
        }
        let seqs = async |request| {
            let page = hospital.scope.messages(&session, request).await.unwrap();
            let seqs: Vec<_> = page.messages.iter().map(|message| message.seq).collect();
            (seqs, page.has_older, page.has_newer)
        };
        assert_eq!(seqs(page(None, None, 3)).await, (vec![5, 6, 7], true, false));
        assert_eq!(seqs(page(Some(5), None, 3)).await, (vec![2, 3, 4], true, true));
        assert_eq!(seqs(page(Some(2), None, 3)).await, (vec![1], false, true));
        assert_eq!(seqs(page(None, Some(0), 3)).await, (vec![1, 2, 3], false, true));
        assert_eq!(seqs(page(None, Some(6), 3)).await, (vec![7], true, false));
        assert_eq!(seqs(page(None, Some(7), 3)).await, (vec![], false, false));
        assert_eq!(seqs(page(Some(6), Some(2), 9)).await, (vec![3, 4, 5], true, false));
    }

    async fn an_ended_conversation_takes_no_message_and_keeps_its_first_end(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let session = hospital.session().await;
        hospital.say(&session, "m1", "Hello").await;
        assert_eq!(hospital.scope.end_session(session.id, false, at(5)).await.unwrap().at, at(5));
        assert_eq!(hospital.scope.end_session(session.id, false, at(9)).await.unwrap().at, at(5));
        assert!(matches!(hospital.say(&session, "m2", "Hello?").await, AcceptedMessage::Ended));
        assert!(hospital.store.installation().open_turns(at(9), TimeDelta::zero()).await.unwrap().is_empty());
        let session = hospital.scope.session(session.id).await.unwrap();
        assert_eq!(hospital.scope.messages(&session, page(None, None, 50)).await.unwrap().messages.len(), 1);
    }

    async fn erasing_destroys_the_key_and_the_content(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let session = hospital.session().await;
        hospital.say(&session, "m1", "Hello").await;
        hospital.scope.end_session(session.id, true, at(5)).await.unwrap();
        let erased = hospital.scope.session(session.id).await.unwrap();
        assert_eq!(erased.metadata.user_agent, None);
        assert!(hospital.scope.messages(&erased, page(None, None, 50)).await.unwrap().messages.is_empty());
        // Even somebody who kept the old handle finds nothing.
        assert!(hospital.scope.messages(&session, page(None, None, 50)).await.unwrap().messages.is_empty());
    }

    async fn a_client_cannot_take_the_name_of_an_answer(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let session = hospital.session().await;
        hospital.say(&session, "m1", "Hello").await;
        let turn = hospital.begin(&session, 2).await;
        let outcome = FinishedAnswer::Done { content: "Hi".into(), details: MessageDetails::default(), outcome: AnswerOutcome::Answered };
        let answer = hospital.scope.finish_turn(&session, &turn, outcome, at(3)).await.unwrap().unwrap();
        assert_eq!((answer.seq, answer.role, answer.in_reply_to.as_deref()), (2, Role::Assistant, Some("m1")));
        assert!(matches!(hospital.say(&session, &answer.message_id, "Hello").await, AcceptedMessage::NameTaken));
    }

    async fn a_session_that_does_not_exist_is_not_found(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let missing = hospital.scope.session(kuzushi_domain::Id::generate()).await;
        assert!(matches!(missing, Err(StoreError::NotFound)));
    }
}
