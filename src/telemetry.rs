//! What goes into logs. Never a value of a message: identifying fields sit in types whose `Debug` prints nothing.

use std::error::Error;

/// An error with its causes on one line.
pub(crate) fn causes(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| (**cause).source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
