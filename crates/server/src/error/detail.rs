//! What every problem says to people: what happened, and what to do about it.

use std::borrow::Cow::{self, Borrowed, Owned};

use kuzushi_store::{RequestState, TimeOut, Unproven, WhyUnproven};

use super::{ApiError, whole_seconds};

impl ApiError {
    pub(super) fn detail(&self) -> Cow<'static, str> {
        match self {
            Self::UnknownProject { project_id } => Owned(format!(
                "There is no project `{project_id}`. Check projectId against the one in the administration."
            )),
            Self::OriginNotAllowed { origin } => {
                Owned(format!("The origin `{origin}` may not embed this project. Add it to the app's allowed origins."))
            }
            Self::InvalidBody(errors) | Self::InvalidQuery(errors) => Owned(
                errors
                    .iter()
                    .map(|error| {
                        if error.field.is_empty() {
                            error.message.clone()
                        } else {
                            format!("{}: {}", error.field, error.message)
                        }
                    })
                    .collect::<Vec<_>>()
                    .join("; "),
            ),
            Self::InvalidToken => Borrowed(
                "The token is missing, expired or not valid. Send `Authorization: Bearer <token>` from session/init or auth/login.",
            ),
            Self::TimedOut(TimeOut::Idle) => {
                Borrowed("Nothing was done for too long, so the patient was signed out. Sign in again.")
            }
            Self::TimedOut(TimeOut::Expired) => {
                Borrowed("The patient was signed in for as long as anybody may be. Sign in again.")
            }
            Self::InvalidCredentials => Borrowed("The e-mail address or the password is not right."),
            Self::IdentityRefused(why) => {
                Owned(format!("The token that says who the visitor is cannot be taken: {why}."))
            }
            Self::SomebodyElses => Borrowed(
                "This conversation belongs to somebody else who signed in. Begin a new one, and sign in there.",
            ),
            Self::InvalidKey => Borrowed(
                "The API key is missing, expired, revoked or not valid. Send `Authorization: Bearer key_…`, or the token from /v1/admin/auth/login.",
            ),
            Self::NoAccount => Borrowed("This is for people who have signed in. An API key has no account."),
            Self::TenantClosed => {
                Borrowed("This hospital is closed, and its staff with it. An operator can open it again.")
            }
            Self::InvalidEnrolment => Borrowed(
                "The enrolment code is not right, was used before, or has expired. Ask whoever gave it to you for another.",
            ),
            Self::OidcRefused(why) => Owned(format!("Signing in with the provider did not work: {why}. Begin again.")),
            Self::ProviderUnavailable => Borrowed(
                "The identity provider is not to be reached, or its answer makes no sense. Try again later; the server's log says more.",
            ),
            Self::NoIdentityProvider => Borrowed(
                "There is no such hospital, or it has no identity provider. Sign in with a password, or have an operator set a provider.",
            ),
            Self::NoBaseUrl => Borrowed(
                "The server does not know its own address. Set API_BASE_URL, for the provider to send browsers back to.",
            ),
            Self::TotpRequired => Borrowed(
                "The password is right, and this account has a second factor. Send the same again, with `totp` from the phone or with a `recoveryCode`.",
            ),
            Self::CodeRefused => Borrowed(
                "The code is not right, or was used before. Wait for the phone to show the next one, and check the phone's clock.",
            ),
            Self::SecondFactorRequired => Borrowed(
                "Signing in with a password alone is not enough here. Set up a second factor with POST /v1/admin/auth/totp, or sign in again with it.",
            ),
            Self::SecondFactorExists => {
                Borrowed("There is a second factor already. Remove it with POST /v1/admin/auth/totp/remove first.")
            }
            Self::OwnAccount => {
                Borrowed("Nobody changes their own role, or disables or deletes themselves. Ask a colleague.")
            }
            Self::LastInCharge { role } => Owned(format!(
                "No other {role} can sign in, and nobody would be left who answers for everything. Make somebody else {role} first, and wait until they have chosen a password."
            )),
            Self::Forbidden { role } => Owned(format!("The role {role} may not do this. Ask an owner or an operator.")),
            Self::ReasonRequired => Borrowed(
                "Reading what patients wrote is not this role's work. State why it has to be with POST …/break-glass, which is recorded, and read while that lasts.",
            ),
            Self::AlreadyExists { field } => {
                Owned(format!("{field}: something else has this already. Choose another, or change what exists."))
            }
            Self::Changed { newest: Some(newest) } => Owned(format!(
                "Somebody else changed it: version {newest} is the current one. Look at it, and try again."
            )),
            Self::Changed { newest: None } => {
                Borrowed("There is no version yet that this could be based on or replace.")
            }
            Self::Outdated => {
                Borrowed("Somebody else changed or removed it. Read it again, and try again with what is there now.")
            }
            Self::Divided { number } => Owned(format!(
                "New conversations are divided by split {number}. Look at it, and say replacesSplit: {number} to end it."
            )),
            Self::Unproven(unproven) => Owned(unproven_in_words(unproven)),
            Self::SuiteRequired => Borrowed(
                "Config versions have to pass this suite. Require another one, or none, with PUT …/required-suite first.",
            ),
            Self::EvaluationRuns => {
                Borrowed("An evaluation of this app runs already. Wait until it is finished: see GET …/evaluations.")
            }
            Self::SecondPersonNeeded => Borrowed(
                "Another person has to decide this: not who asked for it, and no key that they made or were given by the same person. Withdraw it if it is not wanted any more.",
            ),
            Self::NotYours => {
                Borrowed("Somebody else asked for this, and only they can withdraw it. Refuse it instead.")
            }
            Self::IdempotencyKeyReused => Borrowed(
                "Something else was asked for under this Idempotency-Key in the last 24 hours. Use another for another request.",
            ),
            Self::AnswerLost => Borrowed(
                "This was done already, and what was answered is not to be had any more. Look for what it made before asking again under another Idempotency-Key.",
            ),
            Self::Held => Borrowed(
                "A legal hold is on something of this tenant's. Nothing may be erased until it is lifted: see GET …/holds.",
            ),
            Self::NotClosed => Borrowed(
                "The tenant is open. Close it first, make sure that nobody misses it, and destroy its key then.",
            ),
            Self::RequestClosed { state: RequestState::Void } => {
                Borrowed("What new conversations get has changed since this was asked for. Look at it, and ask again.")
            }
            Self::RequestClosed { state } => {
                Owned(format!("This request is {} already. Ask again if the change is still wanted.", state.as_str()))
            }
            Self::SessionEnded => {
                Borrowed("The session has ended. Begin a new one with session/init, without a token.")
            }
            Self::NotFound => Borrowed("There is nothing at this address."),
            Self::MethodNotAllowed => Borrowed("This address does not take this method."),
            Self::TooLarge { limit } => Owned(format!("The body is larger than {limit} bytes.")),
            Self::UnsupportedMediaType => {
                Borrowed("Send JSON, not compressed, with the Content-Type application/json or text/plain.")
            }
            Self::NoForm => Borrowed("Send multipart/form-data, with the file as the part `file`."),
            Self::FileRefused(why) => Owned(format!("The file is not taken: {why}.")),
            Self::UnknownDocumentType => {
                Borrowed("Send application/pdf, text/html, text/plain or text/markdown, not compressed.")
            }
            Self::UpgradeRequired => Borrowed("This address takes WebSocket connections."),
            Self::RateLimited { retry_after } => {
                Owned(format!("Too many requests. Try again in {} s.", whole_seconds(*retry_after)))
            }
            Self::Unavailable => Borrowed("The service is not available at the moment. Try again soon."),
            Self::Internal => Borrowed("Something went wrong on our side."),
        }
    }
}

/// What a version is missing, and how it gets it.
fn unproven_in_words(Unproven { version, requirement, why }: &Unproven) -> String {
    let (suite, hash) = (&requirement.suite, &requirement.hash);
    let what = match why {
        WhyUnproven::NeverEvaluated => String::from("it has not been asked of this version"),
        WhyUnproven::ArticlesChanged => String::from("articles have changed since it was asked of this version"),
        WhyUnproven::NotPassed { passed, cases } => format!("when it was last asked, {passed} of {cases} cases passed"),
    };
    format!(
        "Version {version} has to pass the suite `{suite}`, {minimum} of its cases, before new conversations get it: {what}. \
         Ask it with POST …/evaluations {{\"suite\": \"{suite}\", \"hash\": \"{hash}\", \"version\": {version}}}, or with \
         `kuzushi evaluate --version {version}`, and try again once it has passed.",
        minimum = requirement.minimum,
    )
}
