//! What patients ask about and no article covers: for those who write articles, without patients' words; these are for those
//! who may read conversations.

use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use kuzushi_domain::{Id, Permission, id};
use kuzushi_store::{App, Gap, GapState, PageRequest, TenantScope};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{apps::app, config_versions::open, conversations};
use crate::{
    api::{
        body::JsonBody,
        problems::{QueryProblems, WriteProblems},
        query::{PageParameters, Parameters},
        wire::Timestamp,
    },
    auth::Staff,
    error::ApiError,
    segment::Segment,
    state::AppState,
};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Gap)]
pub struct WireGap {
    gap_id: String,
    #[schema(value_type = WireGapState)]
    state: &'static str,
    /// How many questions there are. Those of erased conversations are gone.
    questions: u64,
    /// The article that comes nearest, where one does and is still there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    nearest: Option<NearestArticle>,
    first_asked_at: Timestamp,
    last_asked_at: Timestamp,
    /// Who resolved it last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    resolved_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    resolved_at: Option<Timestamp>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NearestArticle {
    slug: String,
    title: String,
}

#[derive(Deserialize, ToSchema, Clone, Copy)]
#[serde(rename_all = "lowercase")]
#[schema(as = GapState)]
pub enum WireGapState {
    Open,
    /// Somebody did something about it. Should the topic be asked about again without an answer, it is open again.
    Resolved,
}

impl From<WireGapState> for GapState {
    fn from(state: WireGapState) -> Self {
        match state {
            WireGapState::Open => Self::Open,
            WireGapState::Resolved => Self::Resolved,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct GapList {
    gaps: Vec<WireGap>,
    /// The cursor of the next page, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    before: Option<String>,
}

/// Gaps with the names of the articles that come nearest.
pub async fn named(scope: &TenantScope, app: &App, gaps: Vec<Gap>) -> Result<Vec<WireGap>, ApiError> {
    let articles = if gaps.is_empty() { Vec::new() } else { scope.articles(app.id).await? };
    let wire = |gap: Gap| {
        let nearest = gap.article.and_then(|id| articles.iter().find(|article| article.id == id));
        WireGap {
            gap_id: gap.id.to_string(),
            state: gap.state.as_str(),
            questions: gap.questions,
            nearest: nearest.map(|article| NearestArticle { slug: article.slug.clone(), title: article.title.clone() }),
            first_asked_at: Timestamp(gap.first_asked_at),
            last_asked_at: Timestamp(gap.last_asked_at),
            resolved_by: gap.resolved_by,
            resolved_at: gap.resolved_at.map(Timestamp),
        }
    };
    Ok(gaps.into_iter().map(wire).collect())
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}/gaps",
    tag = "administration",
    summary = "What patients ask about and no article covers, newest first, without their words",
    description = "Questions are gathered by the article that comes nearest; where none does, by what they have in common, which is kept as a keyed hash. That the list was read is on record.",
    params(
        ("tenantId" = String, Path),
        ("appId" = String, Path),
        ("state" = Option<String>, Query, description = "Only those that are `open`, or `resolved`"),
        PageParameters,
    ),
    security(("apiKey" = [])),
    responses((status = 200, body = GapList), QueryProblems)
)]
pub async fn list_gaps(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, app)): Segment<(String, String)>,
    parameters: Parameters,
) -> Result<Json<GapList>, ApiError> {
    let page = parameters.page::<Id<id::Gap>>()?;
    let wanted = parameters.parsed("state", "open or resolved")?;
    let (scope, app) = open(&state, &staff, &tenant, &app, Permission::ReadGaps).await?;
    let gaps = scope.gaps(app.id, wanted, page.before, page.limit, state.clock.now()).await?;
    let before = page.next(&gaps, |last| Some(last.id.to_string()));
    Ok(Json(GapList { gaps: named(&scope, &app, gaps).await?, before }))
}

#[derive(Deserialize, ToSchema)]
pub struct GapChange {
    state: WireGapState,
}

#[utoipa::path(
    patch,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}/gaps/{gapId}",
    tag = "administration",
    summary = "Say that a gap is resolved, or open after all",
    params(("tenantId" = String, Path), ("appId" = String, Path), ("gapId" = String, Path)),
    request_body = GapChange,
    security(("apiKey" = [])),
    responses((status = 200, body = WireGap), WriteProblems)
)]
pub async fn change_gap(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, app, gap)): Segment<(String, String, String)>,
    JsonBody(change): JsonBody<GapChange>,
) -> Result<Json<WireGap>, ApiError> {
    let (scope, app) = open(&state, &staff, &tenant, &app, Permission::WriteArticles).await?;
    let gap = scope.set_gap_state(app.id, gap_id(&gap)?, change.state.into(), state.clock.now()).await?;
    let mut named = named(&scope, &app, vec![gap]).await?;
    named.pop().map(Json).ok_or(ApiError::NotFound)
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = GapQuestion)]
pub struct WireGapQuestion {
    session_id: String,
    /// The question's, within the conversation.
    seq: i64,
    asked_at: Timestamp,
    /// What the patient wrote. Missing where the conversation is to be erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    content: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct GapQuestionList {
    /// The newest first.
    questions: Vec<WireGapQuestion>,
}

/// A gap's questions in patients' words; of each that it was read is on record.
pub async fn read_questions(
    scope: &TenantScope,
    app: Id<id::App>,
    gap: Id<id::Gap>,
    limit: u64,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<Vec<WireGapQuestion>, ApiError> {
    let mut questions = Vec::new();
    for question in scope.gap_questions(app, gap, limit).await? {
        let session = scope.session(question.session).await?;
        let mut content = None;
        if !session.is_erased() {
            let asked = PageRequest { before: None, after: Some(question.seq - 1), limit: 1 };
            let page = conversations::read(scope, &session, asked, reason.to_owned(), now).await?;
            content = page.messages.into_iter().next().map(|message| message.content.expose().clone());
        }
        questions.push(WireGapQuestion {
            session_id: question.session.to_string(),
            seq: question.seq,
            asked_at: Timestamp(question.asked_at),
            content,
        });
    }
    Ok(questions)
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{tenantId}/apps/{appId}/gaps/{gapId}/questions",
    tag = "administration",
    summary = "What patients asked, in their words, the newest first",
    description = "For agents, as part of their work; for owners and operators while a reason that they stated lasts (`REASON_REQUIRED` otherwise). Every question that is read is on record, as the reading of its conversation.",
    params(
        ("tenantId" = String, Path),
        ("appId" = String, Path),
        ("gapId" = String, Path),
        ("limit" = Option<u64>, Query, description = "Questions at most: 50 unless given, 200 for more than that", minimum = 1),
    ),
    security(("apiKey" = [])),
    responses((status = 200, body = GapQuestionList), QueryProblems)
)]
pub async fn list_gap_questions(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, app_id, gap)): Segment<(String, String, String)>,
    parameters: Parameters,
) -> Result<Json<GapQuestionList>, ApiError> {
    let now = state.clock.now();
    let limit = parameters.limit()?;
    let (scope, reason) = conversations::reader(&state, &staff, &tenant, now).await?;
    let app = app(&scope, &app_id).await?;
    let questions = read_questions(&scope, app.id, gap_id(&gap)?, limit, &reason, now).await?;
    Ok(Json(GapQuestionList { questions }))
}

fn gap_id(text: &str) -> Result<Id<id::Gap>, ApiError> {
    text.parse().map_err(|_| ApiError::NotFound)
}
