//! What language models may cost, and what they did.

use chrono::{DateTime, TimeZone, Utc};
use kuzushi_store::{
    Allowance, ModelRequest, Period, Reservation, Reserved, Spender, SpendingLimit, Spent, TenantScope,
    TenantSpendingLimits, UsageFilter, on_both_engines,
};

use tokio::task::JoinSet;

use crate::fixture::{Hospital, add_tenant, at};

fn limit(spender: Spender, period: Period, tokens: Option<i64>, micros: Option<i64>) -> SpendingLimit {
    SpendingLimit { spender, period, allowance: Allowance { tokens, micros } }
}

fn took(hospital: &Hospital, input_tokens: i64, output_tokens: i64) -> ModelRequest {
    ModelRequest {
        app: hospital.app.id,
        config_version: 1,
        provider: "openai".into(),
        model: "m".into(),
        input_tokens,
        output_tokens,
        is_estimate: false,
        micros: Some(10 * output_tokens),
    }
}

async fn reserve(
    scope: &TenantScope,
    limits: &[SpendingLimit],
    tokens: i64,
    now: DateTime<Utc>,
) -> Option<Reservation> {
    let amount = Spent { tokens, micros: 10 * tokens };
    match scope.reserve_spending(limits.to_vec(), amount, now).await.unwrap() {
        Reserved::Made(reservation) => Some(reservation),
        Reserved::Reached(_) => None,
    }
}

on_both_engines! {
    async fn as_many_as_come_at_once_never_pass_a_limit(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        // Two nodes on one database.
        let beside = hospital.database.open().await.tenant(hospital.scope.id()).await.unwrap();
        let session = hospital.session().await;
        let limits = [
            limit(Spender::Tenant, Period::Month, Some(10_000), None),
            limit(Spender::App(hospital.app.id), Period::Day, Some(1_000), None),
            limit(Spender::Session(session.id), Period::Day, None, Some(100_000)),
        ];
        let mut asked = JoinSet::new();
        for number in 0..40 {
            let scope = if number % 2 == 0 { hospital.scope.clone() } else { beside.clone() };
            asked.spawn(async move { reserve(&scope, &limits, 70, at(1)).await });
        }
        let made: Vec<_> = asked.join_all().await.into_iter().flatten().collect();
        assert_eq!(made.len(), 14, "14 times 70 are 980");
        assert!(reserve(&hospital.scope, &limits, 21, at(2)).await.is_none());
        assert!(reserve(&beside, &limits, 20, at(2)).await.is_some());
        let spent = hospital.scope.spent(Spender::Tenant, Period::Month, at(2)).await.unwrap();
        assert_eq!(spent, Spent { tokens: 1_000, micros: 10_000 }, "what was refused is counted nowhere");
        // The next day.
        assert!(reserve(&beside, &limits, 20, at(86_400)).await.is_some());
    }

    async fn what_a_request_took_replaces_what_was_reserved_and_a_crash_leaves_that(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let scope = &hospital.scope;
        let limits = [limit(Spender::Tenant, Period::Day, Some(1_000), Some(5_000))];
        let first = reserve(scope, &limits, 400, at(1)).await.unwrap();
        let _crashed = reserve(scope, &limits, 100, at(2)).await.unwrap();
        assert!(reserve(scope, &limits, 100, at(3)).await.is_none(), "6,000 millionths would be too many");
        let settled = scope.settle_spending(first, Some(took(&hospital, 150, 50))).await.unwrap();
        let (_, before, now) = settled[0];
        assert_eq!(now, Spent { tokens: 300, micros: 1_500 });
        assert_eq!(before, Spent { tokens: 100, micros: 1_000 });
        let void = reserve(scope, &limits, 100, at(4)).await.unwrap();
        let settled = scope.settle_spending(void, None).await.unwrap();
        assert_eq!(settled[0].2, now, "what never left is given back");
    }

    async fn what_is_settled_together_comes_out_as_if_each_had_come_alone(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let beside = hospital.database.open().await.tenant(hospital.scope.id()).await.unwrap();
        let sessions = [hospital.session().await, hospital.session().await];
        let mut settling = JoinSet::new();
        for number in 0..60 {
            let scope = if number % 2 == 0 { hospital.scope.clone() } else { beside.clone() };
            let limits = [
                limit(Spender::Tenant, Period::Day, Some(1_000_000), None),
                limit(Spender::Tenant, Period::Month, Some(1_000_000), None),
                limit(Spender::App(hospital.app.id), Period::Day, Some(1_000_000), None),
                limit(Spender::Session(sessions[number % 2].id), Period::Month, Some(1_000_000), None),
            ];
            // Some are limited by nothing, and some never left.
            let limits = if number % 5 == 0 { Vec::new() } else { limits.to_vec() };
            let request = (number % 7 != 0).then(|| took(&hospital, 10, 5));
            settling.spawn(async move {
                let reservation = reserve(&scope, &limits, 100, at(1)).await.unwrap();
                scope.settle_spending(reservation, request).await.unwrap()
            });
        }
        let settled = settling.join_all().await;
        let limited = (0..60).filter(|number| number % 5 != 0);
        let left = limited.clone().filter(|number| number % 7 != 0).count() as i64;
        let spent = hospital.scope.spent(Spender::Tenant, Period::Day, at(1)).await.unwrap();
        assert_eq!(spent, Spent { tokens: 15 * left, micros: 50 * left });
        assert_eq!(settled.iter().filter(|limits| limits.len() == 4).count(), limited.count());
        for (limit, before, now) in settled.iter().flatten() {
            assert!(now.tokens - before.tokens == 15 || now == before, "{limit:?}: {before:?}, {now:?}");
        }
        let filter = UsageFilter { from: at(0).date_naive(), until: at(0).date_naive(), app: None };
        let usage = hospital.scope.model_usage(filter, 10).await.unwrap();
        let requests = (0..60).filter(|number| number % 7 != 0).count() as i64;
        assert_eq!((usage.len(), usage[0].requests, usage[0].output_tokens), (1, requests, 5 * requests));
    }

    async fn usage_is_kept_by_day_version_and_model(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let scope = &hospital.scope;
        let (other, _) = add_tenant(&hospital.store, "elsewhere").await;
        for (seconds, version, model, is_estimate, micros) in [
            (1, 1, "m", false, Some(7)),
            (2, 1, "m", true, None),
            (3, 2, "m", false, Some(1)),
            (86_400, 1, "m", false, Some(2)),
            (4, 1, "n", false, Some(3)),
        ] {
            let reservation = reserve(scope, &[], 10, at(seconds)).await.unwrap();
            let request = ModelRequest {
                config_version: version, model: model.into(), is_estimate, micros, ..took(&hospital, 5, 3)
            };
            assert_eq!(scope.settle_spending(reservation, Some(request)).await.unwrap(), []);
        }
        let filter = UsageFilter { from: at(0).date_naive(), until: at(86_400).date_naive(), app: None };
        let usage = scope.model_usage(filter, 100).await.unwrap();
        let rows: Vec<_> = usage
            .iter()
            .map(|row| (row.day, row.config_version, row.model.as_str(), row.requests, row.input_tokens, row.micros))
            .collect();
        let (today, tomorrow) = (at(0).date_naive(), at(86_400).date_naive());
        assert_eq!(
            rows,
            [(tomorrow, 1, "m", 1, 5, 2), (today, 2, "m", 1, 5, 1), (today, 1, "m", 2, 10, 7), (today, 1, "n", 1, 5, 3)]
        );
        assert_eq!((usage[2].estimated, usage[2].unpriced, usage[2].output_tokens), (1, 1, 6));
        let one_day = UsageFilter { until: today, app: Some(hospital.app.id), ..filter };
        assert_eq!(scope.model_usage(one_day, 100).await.unwrap().len(), 3);
        assert_eq!(other.model_usage(filter, 100).await.unwrap(), []);
    }

    async fn a_tenants_limits_are_replaced_as_a_whole_and_old_counters_are_forgotten(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let scope = &hospital.scope;
        assert_eq!(scope.spending_limits().await.unwrap(), TenantSpendingLimits::default());
        let limits = TenantSpendingLimits {
            day: Allowance { tokens: Some(5), micros: None },
            month: Allowance { tokens: None, micros: Some(7) },
        };
        scope.set_spending_limits(limits, at(1)).await.unwrap();
        assert_eq!(scope.spending_limits().await.unwrap(), limits);
        scope.set_spending_limits(TenantSpendingLimits::default(), at(2)).await.unwrap();
        assert_eq!(scope.spending_limits().await.unwrap(), TenantSpendingLimits::default());

        let limits = [Period::Day, Period::Month].map(|period| limit(Spender::Tenant, period, Some(100), None));
        reserve(scope, &limits, 10, at(1)).await.unwrap();
        assert_eq!(scope.forget_old_spending(at(2)).await.unwrap(), 0, "the month goes on");
        let next_month = Utc.with_ymd_and_hms(2026, 12, 1, 0, 0, 0).unwrap();
        reserve(scope, &limits, 10, next_month).await.unwrap();
        assert_eq!(scope.forget_old_spending(next_month).await.unwrap(), 2);
        assert_eq!(scope.spent(Spender::Tenant, Period::Day, next_month).await.unwrap().tokens, 10);
    }
}
