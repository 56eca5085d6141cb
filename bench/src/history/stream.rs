//! One answer as a tab puts it together from tokens.

/// What is wrong with a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misplaced {
    /// It begins somewhere else than where the text ends.
    Gap { ends: usize, begins: usize },
    /// It begins at the beginning although there is a text, and nothing said that the answer starts anew.
    Restart,
}

#[derive(Debug, Default)]
pub struct StreamedAnswer {
    pub text: String,
    /// The length of the text in UTF-16 units, in which the wire counts.
    length: usize,
    /// Whether all of the text came over the socket that is open now.
    pub is_of_this_socket: bool,
}

impl StreamedAnswer {
    /// Adds a token. `announced`: the socket has just said that an answer begins, or begins anew.
    pub fn take(&mut self, offset: usize, delta: &str, announced: bool) -> Result<(), Misplaced> {
        if offset == 0 && (self.length == 0 || announced) {
            self.text.clear();
            self.length = 0;
            self.is_of_this_socket = true;
        } else if offset == 0 {
            return Err(Misplaced::Restart);
        } else if offset != self.length {
            return Err(Misplaced::Gap { ends: self.length, begins: offset });
        }
        self.text.push_str(delta);
        self.length += delta.encode_utf16().count();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_follow_each_other_in_utf_16_units() {
        let mut answer = StreamedAnswer::default();
        assert_eq!(answer.take(0, "a👋", true), Ok(()));
        assert_eq!(answer.take(2, "b", false), Err(Misplaced::Gap { ends: 3, begins: 2 }));
        assert_eq!(answer.take(3, "b", false), Ok(()));
        assert_eq!(answer.take(0, "a", false), Err(Misplaced::Restart));
        assert_eq!(answer.take(0, "a", true), Ok(()));
        assert_eq!(answer.text, "a");
    }
}
