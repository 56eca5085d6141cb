use kuzushi_store::{NewArticle, on_both_engines};

use crate::fixture::{Hospital, at};

pub fn article(slug: &str, body: &str) -> NewArticle {
    NewArticle {
        slug: slug.into(),
        title: "Visiting hours".into(),
        summary: "When you can visit.".into(),
        url: Some(format!("/articles/{slug}")),
        questions: vec!["When can I come?".into()],
        body: body.into(),
        locale: "en-US".into(),
        ..NewArticle::default()
    }
}

on_both_engines! {
    async fn replacing_writes_only_what_differs_and_keeps_identities(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let (scope, app) = (&hospital.scope, hospital.app.id);
        let first = vec![article("parking", "Level 2"), article("visiting", "Daily")];
        assert_eq!(scope.replace_articles(app, first.clone(), at(1)).await.unwrap(), 2);
        let before = scope.articles(app).await.unwrap();
        let stamp = scope.articles_stamp(app).await.unwrap();

        assert_eq!(scope.replace_articles(app, first, at(2)).await.unwrap(), 0);
        assert_eq!(scope.articles_stamp(app).await.unwrap(), stamp);

        let changed = vec![article("visiting", "Daily, 10 to 8"), article("pharmacy", "Ground floor")];
        assert_eq!(scope.replace_articles(app, changed, at(3)).await.unwrap(), 3);
        assert_ne!(scope.articles_stamp(app).await.unwrap(), stamp);
        let after = scope.articles(app).await.unwrap();
        assert_eq!(after.iter().map(|article| article.slug.as_str()).collect::<Vec<_>>(), ["pharmacy", "visiting"]);
        assert_eq!(after[1].id, before[1].id);
        assert_eq!(after[1].body, "Daily, 10 to 8");
        assert_eq!(scope.article(app, "parking").await.unwrap(), None);
    }
    async fn what_articles_mean_is_kept_until_it_is_replaced(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let (scope, app) = (&hospital.scope, hospital.app.id);
        assert_eq!(scope.article_meanings(app).await.unwrap(), None);
        for known in [vec![0, 159, 255], vec![7; 3_000_000]] {
            scope.keep_article_meanings(app, known.clone()).await.unwrap();
            assert!(scope.article_meanings(app).await.unwrap() == Some(known));
        }
    }
}
