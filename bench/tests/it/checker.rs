//! A checker that finds nothing proves nothing: each rule is shown a history that breaks it.

use kuzushi_bench::{
    history::{Event, Rule, SessionHistory, check},
    protocol::frames::{Message, ServerFrame, Status},
};

use crate::history::{
    ack, answer, correct, error, greeting, message, received, replace, replace_last, sent, status, token,
};

/// The rules that a history breaks, each once.
fn broken(history: &SessionHistory) -> Vec<Rule> {
    let mut rules: Vec<Rule> = check(std::slice::from_ref(history)).iter().map(|violation| violation.rule).collect();
    rules.sort();
    rules.dedup();
    rules
}

/// What is found once the correct history is changed so.
fn after(change: impl FnOnce(&mut SessionHistory)) -> Vec<Rule> {
    let mut history = correct();
    change(&mut history);
    broken(&history)
}

#[test]
fn a_correct_history_passes() {
    assert_eq!(check(&[correct()]), []);
}

#[test]
fn a_lost_message_is_found() {
    let rules = after(|history| {
        history.stored.remove(1);
    });
    assert!(rules.contains(&Rule::Lost) && rules.contains(&Rule::Hole), "{rules:?}");
}

#[test]
fn a_message_lost_at_the_end_leaves_no_hole_and_is_found() {
    let rules = after(|history| {
        history.events.extend([sent(0, "q3"), ack(0, "q3", 5)]);
    });
    assert_eq!(rules, [Rule::Lost, Rule::NoAnswer]);
}

#[test]
fn a_doubled_message_is_found() {
    let rules = after(|history| {
        let mut copy = history.stored[0].clone();
        copy.seq = 5;
        history.stored.push(copy);
    });
    assert!(rules.contains(&Rule::Doubled), "{rules:?}");
}

#[test]
fn a_changed_text_is_found() {
    assert!(after(|history| history.stored[0].content.push('!')).contains(&Rule::Altered));
}

#[test]
fn a_message_that_nobody_sent_is_found() {
    let rules = after(|history| {
        history.events.retain(|event| !matches!(event, Event::Sent { message_id, .. } if message_id == "q2"))
    });
    // Its acknowledgement remains, so it is known, but an acknowledgement alone is no message.
    assert_eq!(rules, [Rule::Unsent]);
}

#[test]
fn a_hole_is_found() {
    let rules = after(|history| {
        for event in &mut history.events {
            if let Event::Received { frame: ServerFrame::Message(message), .. } = event
                && message.seq == 4
            {
                message.seq = 5;
            }
        }
        history.stored[3].seq = 5;
    });
    assert_eq!(rules, [Rule::Hole, Rule::Skipped]);
}

#[test]
fn a_notice_fills_its_place() {
    let notice = |tab, seq| {
        let (code, content) = (String::from("AI_DISCLOSURE"), String::from("A computer answers."));
        received(tab, ServerFrame::Notice { code, content, seq })
    };
    assert_eq!(after(|history| history.events.extend([notice(0, 5), notice(1, 5)])), []);
    let rules = after(|history| {
        history.events.extend([
            notice(0, 5),
            notice(1, 5),
            sent(0, "q3"),
            ack(0, "q3", 6),
            message(1, answer("a", 7, "q3")),
        ]);
        history.stored.push(kuzushi_bench::protocol::frames::Message { seq: 6, ..history.stored[0].clone() });
    });
    assert!(!rules.contains(&Rule::Hole), "{rules:?}");
}

#[test]
fn a_changed_acknowledgement_is_found() {
    assert_eq!(after(|history| replace_last(history, &ack(1, "q1", 1), vec![ack(1, "q1", 2)])), [Rule::ChangedSeq]);
}

#[test]
fn a_replayed_event_with_another_seq_is_found() {
    let rules = after(|history| {
        let mut replayed = history.stored[0].clone();
        replayed.seq = 3;
        history.events.push(message(0, replayed));
    });
    assert_eq!(rules, [Rule::ChangedSeq]);
}

#[test]
fn a_message_that_is_never_acknowledged_is_found() {
    assert_eq!(after(|history| history.events.push(sent(0, "q3"))), [Rule::Unacknowledged]);
}

#[test]
fn two_answers_are_found() {
    let rules = after(|history| {
        let second = answer("a3", 5, "q2");
        history.events.extend([message(0, second.clone()), message(1, second.clone())]);
        history.stored.push(second);
    });
    assert_eq!(rules, [Rule::TwoAnswers]);
}

fn without_the_last_answer(history: &mut SessionHistory) {
    history.stored.pop();
    history.events.retain(|event| match event {
        Event::Received { frame: ServerFrame::Message(message), .. } => message.seq != 4,
        Event::Received { frame: ServerFrame::Token { message_id, .. }, .. } => message_id != "a2",
        _ => true,
    });
}

#[test]
fn a_missing_answer_is_found_unless_it_was_stopped_or_said_to_have_failed() {
    assert_eq!(after(without_the_last_answer), [Rule::NoAnswer]);
    let cancelled = after(|history| {
        without_the_last_answer(history);
        history.events.push(Event::Cancelled { tab: 0, message_id: String::from("q2") });
    });
    assert_eq!(cancelled, []);
    let failed = after(|history| {
        without_the_last_answer(history);
        history.events.push(error("AI_ERROR", "q2"));
    });
    assert_eq!(failed, []);
    let tried_again_and_forgotten = after(|history| {
        without_the_last_answer(history);
        history.events.extend([error("AI_ERROR", "q2"), sent(0, "q2"), ack(0, "q2", 2)]);
    });
    assert_eq!(tried_again_and_forgotten, [Rule::NoAnswer]);
}

#[test]
fn an_answer_that_nobody_stopped_is_not_marked_stopped() {
    let rules = after(|history| {
        for event in &mut history.events {
            if let Event::Received { frame: ServerFrame::Message(message), .. } = event
                && message.seq == 4
            {
                message.metadata.stopped = true;
            }
        }
        history.stored[3].metadata.stopped = true;
    });
    assert_eq!(rules, [Rule::StoppedUnasked]);
}

#[test]
fn an_answer_about_something_else_is_found() {
    let rules = after(|history| {
        for event in &mut history.events {
            if let Event::Sent { message_id, about, .. } = event
                && message_id == "q2"
            {
                *about = String::from("bakery");
            }
        }
    });
    assert_eq!(rules, [Rule::WrongAnswer]);
}

/// The first two answers change places.
fn swap_answers(history: &mut SessionHistory) {
    let swap = |message: &mut Message| match message.seq {
        3 => message.in_reply_to = Some(String::from("q2")),
        4 => message.in_reply_to = Some(String::from("q1")),
        _ => {}
    };
    for event in &mut history.events {
        if let Event::Received { frame: ServerFrame::Message(message), .. } = event {
            swap(message);
        }
    }
    history.stored.iter_mut().for_each(swap);
}

#[test]
fn swapped_answers_are_found() {
    assert_eq!(after(swap_answers), [Rule::OutOfOrder]);
}

#[test]
fn a_late_answer_to_a_question_that_was_given_up_while_nobody_was_there_is_in_order() {
    let rules = after(|history| {
        swap_answers(history);
        history.given_up = 1;
    });
    assert_eq!(rules, []);
}

#[test]
fn an_answer_before_its_question_is_found() {
    let rules = after(|history| {
        let (question, answer) = (history.stored[1].seq, history.stored[3].seq);
        history.stored[1].seq = answer;
        history.stored[3].seq = question;
        history.stored.sort_by_key(|message| message.seq);
    });
    assert!(rules.contains(&Rule::OutOfOrder), "{rules:?}");
}

#[test]
fn a_late_answer_to_a_question_that_failed_first_is_in_order() {
    let rules = after(|history| {
        history.events.insert(0, error("AI_TIMEOUT", "q1"));
        swap_answers(history);
    });
    assert_eq!(rules, []);
}

#[test]
fn a_stream_that_is_not_what_is_stored_is_found() {
    let other = vec![token(0, "a2", 0, "the tower 🗼 is shut")];
    assert_eq!(
        after(|history| replace(history, &token(0, "a2", 0, "the tower 🗼 is open"), other)),
        [Rule::StreamedDiffers]
    );
    let longer = vec![token(0, "a2", 0, "the tower 🗼 is open!")];
    assert_eq!(
        after(|history| replace(history, &token(0, "a2", 0, "the tower 🗼 is open"), longer)),
        [Rule::StreamedDiffers]
    );
}

#[test]
fn a_gap_or_a_repeat_between_tokens_is_found() {
    let gap = vec![token(1, "a1", 14, "s open")];
    let rules = after(|history| replace(history, &token(1, "a1", 13, "is open"), gap));
    assert_eq!(rules, [Rule::OffsetGap]);
    // Offsets in characters rather than in UTF-16 units.
    let characters = vec![token(1, "a1", 12, "is open")];
    let rules = after(|history| replace(history, &token(1, "a1", 13, "is open"), characters));
    assert!(rules.contains(&Rule::OffsetGap), "{rules:?}");
    let repeated = vec![token(1, "a1", 13, "is open"), token(1, "a1", 13, "is open")];
    assert_eq!(after(|history| replace(history, &token(1, "a1", 13, "is open"), repeated)), [Rule::OffsetGap]);
    let late = token(0, "a1", 0, "the tower");
    assert_eq!(after(|history| history.events.push(late)), [Rule::OffsetGap]);
}

#[test]
fn an_answer_that_begins_anew_says_so() {
    let anew = |announcement: Vec<Event>| {
        after(|history| {
            let mut events = vec![token(1, "a1", 0, "the tower 🗼 ")];
            events.extend(announcement);
            events.push(token(1, "a1", 0, "the tower 🗼 "));
            replace(history, &token(1, "a1", 0, "the tower 🗼 "), events);
        })
    };
    assert_eq!(anew(vec![]), [Rule::HiddenRestart]);
    assert_eq!(anew(vec![status(1, Status::Typing)]), []);
}

#[test]
fn the_end_of_an_answer_may_come_from_the_store() {
    assert_eq!(after(|history| replace(history, &token(1, "a1", 13, "is open"), vec![])), []);
    let asked = vec![Event::Resumed { tab: 1, last_seq: 2 }, greeting(1, 3)];
    assert_eq!(after(|history| replace(history, &token(1, "a1", 13, "is open"), asked)), []);
}

#[test]
fn a_frame_that_shows_something_else_than_the_store_is_found() {
    let mut other = answer("a2", 4, "q2");
    other.content = String::from("the tower is shut");
    assert!(after(|history| history.events.push(message(0, other))).contains(&Rule::FrameDiffers));
    // One that was shown and is not stored at all.
    let ghost = vec![message(0, answer("a9", 4, "q2"))];
    assert!(after(|history| replace(history, &message(0, answer("a2", 4, "q2")), ghost)).contains(&Rule::Lost));
}

#[test]
fn an_event_that_a_tab_never_got_is_found() {
    let rules = after(|history| replace(history, &message(1, answer("a2", 4, "q2")), vec![]));
    assert_eq!(rules, [Rule::Missed]);
    let rules = after(|history| replace(history, &message(1, answer("a1", 3, "q1")), vec![]));
    assert_eq!(rules, [Rule::Skipped, Rule::Missed]);
}

#[test]
fn a_tab_that_was_closed_need_not_have_everything() {
    let rules = after(|history| {
        replace(history, &message(1, answer("a2", 4, "q2")), vec![]);
        history.events.push(Event::Left { tab: 1 });
    });
    assert_eq!(rules, []);
}

#[test]
fn an_answer_that_seems_to_be_written_for_ever_is_found() {
    assert_eq!(after(|history| replace_last(history, &status(1, Status::Idle), vec![])), [Rule::StillTyping]);
}

#[test]
fn a_client_that_is_turned_away_for_good_is_found() {
    let closed = Event::Disconnected { tab: 0, code: Some(4003) };
    assert_eq!(
        after(|history| replace(history, &Event::Disconnected { tab: 0, code: None }, vec![closed])),
        [Rule::TurnedAway]
    );
    let (code, message_id) = (String::from("BAD_FRAME"), Some(String::from("q1")));
    let refused = received(0, ServerFrame::Error { code, message_id, retryable: false });
    assert_eq!(after(|history| history.events.push(refused)), [Rule::TurnedAway]);
    let unreadable = Event::Unreadable { tab: 0, text: String::from("{") };
    assert_eq!(after(|history| history.events.push(unreadable)), [Rule::Unreadable]);
}

#[test]
fn words_of_another_session_are_found_wherever_they_turn_up() {
    let foreign = "canary00000000000000bb";
    for frame in [
        ServerFrame::Token { message_id: String::from("a9"), delta: format!("tell {foreign}"), offset: 0 },
        ServerFrame::Ack { message_id: format!("{foreign}-1"), seq: 1 },
        ServerFrame::Error {
            code: String::from("AI_ERROR"),
            message_id: Some(format!("{foreign}-1")),
            retryable: true,
        },
        ServerFrame::Notice { code: String::from("LIMIT"), content: foreign.to_owned(), seq: 5 },
        ServerFrame::SessionAck { session_id: String::from("sess_b"), last_seq: 1 },
    ] {
        let rules = after(|history| history.events.push(received(0, frame.clone())));
        assert!(rules.contains(&Rule::Foreign), "{frame:?}: {rules:?}");
    }
    let rules = after(|history| history.stored[2].content.push_str(foreign));
    assert!(rules.contains(&Rule::Foreign), "{rules:?}");
    let rules = after(|history| {
        let mut page = history.stored.clone();
        page[0].content = foreign.to_owned();
        history.events.push(Event::Loaded { tab: 1, stored: page });
    });
    assert!(rules.contains(&Rule::Foreign), "{rules:?}");
}
