//! Answers that are no success: problem details (RFC 9457).

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::ops::letters::LettersError;
use crate::ops::replay::ReplayError;
use crate::ops::status::StatusError;
use crate::pipeline::RegistryError;

/// A problem.
#[derive(Debug, Serialize)]
pub(super) struct Problem {
    title: &'static str,
    status: u16,
    detail: String,
    /// What is wrong, row by row.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Wrong>,
}

/// What is wrong with a row.
#[derive(Debug, Serialize)]
pub(super) struct Wrong {
    /// File, where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) file: Option<String>,
    /// Entry of a JSON array from 1, or line of a CSV file.
    pub(super) row: u64,
    /// A stable word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) code: Option<String>,
    /// For people; nothing of a patient.
    pub(super) reason: String,
}

impl Problem {
    fn new(status: StatusCode, title: &'static str, detail: impl Into<String>) -> Self {
        Self { title, status: status.as_u16(), detail: detail.into(), errors: Vec::new() }
    }

    pub(super) fn unauthorized() -> Self {
        let detail =
            "send a token (musubi token add, or that of the data folder, api.token): Authorization: Bearer …";
        Self::new(StatusCode::UNAUTHORIZED, "The token is missing or wrong", detail)
    }

    pub(super) fn forbidden() -> Self {
        let detail = "whoever has this token may not do that, or not for this facility";
        Self::new(StatusCode::FORBIDDEN, "Not allowed", detail)
    }

    /// Something that the answer needs can't be had now.
    pub(super) fn unavailable(error: &(dyn std::error::Error + 'static)) -> Self {
        let detail = crate::telemetry::causes(error);
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "Not available at present", detail)
    }

    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not found", "there is nothing of that name")
    }

    pub(super) fn bad(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "The request can't be read", detail)
    }

    /// What may not be done unnoticed can't be written down.
    pub(super) fn no_audit(error: &(dyn std::error::Error + 'static)) -> Self {
        let detail = crate::telemetry::causes(error);
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "The audit can't be written", detail)
    }

    /// What it is, for a page.
    pub(super) fn told(&self) -> (StatusCode, &str) {
        (StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), &self.detail)
    }

    pub(super) fn refused(errors: Vec<Wrong>) -> Self {
        let detail = format!("{} rows can't be taken; nothing of the batch was", errors.len());
        let problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "The registry refuses the batch", detail);
        Self { errors, ..problem }
    }
}

impl Problem {
    /// What is told of it.
    pub(super) fn detail(&self) -> &str {
        &self.detail
    }

    /// Its HTTP status.
    pub(super) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.title, self.detail)
    }
}

impl From<ReplayError> for Problem {
    fn from(error: ReplayError) -> Self {
        let detail = crate::telemetry::causes(&error);
        match error {
            ReplayError::Unknown(_) => Self::not_found(),
            ReplayError::Bad(_) => Self::bad(detail),
            ReplayError::Not { .. } => {
                Self::new(StatusCode::CONFLICT, "The replay is in another state", detail)
            }
            _ => Self::new(StatusCode::SERVICE_UNAVAILABLE, "Nothing can be replayed at present", detail),
        }
    }
}

impl From<LettersError> for Problem {
    fn from(error: LettersError) -> Self {
        let detail = crate::telemetry::causes(&error);
        match error {
            LettersError::Unknown(_) => Self::not_found(),
            LettersError::Bad(_) => Self::bad(detail),
            LettersError::Ended(_) => Self::new(StatusCode::CONFLICT, "The work has ended", detail),
            _ => Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "Nothing can be done with letters at present",
                detail,
            ),
        }
    }
}

impl From<StatusError> for Problem {
    fn from(error: StatusError) -> Self {
        let detail = crate::telemetry::causes(&error);
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "The status can't be told", detail)
    }
}

impl From<RegistryError> for Problem {
    fn from(error: RegistryError) -> Self {
        let wrong = |file, row, code, reason| Wrong { file, row, code, reason };
        match error {
            RegistryError::Refused(refusals) => Self::refused(
                refusals
                    .into_iter()
                    .map(|one| wrong(None, one.index as u64 + 1, Some(one.code.into()), one.reason.into()))
                    .collect(),
            ),
            RegistryError::Import(faults) => {
                let reason = |column: String, reason: String| match column.as_str() {
                    "" => reason,
                    column => format!("{column}: {reason}"),
                };
                let errors = faults.into_iter().map(|fault| {
                    wrong(Some(fault.place.file), fault.place.row, None, reason(fault.column, fault.reason))
                });
                Self::refused(errors.collect())
            }
            error => {
                let detail = crate::telemetry::causes(&error);
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "The registry takes nothing at present", detail)
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status(), Json(self)).into_response();
        let media_type = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, media_type);
        response
    }
}
