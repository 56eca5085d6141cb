//! A hospital's own record, by FHIR R4: appointments of one patient, and free times with whom they see.
//!
//! Everything here is bound to one patient. A search names them, and whatever comes back is looked at once more: what is not
//! theirs is as if it had not come. Nothing of a record is in an error or a log.

mod client;
#[cfg(feature = "fake")]
pub mod fake;
mod resources;

pub use client::{Appointment, AppointmentStatus, FhirFailure, FhirServer, FhirSetupError, IssueCode};
