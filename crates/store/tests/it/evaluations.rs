//! Suites, what came of asking them, and versions that have to pass one before they are activated.

use kuzushi_domain::{Actor, AuditAction, Id, Share, StaffRole};
use kuzushi_store::{
    Arm, ArticlesDigest, AuditFilter, Change, Decision, Evaluation, EvaluationResult, EvaluationState,
    LONGEST_EVALUATION, NewApiKey, NewArticle, NewEvaluation, NewSuite, Replaces, RequestState, StoreError,
    SuiteRequirement, WhyUnproven, on_both_engines,
};
use serde_json::json;

use crate::fixture::{Hospital, at, config};

const HASH: &str = "7d865e959b2466918c9863afca942d0fb89d7c9ac0c99bafc3749504ded97730";

fn suite(name: &str, hash: &str) -> NewSuite {
    NewSuite { name: name.into(), hash: hash.into(), cases: 10, content: format!("{{\"name\": \"{name}\"}}\n") }
}

fn requirement(minimum: f64) -> Option<SuiteRequirement> {
    let minimum = Share::from_fraction(minimum).unwrap();
    Some(SuiteRequirement { suite: "starter".into(), hash: HASH.into(), minimum })
}

fn article(body: &str) -> NewArticle {
    NewArticle {
        slug: "parking".into(),
        title: "Parking".into(),
        body: body.into(),
        locale: "en-US".into(),
        ..NewArticle::default()
    }
}

fn asked(version: i32) -> NewEvaluation {
    NewEvaluation { version, suite: "starter".into(), suite_hash: HASH.into(), cases: 10 }
}

/// A hospital with three versions, where one has to pass nine of ten cases to be activated.
async fn demanding_hospital(engine: kuzushi_store::Engine) -> Hospital {
    let hospital = Hospital::open(engine).await;
    for note in ["second", "third"] {
        hospital.scope.create_config(hospital.app.id, config(note), None, at(0)).await.unwrap();
    }
    hospital.scope.put_article(hospital.app.id, article("Level 1."), None, at(0)).await.unwrap();
    hospital.scope.write_suite(hospital.app.id, suite("starter", HASH), at(0)).await.unwrap();
    hospital.scope.require_suite(hospital.app.id, requirement(0.9), at(0)).await.unwrap();
    hospital
}

impl Hospital {
    async fn result(&self, passed: i32) -> EvaluationResult {
        let articles = ArticlesDigest::of(&self.scope.articles(self.app.id).await.unwrap());
        let expectations = json!([{"expectation": "cites", "met": passed, "of": 10}]);
        EvaluationResult { passed, articles, expectations, report: b"[]".to_vec() }
    }

    /// Records that so many of ten cases passed with the articles as they are.
    async fn evaluated(&self, version: i32, passed: i32, seconds: i64) -> Evaluation {
        let result = self.result(passed).await;
        self.scope.record_evaluation(self.app.id, asked(version), result, at(seconds)).await.unwrap()
    }
}

fn why<T: std::fmt::Debug>(refused: Result<T, StoreError>) -> (i32, WhyUnproven) {
    match refused {
        Err(StoreError::Unproven(unproven)) => (unproven.version, unproven.why),
        other => panic!("{other:?}"),
    }
}

on_both_engines! {
    async fn a_suite_has_versions_and_every_one_can_be_read(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let (scope, app) = (&hospital.scope, hospital.app.id);
        let (first, is_new) = scope.write_suite(app, suite("starter", "aa"), at(1)).await.unwrap();
        assert_eq!((first.number, first.cases, is_new), (1, 10, true));
        assert_eq!(scope.write_suite(app, suite("starter", "aa"), at(2)).await.unwrap(), (first.clone(), false));
        let second = NewSuite { content: "another".into(), ..suite("starter", "bb") };
        assert_eq!(scope.write_suite(app, second, at(3)).await.unwrap().0.number, 2);
        scope.write_suite(app, suite("a first", "cc"), at(4)).await.unwrap();
        let names: Vec<_> = scope.suites(app).await.unwrap().into_iter().map(|suite| (suite.name, suite.number)).collect();
        assert_eq!(names, [("a first".into(), 1), ("starter".into(), 2)]);
        assert_eq!(scope.suite(app, "starter", None).await.unwrap().1, "another");
        assert_eq!(scope.suite(app, "starter", Some("aa")).await.unwrap(), (first, suite("starter", "aa").content));
        for (name, hash) in [("starter", Some("dd")), ("nobody's", None)] {
            assert!(matches!(scope.suite(app, name, hash).await, Err(StoreError::NotFound)));
        }
        let (other, _) = crate::fixture::add_tenant(&hospital.store, "elsewhere").await;
        assert!(matches!(other.suite(app, "starter", None).await, Err(StoreError::NotFound)));

        let required = SuiteRequirement { suite: "starter".into(), hash: "aa".into(), minimum: Share::ALL };
        let unknown = SuiteRequirement { hash: "dd".into(), ..required.clone() };
        assert!(matches!(scope.require_suite(app, Some(unknown), at(5)).await, Err(StoreError::NotFound)));
        let changed = scope.require_suite(app, Some(required.clone()), at(5)).await.unwrap();
        assert_eq!((changed.requirement, changed.revision), (Some(required.clone()), 2));
        assert_eq!(scope.require_suite(app, Some(required), at(6)).await.unwrap().revision, 2, "nothing changed");
        assert!(matches!(scope.remove_suite(app, "starter", at(7)).await, Err(StoreError::SuiteRequired)));
        scope.remove_suite(app, "a first", at(7)).await.unwrap();
        assert!(matches!(scope.remove_suite(app, "a first", at(8)).await, Err(StoreError::NotFound)));
        assert_eq!(scope.require_suite(app, None, at(9)).await.unwrap().requirement, None);
        scope.remove_suite(app, "starter", at(10)).await.unwrap();
        assert_eq!(scope.suites(app).await.unwrap(), []);
        let trail = scope.audit_events(AuditFilter::default(), 8).await.unwrap();
        let recorded: Vec<_> = trail.iter().map(|event| event.action.as_str()).collect();
        assert_eq!(recorded, [
            "suite.removed", "suite_requirement.ended", "suite.removed", "suite_requirement.set",
            "suite.written", "suite.written", "suite.written", "config.activated",
        ]);
    }

    async fn a_version_is_activated_once_it_has_passed_with_the_present_articles(engine: Engine) {
        let hospital = demanding_hospital(engine).await;
        let (scope, app) = (&hospital.scope, hospital.app.id);
        let activate = async |version, seconds| scope.activate_config(app, version, Replaces::default(), at(seconds)).await;
        assert_eq!(why(activate(2, 1).await), (2, WhyUnproven::NeverEvaluated));
        assert!(activate(1, 1).await.is_ok(), "it is the active one");
        hospital.evaluated(3, 10, 2).await;
        assert_eq!(why(activate(2, 3).await), (2, WhyUnproven::NeverEvaluated), "another version's result");
        hospital.evaluated(2, 8, 3).await;
        assert_eq!(why(activate(2, 4).await), (2, WhyUnproven::NotPassed { passed: 8, cases: 10 }));
        hospital.evaluated(2, 9, 5).await;
        hospital.scope.put_article(app, article("Level 2."), None, at(6)).await.unwrap();
        assert_eq!(why(activate(2, 6).await), (2, WhyUnproven::ArticlesChanged));
        hospital.evaluated(2, 9, 7).await;
        hospital.evaluated(2, 8, 8).await;
        assert_eq!(why(activate(2, 9).await), (2, WhyUnproven::NotPassed { passed: 8, cases: 10 }), "the newest counts");
        hospital.evaluated(2, 9, 10).await;
        assert!(activate(2, 11).await.unwrap().is_active);
        scope.remove_article(app, "parking", None, at(12)).await.unwrap();
        assert_eq!(why(activate(3, 12).await), (3, WhyUnproven::ArticlesChanged));
        assert_eq!(scope.roll_back_config(app, Replaces::default(), at(13)).await.unwrap().version, 1, "in need nobody waits");
        scope.require_suite(app, None, at(14)).await.unwrap();
        assert!(activate(3, 15).await.is_ok());
    }

    async fn an_article_that_expires_is_an_article_less(engine: Engine) {
        let hospital = demanding_hospital(engine).await;
        let (scope, app) = (&hospital.scope, hospital.app.id);
        let ends = NewArticle { slug: "flu-shots".into(), expires_at: Some(at(100)), ..article("Until Friday.") };
        scope.put_article(app, ends, None, at(1)).await.unwrap();
        hospital.evaluated(2, 10, 2).await;
        let late = scope.activate_config(app, 2, Replaces::default(), at(100)).await;
        assert_eq!(why(late), (2, WhyUnproven::ArticlesChanged));
        assert!(scope.activate_config(app, 2, Replaces::default(), at(99)).await.unwrap().is_active);
    }

    async fn no_other_way_leads_past_the_suite(engine: Engine) {
        let hospital = demanding_hospital(engine).await;
        let (scope, app) = (&hospital.scope, hospital.app.id);
        let published = scope.publish_config(app, config("fourth"), at(1)).await;
        assert_eq!(why(published), (4, WhyUnproven::NeverEvaluated));
        let arms = || vec![Arm { version: 1, weight: 50 }, Arm { version: 2, weight: 50 }];
        let split = async |seconds| scope.split_configs(app, arms(), Replaces::default(), at(seconds)).await;
        assert_eq!(why(split(1).await), (2, WhyUnproven::NeverEvaluated));
        scope.require_approval(app, at(1)).await.unwrap();
        let ask = async |change, seconds| scope.request_change(app, change, Replaces::default(), String::new(), at(seconds)).await;
        assert_eq!(why(ask(Change::Activate { version: 2 }, 2).await).0, 2);
        assert_eq!(why(ask(Change::Split { arms: arms() }, 2).await).0, 2);

        hospital.evaluated(2, 10, 3).await;
        let other = scope.clone().by(Actor::CommandLine);
        let requests = [
            ask(Change::Activate { version: 2 }, 4).await.unwrap().id,
            ask(Change::Split { arms: arms() }, 4).await.unwrap().id,
        ];
        scope.put_article(app, article("Level 3."), None, at(5)).await.unwrap();
        for request in requests {
            let late = other.decide_request(app, request, Decision::Approve, at(6)).await;
            assert_eq!(why(late), (2, WhyUnproven::ArticlesChanged));
            assert_eq!(scope.approval_request(app, request, at(6)).await.unwrap().state, RequestState::Open);
        }
        hospital.evaluated(2, 10, 7).await;
        other.decide_request(app, requests[1], Decision::Approve, at(8)).await.unwrap();
        assert_eq!(scope.running_split(app).await.unwrap().unwrap().number, 1);
    }

    async fn what_is_required_is_weakened_by_two_only(engine: Engine) {
        let hospital = demanding_hospital(engine).await;
        let app = hospital.app.id;
        let scope = hospital.scope.clone().by(person(&hospital).await);
        scope.require_approval(app, at(1)).await.unwrap();
        for weaker in [None, requirement(0.1)] {
            let alone = scope.require_suite(app, weaker.clone(), at(2)).await;
            assert!(matches!(alone, Err(StoreError::ApprovalNeeded)), "{alone:?}");
            let change = Change::RequireSuite { requirement: weaker.clone() };
            let asked = scope.request_change(app, change.clone(), Replaces::default(), "Why".into(), at(3)).await.unwrap();
            assert_eq!((&asked.change, asked.version), (&change, None));
            assert_eq!(scope.approval_request(app, asked.id, at(3)).await.unwrap(), asked);
            let own = scope.decide_request(app, asked.id, Decision::Approve, at(4)).await;
            assert!(matches!(own, Err(StoreError::SecondPersonNeeded)), "{own:?}");
            let other = scope.clone().by(person(&hospital).await);
            other.decide_request(app, asked.id, Decision::Approve, at(5)).await.unwrap();
            assert_eq!(scope.app(app).await.unwrap().requirement, weaker);
            // To begin anew takes one.
            if weaker.is_none() {
                scope.require_suite(app, requirement(0.9), at(6)).await.unwrap();
            }
        }
    }

    async fn an_evaluation_runs_once_at_a_time_and_is_on_record(engine: Engine) {
        let hospital = demanding_hospital(engine).await;
        let (scope, app) = (&hospital.scope, hospital.app.id);
        for wrong in [asked(9), NewEvaluation { suite_hash: "dd".into(), ..asked(2) }] {
            assert!(matches!(scope.begin_evaluation(app, wrong, at(1)).await, Err(StoreError::NotFound)));
        }
        let begun = scope.begin_evaluation(app, asked(2), at(1)).await.unwrap();
        assert_eq!((begun.state, begun.passed), (EvaluationState::Running, None));
        assert!(matches!(scope.begin_evaluation(app, asked(3), at(2)).await, Err(StoreError::EvaluationRuns)));
        assert_eq!(why(scope.activate_config(app, 2, Replaces::default(), at(2)).await).1, WhyUnproven::NeverEvaluated);
        let finished = scope.finish_evaluation(app, begun.id, hospital.result(10).await, at(3)).await.unwrap();
        assert_eq!((finished.state, finished.passed, finished.finished_at), (EvaluationState::Finished, Some(10), Some(at(3))));
        assert_eq!(scope.evaluation(app, begun.id, at(4)).await.unwrap(), (finished.clone(), Some(b"[]".to_vec())));
        let again = scope.finish_evaluation(app, begun.id, hospital.result(0).await, at(4)).await;
        assert!(matches!(again, Err(StoreError::NotFound)), "what is on record stays");

        let second = scope.begin_evaluation(app, asked(3), at(5)).await.unwrap();
        scope.break_off_evaluation(app, second.id, at(6)).await.unwrap();
        assert!(matches!(scope.finish_evaluation(app, second.id, hospital.result(10).await, at(7)).await, Err(StoreError::NotFound)));
        let third = scope.begin_evaluation(app, asked(3), at(8)).await.unwrap();
        let much_later = at(8) + LONGEST_EVALUATION;
        assert_eq!(scope.evaluation(app, third.id, much_later).await.unwrap().0.state, EvaluationState::BrokenOff);
        scope.begin_evaluation(app, asked(3), much_later).await.unwrap();
        let listed = scope.evaluations(app, Some(3), None, 2, at(9)).await.unwrap();
        assert_eq!(listed.iter().map(|one| one.version).collect::<Vec<_>>(), [3, 3]);
        let older = scope.evaluations(app, None, Some(second.id), 50, at(9)).await.unwrap();
        assert_eq!(older, [finished]);
        assert_eq!(why(scope.activate_config(app, 3, Replaces::default(), much_later).await).1, WhyUnproven::NeverEvaluated);
        let by_action = AuditFilter { action: Some(AuditAction::EvaluationFinished), ..AuditFilter::default() };
        let recorded = scope.audit_events(by_action, 9).await.unwrap();
        assert_eq!((recorded.len(), &recorded[0].details["passed"], &recorded[0].target), (1, &10.into(), &begun.id.to_string()));
    }

    async fn of_articles_written_while_versions_are_activated_each_is_before_or_after(engine: Engine) {
        let hospital = demanding_hospital(engine).await;
        let app = hospital.app.id;
        for round in 0..10 {
            let version = 2 + round % 2;
            hospital.evaluated(version, 10, 10 * i64::from(round)).await;
            let mut tasks = Vec::new();
            for number in 0..6 {
                let scope = hospital.scope.clone();
                let now = at(10 * i64::from(round) + i64::from(number) + 1);
                tasks.push(tokio::spawn(async move {
                    if number % 2 == 0 {
                        scope.activate_config(app, version, Replaces::default(), now).await.map(drop)
                    } else {
                        scope.put_article(app, article(&format!("{round} and {number}")), None, now).await.map(drop)
                    }
                }));
            }
            for task in tasks {
                match task.await.unwrap() {
                    Ok(()) | Err(StoreError::Unproven(_)) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        }
        // In the order in which it happened, says the trail: after a result there was no other article.
        let mut trail = hospital.scope.audit_events(AuditFilter::default(), 500).await.unwrap();
        trail.reverse();
        let mut is_proven = false;
        for event in trail.iter().skip_while(|event| event.action != "suite_requirement.set") {
            match event.action.as_str() {
                "evaluation.finished" => is_proven = true,
                "article.written" => is_proven = false,
                "config.activated" => {
                    assert!(is_proven, "event {}: an article was written between the result and this", event.seq);
                }
                _ => {}
            }
        }
    }
}

/// Somebody with a key of their own.
async fn person(hospital: &Hospital) -> Actor {
    let new = NewApiKey {
        id: Id::generate(),
        tenant: Some(hospital.scope.id()),
        role: StaffRole::Owner,
        name: "Ann".into(),
        secret_hash: [0; 32],
        created_by: "test".into(),
        expires_at: None,
    };
    let key = hospital.store.installation().by(Actor::CommandLine).create_api_key(new, at(0)).await.unwrap();
    Actor::Key { id: key.id, role: key.role, name: key.name }
}
