use chrono::TimeDelta;
use kuzushi_domain::{AnswerOutcome, Citation, Phi, TurnState};
use kuzushi_store::{
    AcceptedMessage, FinishedAnswer, MessageDetails, NextTurn, OpenTurn, PageRequest, on_both_engines,
};

use crate::fixture::{Hospital, at};

const ALL: PageRequest = PageRequest { before: None, after: None, limit: 50 };

fn done(content: &str) -> FinishedAnswer {
    FinishedAnswer::Done {
        content: Phi::from(content),
        details: MessageDetails::default(),
        outcome: AnswerOutcome::Answered,
    }
}

on_both_engines! {
    async fn questions_are_taken_in_order_and_each_is_answered_once(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let session = hospital.session().await;
        hospital.say(&session, "q1", "One?").await;
        hospital.say(&session, "q2", "Two?").await;
        for (question, seq) in [("q1", 3), ("q2", 4)] {
            let turn = hospital.begin(&session, 2).await;
            assert_eq!((turn.message_id.as_str(), turn.state, turn.attempts), (question, TurnState::Running, 1));
            let answer = hospital.scope.finish_turn(&session, &turn, done("Yes."), at(3)).await.unwrap().unwrap();
            assert_eq!((answer.seq, answer.message_id), (seq, turn.answer_id.clone()));
            assert!(hospital.scope.finish_turn(&session, &turn, done("Again."), at(4)).await.unwrap().is_none());
        }
        assert_eq!(hospital.scope.begin_next_turn(session.id, at(5)).await.unwrap(), NextTurn::Nothing);
    }

    async fn what_a_dead_process_left_open_is_found_and_begun_again(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let session = hospital.session().await;
        hospital.say(&session, "q1", "One?").await;
        hospital.begin(&session, 2).await;
        let open = hospital.database.open().await.installation().open_turns(at(9), TimeDelta::zero()).await.unwrap();
        assert_eq!(open, [OpenTurn { tenant: session.tenant, session: session.id }]);
        let turn = hospital.begin(&session, 60).await;
        assert_eq!(turn.attempts, 2);
    }

    async fn a_stopped_answer_keeps_what_was_said(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let session = hospital.session().await;
        hospital.say(&session, "q1", "One?").await;
        let turn = hospital.begin(&session, 2).await;
        let outcome = FinishedAnswer::Cancelled { content: "You can".into(), is_spoken: false };
        hospital.scope.finish_turn(&session, &turn, outcome, at(3)).await.unwrap().unwrap();
        let stored = hospital.scope.messages(&session, ALL).await.unwrap().messages.pop().unwrap();
        assert_eq!(stored.content.expose(), "You can");
        assert!(stored.details.stopped);
    }

    async fn a_waiting_question_can_be_withdrawn_and_a_running_one_cannot(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let session = hospital.session().await;
        hospital.say(&session, "q1", "One?").await;
        hospital.say(&session, "q2", "Two?").await;
        hospital.begin(&session, 2).await;
        assert!(!hospital.scope.withdraw_turn(session.id, "q1", at(3)).await.unwrap());
        assert!(hospital.scope.withdraw_turn(session.id, "q2", at(3)).await.unwrap());
        assert!(!hospital.scope.withdraw_turn(session.id, "q2", at(3)).await.unwrap());
    }

    async fn a_failed_answer_leaves_nothing_and_the_same_question_opens_it_again(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let session = hospital.session().await;
        hospital.say(&session, "q1", "One?").await;
        let turn = hospital.begin(&session, 2).await;
        let outcome = FinishedAnswer::Failed { code: "AI_ERROR" };
        assert!(hospital.scope.finish_turn(&session, &turn, outcome, at(3)).await.unwrap().is_none());
        assert_eq!(hospital.scope.begin_next_turn(session.id, at(4)).await.unwrap(), NextTurn::Nothing);
        let AcceptedMessage::Known { seq, turn } = hospital.say(&session, "q1", "One?").await else {
            panic!("the question is known");
        };
        assert_eq!((seq, turn.state), (1, TurnState::Pending));
        assert_eq!(hospital.begin(&session, 5).await.attempts, 1);
    }

    async fn an_answer_that_comes_after_the_end_is_not_stored(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let session = hospital.session().await;
        hospital.say(&session, "q1", "One?").await;
        let turn = hospital.begin(&session, 2).await;
        hospital.scope.end_session(session.id, false, at(3)).await.unwrap();
        assert!(hospital.scope.finish_turn(&session, &turn, done("Late."), at(4)).await.unwrap().is_none());
        assert_eq!(hospital.scope.messages(&session, ALL).await.unwrap().messages.len(), 1);
    }

    async fn citations_come_back_as_they_were_given(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let session = hospital.session().await;
        hospital.say(&session, "q1", "One?").await;
        let turn = hospital.begin(&session, 2).await;
        let citation = Citation {
            article_id: "art_1".into(),
            title: "Visiting".into(),
            url: Some("/visiting".into()),
            section: None,
            anchor: Some("icu".into()),
            snippet: Some("Daily".into()),
        };
        let details = MessageDetails { citations: vec![citation], no_answer: true, ..MessageDetails::default() };
        let outcome = FinishedAnswer::Done { content: "Daily.".into(), details: details.clone(), outcome: AnswerOutcome::Answered };
        hospital.scope.finish_turn(&session, &turn, outcome, at(3)).await.unwrap();
        assert_eq!(hospital.scope.messages(&session, ALL).await.unwrap().messages[1].details, details);
    }
}
