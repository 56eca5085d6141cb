//! Recognising that somebody asks what only a clinician may say: what they have, what to take, how bad it is.

use super::{says_any, spoken};

/// Whether a message asks for a diagnosis, a dose, or a judgement of a symptom or a result.
pub fn asks_for_medical_advice(message: &str) -> bool {
    let spoken = spoken(message);
    says_any(&spoken, ALWAYS)
        || (says_any(&spoken, ASKING) && says_any(&spoken, TREATMENT))
        || (says_any(&spoken, JUDGING) && says_any(&spoken, COMPLAINT))
        || (says_any(&spoken, DIAGNOSING) && says_any(&spoken, ILLNESS))
}

const ALWAYS: &[&str] = &[
    "what dose",
    "what dosage",
    "which dose",
    "right dose",
    "correct dose",
    "maximum dose",
    "max dose",
    "dosage of",
    "dose of",
    "how many mg",
    "how many pills",
    "how many tablets",
    "how many milligrams",
    "should i stop taking",
    "can i stop taking",
    "stop taking my",
    "should i take",
    "should i give my",
    "should i keep taking",
    "skip a dose",
    "missed a dose",
    "double dose",
    "double my dose",
    "is it safe to take",
    "is it safe to mix",
    "is it ok to take",
    "is it okay to take",
    "safe to combine",
    "whats wrong with me",
    "what is wrong with me",
    "diagnose me",
    "diagnose my",
    "side effects of",
    "side effect of",
    "home remedy",
    "home remedies",
    "what medicine should",
    "what medication should",
    "which medicine should",
    "which antibiotic",
    "what can i take for",
    "what should i take",
    "what do i take for",
    "what to take for",
    "how do i treat",
    "how to treat",
    "how do i cure",
    "how to cure",
    "best treatment for",
    "need antibiotics",
    "need stitches",
    "do i need surgery",
    "what does my result mean",
    "what do my results mean",
    "what does my test mean",
    "what do my labs mean",
    "what does my blood test mean",
    "should i be worried",
    "should i worry",
];

const ASKING: &[&str] = &[
    "should i",
    "can i",
    "is it safe",
    "is it ok",
    "is it okay",
    "is it bad",
    "how much",
    "how often",
    "may i",
    "safe to",
];

const TREATMENT: &[&str] = &[
    "ibuprofen",
    "advil",
    "motrin",
    "tylenol",
    "acetaminophen",
    "paracetamol",
    "aspirin",
    "antibiotics",
    "antibiotic",
    "amoxicillin",
    "insulin",
    "metformin",
    "warfarin",
    "lisinopril",
    "statin",
    "oxycodone",
    "opioid",
    "xanax",
    "prednisone",
    "naproxen",
    "benadryl",
    "blood thinner",
    "blood pressure medicine",
    "blood pressure pills",
    "alcohol with",
    "painkiller",
    "painkillers",
    "antidepressant",
];

const JUDGING: &[&str] = &[
    "is this",
    "is it",
    "is my",
    "is a",
    "are my",
    "why does",
    "why do",
    "why is",
    "why am",
    "what causes",
    "what could",
    "should i see",
    "serious",
    "normal",
    "dangerous",
    "infected",
    "what should i do",
    "what do i do",
    "how do i know if",
];

const COMPLAINT: &[&str] = &[
    "rash",
    "lump",
    "mole",
    "swelling",
    "swollen",
    "bump",
    "sore",
    "wound",
    "bruise",
    "cough",
    "fever",
    "headache",
    "headaches",
    "migraine",
    "dizzy",
    "dizziness",
    "nausea",
    "vomiting",
    "throwing up",
    "diarrhea",
    "constipation",
    "cramps",
    "bleeding",
    "discharge smells",
    "stomach hurts",
    "stomach pain",
    "back hurts",
    "back pain",
    "belly pain",
    "hurts",
    "hurt",
    "sore throat",
    "numb",
    "numbness",
    "itchy",
    "itching",
    "infected",
    "blood pressure",
    "cholesterol",
    "heart rate",
    "blood sugar",
    "temperature",
];

const DIAGNOSING: &[&str] = &[
    "do i have",
    "does he have",
    "does she have",
    "does my child have",
    "does my son have",
    "does my daughter have",
    "could i have",
    "could it be",
    "could this be",
    "is it",
    "is this",
    "is my",
    "is his",
    "is her",
    "do you think i have",
];

const ILLNESS: &[&str] = &[
    "cancer",
    "diabetes",
    "pneumonia",
    "an infection",
    "infection",
    "appendicitis",
    "a concussion",
    "concussion",
    "the flu",
    "covid",
    "strep",
    "a hernia",
    "a tumor",
    "lupus",
    "arthritis",
    "asthma",
    "anemia",
    "depression",
    "adhd",
    "a uti",
    "uti",
    "a kidney stone",
    "kidney stones",
    "shingles",
    "chickenpox",
    "measles",
    "broken",
    "fractured",
    "sprained",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_for_a_clinician_are_recognised() {
        for message in [
            "What dose of ibuprofen should I take?",
            "Should I stop taking my blood thinner?",
            "Is this rash serious?",
            "Do I have cancer?",
            "Can I take tylenol with my antibiotics?",
            "why does my back hurt",
            "Is my ankle broken?",
            "my son has a fever, what should I do?",
            "How much aspirin can I have",
        ] {
            assert!(asks_for_medical_advice(message), "{message}");
        }
    }

    #[test]
    fn questions_for_the_hospital_are_not() {
        for message in [
            "Can I eat before surgery?",
            "How much is parking?",
            "Do I have to pay before my visit?",
            "Where do I get a flu shot?",
            "Is it free?",
            "Which doctor should I see for my knee?",
            "How do I get my test results?",
            "Is my insurance accepted?",
        ] {
            assert!(!asks_for_medical_advice(message), "{message}");
        }
    }
}
