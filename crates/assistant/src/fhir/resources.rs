//! What of FHIR's resources is read, as the standard writes it. Everything may be missing; what is not named here is not read.

use serde::Deserialize;
use serde_json::Value;

/// What a search brings: a page of resources, with the way to the next one.
#[derive(Deserialize)]
pub struct Bundle {
    #[serde(rename = "resourceType")]
    pub resource_type: String,
    #[serde(rename = "type", default)]
    pub kind: String,
    #[serde(default)]
    pub link: Vec<Link>,
    #[serde(default)]
    pub entry: Vec<Entry>,
}

#[derive(Deserialize)]
pub struct Link {
    pub relation: String,
    pub url: String,
}

#[derive(Deserialize)]
pub struct Entry {
    #[serde(default)]
    pub resource: Value,
    pub search: Option<Search>,
}

#[derive(Deserialize)]
pub struct Search {
    #[serde(default)]
    pub mode: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Appointment {
    #[serde(default)]
    pub status: String,
    #[serde(default)]
    pub service_type: Vec<CodeableConcept>,
    #[serde(default)]
    pub specialty: Vec<CodeableConcept>,
    pub appointment_type: Option<CodeableConcept>,
    pub start: Option<String>,
    pub end: Option<String>,
    #[serde(default)]
    pub participant: Vec<Participant>,
}

#[derive(Deserialize)]
pub struct Participant {
    pub actor: Option<Reference>,
}

#[derive(Deserialize)]
pub struct Reference {
    pub reference: Option<String>,
    pub display: Option<String>,
}

#[derive(Deserialize)]
pub struct CodeableConcept {
    #[serde(default)]
    pub coding: Vec<Coding>,
    pub text: Option<String>,
}

#[derive(Deserialize)]
pub struct Coding {
    pub display: Option<String>,
}

#[derive(Deserialize)]
pub struct Schedule {
    pub id: Option<String>,
    #[serde(default)]
    pub actor: Vec<Reference>,
}

#[derive(Deserialize)]
pub struct Slot {
    pub schedule: Option<Reference>,
    #[serde(default)]
    pub status: String,
    pub start: Option<String>,
}

/// What a server says of a request that it refuses. Its words are not read: they may repeat what was asked.
#[derive(Deserialize)]
pub struct OperationOutcome {
    #[serde(default)]
    pub issue: Vec<Issue>,
}

#[derive(Deserialize)]
pub struct Issue {
    #[serde(default)]
    pub code: String,
}

/// What a server can do.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CapabilityStatement {
    #[serde(rename = "resourceType")]
    pub resource_type: String,
    #[serde(default)]
    pub fhir_version: String,
    #[serde(default)]
    pub rest: Vec<Rest>,
}

#[derive(Deserialize)]
pub struct Rest {
    #[serde(default)]
    pub resource: Vec<RestResource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RestResource {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub search_param: Vec<SearchParam>,
}

#[derive(Deserialize)]
pub struct SearchParam {
    pub name: String,
}
