//! Frames and bodies that nobody would write. `cargo test` tries some thousands; `make fuzz` goes on for as long as one
//! likes, led by which code they reach.

use bolero::check;
use kuzushi_server::{
    api::{body, session_init::SessionInit, sessions::EndSession},
    chat::frames::{CONTENT_LIMIT, ClientFrame},
    error::ApiError,
};

use crate::{BODIES, CANARY, FRAMES, changed};

#[test]
fn frames() {
    check!().with_type::<(u8, Vec<u8>)>().with_iterations(20_000).for_each(|(which, changes)| {
        let bytes = changed(FRAMES[usize::from(*which) % FRAMES.len()], changes);
        match ClientFrame::parse(&String::from_utf8_lossy(&bytes)) {
            Ok(ClientFrame::UserMessage(message)) => {
                assert!((1..=128).contains(&message.message_id.chars().count()));
                assert!((1..=CONTENT_LIMIT).contains(&message.content.chars().count()));
            }
            Ok(_) => {}
            Err(error) => {
                assert!(!error.message.contains(CANARY), "{}", error.message);
                assert!(!error.message.is_empty() && error.message.len() < 400, "{}", error.message);
            }
        }
    });
}

#[test]
fn bodies() {
    check!().with_type::<(u8, Vec<u8>)>().with_iterations(20_000).for_each(|(which, changes)| {
        let bytes = changed(BODIES[usize::from(*which) % BODIES.len()], changes);
        let errors = [body::parse::<SessionInit>(&bytes).err(), body::parse::<EndSession>(&bytes).err()];
        for error in errors.into_iter().flatten() {
            let ApiError::InvalidBody(fields) = error else { panic!("{error:?}") };
            assert!(!fields.is_empty());
            for field in fields {
                assert!(!field.message.contains(CANARY) && !field.field.contains(CANARY), "{field:?}");
            }
        }
    });
}
