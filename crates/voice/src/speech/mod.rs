//! A written text as it is read aloud: cut into pieces, in words that can be said.

mod pieces;
mod reading;

pub use pieces::{Piece, Pieces};
pub use reading::aloud;
