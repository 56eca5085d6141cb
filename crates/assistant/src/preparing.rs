//! What a process reads once, before the first question: dictionaries, rules, and the networks that compare meanings.

use kuzushi_domain::Id;

use crate::{
    knowledge::{Knowledge, KnowledgeArticle},
    safety,
};

/// A question of nobody's, which goes where a patient's goes.
const QUESTION: &str = "How much does parking cost, and where is it?";

/// Gets ready in the background what every answer needs: about a second, which whoever asks first would wait for.
pub fn prepare() {
    std::thread::spawn(|| {
        safety::emergencies(QUESTION, Some(QUESTION));
        safety::asks_for_medical_advice(QUESTION);
        safety::tells_of_an_emergency(QUESTION);
        let article = KnowledgeArticle {
            id: Id::generate(),
            slug: String::from("parking"),
            title: String::from("Parking"),
            summary: String::from("Where to park, and what it costs."),
            url: None,
            questions: vec![QUESTION.to_owned()],
            body: String::from("Parking costs two dollars. It is behind the house."),
            locale: String::from("en"),
        };
        let knowledge = Knowledge::index(vec![article]);
        knowledge.learn_all();
        knowledge.rank(&knowledge.read(QUESTION, ""), None);
    });
}
