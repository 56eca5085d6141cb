//! A tenant's agreements with providers of language models: without one that stands, nothing that patients write goes there.

use axum::{Json, extract::State, http::StatusCode};
use chrono::{DateTime, NaiveDate, Utc};
use kuzushi_domain::{
    Id, Permission,
    agreement::{AgreementKind, Endpoint, Modality},
    id,
};
use kuzushi_store::{Agreement, AgreementTerms};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::fields::Mistakes;
use crate::{
    api::{
        body::JsonBody,
        problems::{BodyProblems, ConflictProblems, RequestProblems, StaffProblems, TenantProblems},
        query::Parameters,
        wire::Timestamp,
    },
    auth::Staff,
    error::ApiError,
    segment::Segment,
    state::AppState,
};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Agreement)]
pub struct WireAgreement {
    agreement_id: String,
    /// The provider's base URL, in the spelling that is compared.
    #[schema(example = "https://api.openai.com/v1")]
    endpoint: String,
    #[schema(value_type = WireAgreementKind)]
    kind: &'static str,
    #[schema(value_type = Vec<WireModality>)]
    modalities: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, format = Date)]
    signed_on: Option<String>,
    /// The last day, in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, format = Date)]
    valid_until: Option<String>,
    reason: String,
    /// Whether it allows anything today.
    stands: bool,
    noted_by: String,
    noted_at: Timestamp,
    /// Absent while it was not withdrawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    withdrawn: Option<Withdrawn>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = WithdrawnAgreement)]
pub struct Withdrawn {
    by: String,
    at: Timestamp,
    reason: String,
}

#[derive(ToSchema)]
#[schema(as = AgreementKind, rename_all = "kebab-case")]
pub enum WireAgreementKind {
    /// A business associate agreement.
    Baa,
    /// It runs on the organisation's own machines: no agreement is needed.
    OwnMachines,
}

#[derive(ToSchema)]
#[schema(as = Modality, rename_all = "lowercase")]
pub enum WireModality {
    Text,
    Voice,
}

impl WireAgreement {
    pub fn new(agreement: Agreement, today: NaiveDate) -> Self {
        let stands = agreement.stands(today);
        let Agreement { id, terms, noted_by, noted_at, withdrawn } = agreement;
        let day = |day: NaiveDate| day.format("%Y-%m-%d").to_string();
        Self {
            agreement_id: id.to_string(),
            endpoint: terms.endpoint.to_string(),
            kind: terms.kind.as_str(),
            modalities: terms.modalities.iter().map(|modality| modality.as_str()).collect(),
            signed_on: terms.signed_on.map(day),
            valid_until: terms.valid_until.map(day),
            reason: terms.reason,
            stands,
            noted_by,
            noted_at: Timestamp(noted_at),
            withdrawn: withdrawn.map(|withdrawn| Withdrawn {
                by: withdrawn.by,
                at: Timestamp(withdrawn.at),
                reason: withdrawn.reason,
            }),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct AgreementList {
    agreements: Vec<WireAgreement>,
    /// The cursor of the next page, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    before: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgreementToNote {
    /// The provider's base URL, as the operator has set it up.
    #[schema(example = "https://api.openai.com/v1")]
    pub endpoint: String,
    #[schema(value_type = WireAgreementKind)]
    pub kind: String,
    /// In which form patients' words may go there: at least one.
    #[schema(value_type = Vec<WireModality>)]
    pub modalities: Vec<String>,
    /// The day of its signature. A business associate agreement has one.
    #[schema(nullable = false, value_type = Option<String>, format = Date)]
    pub signed_on: Option<String>,
    /// The last day on which it holds, in UTC. Without it, until it is withdrawn.
    #[schema(nullable = false, value_type = Option<String>, format = Date)]
    pub valid_until: Option<String>,
    /// Where the paper is; for machines of one's own, why no agreement is needed.
    #[schema(example = "Contract 2026-118, legal department")]
    pub reason: String,
}

#[derive(Deserialize, ToSchema)]
pub struct AgreementToWithdraw {
    #[schema(example = "The contract ends on 3 March 2027")]
    reason: String,
}

/// What was asked to be noted, if it can be: the same for the API and for the command line.
pub fn acceptable(new: AgreementToNote) -> Result<AgreementTerms, ApiError> {
    let mut mistakes = Mistakes::default();
    mistakes.reason("reason", &new.reason);
    let endpoint = new.endpoint.parse::<Endpoint>().map_err(|error| mistakes.note("endpoint", error.to_string())).ok();
    let kind = new.kind.parse::<AgreementKind>().map_err(|error| mistakes.note("kind", error.to_string())).ok();
    let mut modalities = Vec::new();
    for (position, text) in new.modalities.iter().enumerate() {
        match text.parse::<Modality>() {
            Ok(modality) if !modalities.contains(&modality) => modalities.push(modality),
            Ok(_) => {}
            Err(error) => mistakes.note(format!("modalities.{position}"), error.to_string()),
        }
    }
    if new.modalities.is_empty() {
        mistakes.note("modalities", "must name at least one of text, voice");
    }
    let mut day = |field: &str, text: Option<String>| {
        let text = text?;
        let day = NaiveDate::parse_from_str(&text, "%Y-%m-%d").ok();
        if day.is_none() {
            mistakes.note(field, "wants a day such as 2026-11-29");
        }
        day
    };
    let signed_on = day("signedOn", new.signed_on);
    let valid_until = day("validUntil", new.valid_until);
    if kind == Some(AgreementKind::BusinessAssociate) && signed_on.is_none() {
        mistakes.note("signedOn", "must say when the agreement was signed");
    }
    if signed_on.zip(valid_until).is_some_and(|(signed, last)| last < signed) {
        mistakes.note("validUntil", "must not be before signedOn");
    }
    mistakes.into_result()?;
    let (Some(endpoint), Some(kind)) = (endpoint, kind) else { return Err(ApiError::Internal) };
    Ok(AgreementTerms { endpoint, kind, modalities, signed_on, valid_until, reason: new.reason })
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{tenantId}/agreements",
    tag = "administration",
    summary = "A tenant's agreements with providers of language models, newest first",
    params(
        ("tenantId" = String, Path),
        ("before" = Option<String>, Query, description = "A cursor from an earlier page"),
        ("limit" = Option<u64>, Query, description = "Agreements in the page: 50 unless given, 200 for more than that", minimum = 1),
    ),
    security(("apiKey" = [])),
    responses((status = 200, body = AgreementList), RequestProblems, StaffProblems, TenantProblems)
)]
pub async fn list_agreements(
    State(state): State<AppState>,
    staff: Staff,
    Segment(tenant): Segment,
    parameters: Parameters,
) -> Result<Json<AgreementList>, ApiError> {
    let page = parameters.page()?;
    let scope = staff.scope(&state, &tenant, Permission::ReadSpending).await?;
    let agreements = scope.agreements(page.before, page.limit).await?;
    let before = page.next(&agreements, |last| Some(last.id.to_string()));
    let agreements = agreements.into_iter().map(|agreement| WireAgreement::new(agreement, today(&state))).collect();
    Ok(Json(AgreementList { agreements, before }))
}

#[utoipa::path(
    post,
    path = "/v1/admin/tenants/{tenantId}/agreements",
    tag = "administration",
    summary = "Note an agreement with a provider of language models",
    description = "Until one is noted that covers text, nothing that patients write is sent to that endpoint, and the built-in assistant answers instead. Noting one is saying that it was signed: nobody checks that here. It holds on every node within a second.",
    params(("tenantId" = String, Path)),
    request_body = AgreementToNote,
    security(("apiKey" = [])),
    responses((status = 201, body = WireAgreement), RequestProblems, BodyProblems, StaffProblems, TenantProblems)
)]
pub async fn note_agreement(
    State(state): State<AppState>,
    staff: Staff,
    Segment(tenant): Segment,
    JsonBody(new): JsonBody<AgreementToNote>,
) -> Result<(StatusCode, Json<WireAgreement>), ApiError> {
    let scope = staff.scope(&state, &tenant, Permission::ManageAgreements).await?;
    let noted = scope.note_agreement(acceptable(new)?, state.clock.now()).await?;
    Ok((StatusCode::CREATED, Json(WireAgreement::new(noted, today(&state)))))
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{tenantId}/agreements/{agreementId}",
    tag = "administration",
    summary = "An agreement with a provider of language models",
    params(("tenantId" = String, Path), ("agreementId" = String, Path)),
    security(("apiKey" = [])),
    responses((status = 200, body = WireAgreement), StaffProblems, TenantProblems)
)]
pub async fn read_agreement(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, agreement)): Segment<(String, String)>,
) -> Result<Json<WireAgreement>, ApiError> {
    let scope = staff.scope(&state, &tenant, Permission::ReadSpending).await?;
    let agreement = scope.agreement(agreement_id(&agreement)?).await?;
    Ok(Json(WireAgreement::new(agreement, today(&state))))
}

#[utoipa::path(
    post,
    path = "/v1/admin/tenants/{tenantId}/agreements/{agreementId}/withdraw",
    tag = "administration",
    summary = "Withdraw an agreement with a provider of language models",
    description = "Within a second no request leaves for its endpoint any more, from any node, unless another agreement covers it. An answer that streams is finished. Of two who withdraw it the second is told (409 `CHANGED`).",
    params(("tenantId" = String, Path), ("agreementId" = String, Path)),
    request_body = AgreementToWithdraw,
    security(("apiKey" = [])),
    responses(
        (status = 200, body = WireAgreement),
        RequestProblems,
        BodyProblems,
        StaffProblems,
        TenantProblems,
        ConflictProblems,
    )
)]
pub async fn withdraw_agreement(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, agreement)): Segment<(String, String)>,
    JsonBody(AgreementToWithdraw { reason }): JsonBody<AgreementToWithdraw>,
) -> Result<Json<WireAgreement>, ApiError> {
    let scope = staff.scope(&state, &tenant, Permission::ManageAgreements).await?;
    let mut mistakes = Mistakes::default();
    mistakes.reason("reason", &reason);
    mistakes.into_result()?;
    let now: DateTime<Utc> = state.clock.now();
    let withdrawn = scope.withdraw_agreement(agreement_id(&agreement)?, reason, now).await?;
    Ok(Json(WireAgreement::new(withdrawn, now.date_naive())))
}

fn today(state: &AppState) -> NaiveDate {
    state.clock.now().date_naive()
}

fn agreement_id(text: &str) -> Result<Id<id::Agreement>, ApiError> {
    text.parse().map_err(|_| ApiError::NotFound)
}
