//! Articles in other languages than English, and questions that meet them.

use kuzushi_assistant::{Knowledge, KnowledgeArticle};
use kuzushi_domain::Id;

fn article(locale: &str, slug: &str, title: &str, body: &str) -> KnowledgeArticle {
    KnowledgeArticle {
        id: Id::generate(),
        slug: slug.to_owned(),
        title: title.to_owned(),
        summary: String::new(),
        url: None,
        questions: Vec::new(),
        body: body.to_owned(),
        locale: locale.to_owned(),
    }
}

#[test]
fn a_question_finds_the_article_of_its_language_by_other_forms_of_its_words() {
    let articles = vec![
        article("en-US", "parking", "Parking", "Park in the Linden Garage."),
        article("en-US", "visiting", "Visiting hours", "Visitors are welcome every day."),
        article("es-US", "estacionamiento", "Estacionamientos", "Los visitantes estacionan en el garaje."),
        article("es-US", "visitas", "Horarios de visita", "Puede visitar a los pacientes todos los d\u{ed}as."),
        article("de", "besuch", "Besuchszeiten", "Besucher sind t\u{e4}glich willkommen."),
        article("de", "parken", "Parkpl\u{e4}tze", "Parken Sie im Parkhaus."),
        article("fr", "rendez-vous", "Annulations", "Les rendez-vous s'annulent par t\u{e9}l\u{e9}phone."),
        article(
            "ar",
            "ziyara",
            "\u{645}\u{648}\u{627}\u{639}\u{64a}\u{62f} \u{627}\u{644}\u{632}\u{64a}\u{627}\u{631}\u{629}",
            "\u{627}\u{644}\u{632}\u{64a}\u{627}\u{631}\u{629} \u{643}\u{644} \u{64a}\u{648}\u{645}.",
        ),
        article(
            "zh-CN",
            "tingche",
            "\u{505c}\u{8f66}\u{573a}",
            "\u{505c}\u{8f66}\u{573a}\u{5728}\u{533b}\u{9662}\u{5bf9}\u{9762}\u{3002}",
        ),
        article(
            "zh-CN",
            "tanshi",
            "\u{63a2}\u{89c6}\u{65f6}\u{95f4}",
            "\u{6bcf}\u{5929}\u{53ef}\u{4ee5}\u{63a2}\u{89c6}\u{75c5}\u{4eba}\u{3002}",
        ),
    ];
    let slugs: std::collections::HashMap<_, _> =
        articles.iter().map(|article| (article.id, article.slug.clone())).collect();
    let knowledge = Knowledge::index(articles);
    for (question, expected) in [
        ("Where can I park my car?", "parking"),
        ("When can I visit my mother?", "visiting"),
        ("\u{bf}D\u{f3}nde hay estacionamiento?", "estacionamiento"),
        ("\u{bf}Cu\u{e1}ndo puedo hacer una visita?", "visitas"),
        ("Wann ist Besuchszeit?", "besuch"),
        ("Gibt es einen Parkplatz?", "parken"),
        ("Je veux une annulation", "rendez-vous"),
        (
            "\u{645}\u{62a}\u{649} \u{632}\u{64a}\u{627}\u{631}\u{629} \u{627}\u{644}\u{645}\u{631}\u{636}\u{649}\u{61f}",
            "ziyara",
        ),
        ("\u{8bf7}\u{95ee}\u{505c}\u{8f66}\u{573a}\u{5728}\u{54ea}\u{91cc}\u{ff1f}", "tingche"),
        ("\u{4ec0}\u{4e48}\u{65f6}\u{5019}\u{53ef}\u{4ee5}\u{63a2}\u{89c6}\u{ff1f}", "tanshi"),
    ] {
        let hits = knowledge.search(question, 3);
        let found = hits.first().map(|hit| slugs[&hit.article_id].as_str());
        assert_eq!(found, Some(expected), "{question}");
    }
}
