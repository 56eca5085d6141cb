//! Recognising that somebody may be in danger now.

use super::{says_any, spoken};

/// Who has to be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Emergency {
    /// A life may be in danger.
    Medical,
    /// Somebody thinks of ending or harming their own life.
    SelfHarm,
}

/// Whether a message says that somebody may be in danger now. Rather once too often: the cost of a false alarm is a
/// phone number nobody needed.
pub fn emergency(message: &str) -> Option<Emergency> {
    let spoken = spoken(message);
    let is_history = says_any(&spoken, HISTORY) && !says_any(&spoken, NOW);
    if says_any(&spoken, SELF_HARM) || (says_any(&spoken, SELF_HARM_TOPIC) && !says_any(&spoken, INFORMATION)) {
        return Some(Emergency::SelfHarm);
    }
    if is_history {
        return None;
    }
    let happening = says_any(&spoken, HAPPENING);
    let suffering =
        says_any(&spoken, CONDITION) && (says_any(&spoken, FRAME) || spoken.split_whitespace().count() <= 4);
    let is_information = says_any(&spoken, INFORMATION) && !says_any(&spoken, FRAME);
    ((happening || suffering) && !is_information).then_some(Emergency::Medical)
}

const SELF_HARM: &[&str] = &[
    "kill myself",
    "killing myself",
    "kill himself",
    "kill herself",
    "kill themselves",
    "killing himself",
    "killing herself",
    "end my life",
    "ending my life",
    "end his life",
    "end her life",
    "end it all",
    "take my own life",
    "take his own life",
    "take her own life",
    "want to die",
    "wants to die",
    "wanna die",
    "wish i was dead",
    "wish i were dead",
    "want to be dead",
    "better off dead",
    "better off without me",
    "dont want to live",
    "do not want to live",
    "doesnt want to live",
    "dont want to be alive",
    "dont want to be here anymore",
    "no reason to live",
    "nothing to live for",
    "hurt myself",
    "hurting myself",
    "harm myself",
    "harming myself",
    "cutting myself",
    "feel suicidal",
    "feeling suicidal",
    "am suicidal",
    "im suicidal",
    "is suicidal",
    "suicidal thoughts",
    "thinking about suicide",
    "thinking of suicide",
    "commit suicide",
];

const SELF_HARM_TOPIC: &[&str] = &["suicide", "suicidal", "self harm"];

/// What happens to somebody at this moment, whoever tells it.
const HAPPENING: &[&str] = &[
    "not breathing",
    "isnt breathing",
    "stopped breathing",
    "no longer breathing",
    "cant breathe",
    "cannot breathe",
    "can not breathe",
    "cant breath",
    "trouble breathing",
    "difficulty breathing",
    "hard to breathe",
    "struggling to breathe",
    "gasping",
    "choking",
    "unconscious",
    "unresponsive",
    "not responding",
    "wont wake up",
    "wont wake",
    "cant wake",
    "not waking up",
    "passed out",
    "fainted",
    "collapsed",
    "turning blue",
    "turned blue",
    "lips are blue",
    "no pulse",
    "bleeding a lot",
    "bleeding heavily",
    "bleeding badly",
    "wont stop bleeding",
    "bleeding wont stop",
    "cant stop the bleeding",
    "coughing up blood",
    "coughing blood",
    "vomiting blood",
    "throwing up blood",
    "throat is closing",
    "throat closing",
    "throat is swelling",
    "tongue is swelling",
    "too many pills",
    "took too much",
    "overdosed",
    "overdosing",
    "took an overdose",
    "swallowed bleach",
    "swallowed poison",
    "swallowed a battery",
    "drank bleach",
    "been poisoned",
    "having a heart attack",
    "having a stroke",
    "having a seizure",
    "face is drooping",
    "face drooping",
    "slurred speech",
    "slurring",
    "been shot",
    "been stabbed",
    "got shot",
    "got stabbed",
    "severe allergic reaction",
    "baby is coming now",
    "crushing chest",
    "this is an emergency",
];

/// Conditions that are an emergency when somebody has them, and a topic when somebody asks about them.
const CONDITION: &[&str] = &[
    "chest pain",
    "chest pains",
    "chest hurts",
    "chest is hurting",
    "chest tightness",
    "chest feels tight",
    "chest is tight",
    "pain in my chest",
    "pain in his chest",
    "pain in her chest",
    "pressure in my chest",
    "pressure in his chest",
    "pressure in her chest",
    "tightness in my chest",
    "heart attack",
    "stroke",
    "seizure",
    "seizures",
    "anaphylaxis",
    "anaphylactic",
    "overdose",
    "shortness of breath",
    "short of breath",
    "severe bleeding",
    "heavy bleeding",
    "worst headache",
    "heat stroke",
    "electrocuted",
    "drowning",
    "drowned",
];

/// That somebody has it, rather than asks about it.
const FRAME: &[&str] = &[
    "i have",
    "ive got",
    "i got",
    "i get",
    "i am having",
    "im having",
    "i feel",
    "im feeling",
    "i am feeling",
    "i think im",
    "i think i am",
    "i think my",
    "my chest",
    "he has",
    "she has",
    "has a",
    "has severe",
    "has chest",
    "he having",
    "she having",
    "is having",
    "are having",
    "having",
    "my husband has",
    "my wife has",
    "my mother has",
    "my mom has",
    "my dad has",
    "my father has",
    "my son has",
    "my daughter has",
    "my baby has",
    "my child has",
    "in my chest",
    "in his chest",
    "in her chest",
    "help me",
    "right now",
];

/// That it is over.
const HISTORY: &[&str] = &[
    "had a",
    "had an",
    "had chest",
    "last week",
    "last month",
    "last year",
    "last night",
    "yesterday",
    "days ago",
    "weeks ago",
    "months ago",
    "years ago",
    "year ago",
    "month ago",
    "week ago",
    "history of",
    "recovering",
    "recovered",
    "after a stroke",
    "after his stroke",
    "after her stroke",
    "after my stroke",
    "after a heart attack",
    "survivor",
    "survivors",
];

const NOW: &[&str] = &["now", "right now", "again", "at the moment", "currently", "still"];

/// That the message asks about a service or a subject.
const INFORMATION: &[&str] = &[
    "class",
    "classes",
    "course",
    "training",
    "group",
    "groups",
    "program",
    "programs",
    "prevention",
    "awareness",
    "brochure",
    "screening",
    "clinic",
    "department",
    "unit",
    "ward",
    "visiting",
    "visit",
    "rehab",
    "rehabilitation",
    "support",
    "volunteer",
    "certified",
    "policy",
    "protocol",
    "signs of",
    "symptoms of",
    "what is",
    "patients",
    "number for",
    "research",
    "nearest",
    "where is the",
    "do you treat",
    "specialist",
    "specialists",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn danger_in_plain_words_is_recognised() {
        for message in [
            "I have chest pain",
            "my chest hurts really bad",
            "Chest pain",
            "My baby is not breathing",
            "my husband can't breathe, what should I do?",
            "she wont wake up",
            "I think I'm having a stroke",
            "he collapsed and is unresponsive",
            "There is so much blood, the bleeding won\u{2019}t stop",
            "my daughter took too many pills",
            "I have chest pain, can I get an appointment?",
            "my dad has chest pain again, he had a heart attack last year",
        ] {
            assert_eq!(emergency(message), Some(Emergency::Medical), "{message}");
        }
        for message in
            ["I want to die", "i dont want to live anymore", "My son says he wants to kill himself", "suicidal"]
        {
            assert_eq!(emergency(message), Some(Emergency::SelfHarm), "{message}");
        }
    }

    #[test]
    fn questions_about_a_subject_are_no_emergency() {
        for message in [
            "Do you have a stroke support group?",
            "What are the visiting hours for stroke patients?",
            "My father had a stroke last year, where is rehab?",
            "Where is the chest pain clinic?",
            "Is there a suicide prevention class?",
            "Do you offer classes after a heart attack?",
            "When can I visit my mother?",
            "Can I bring a hairdryer? I am dying to know",
            "My mother passed out yesterday and was admitted. Which ward is she on?",
        ] {
            assert_eq!(emergency(message), None, "{message}");
        }
    }
}
