//! Where letters are worked on: in the hub that runs here, or in this process.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::watch;
use tokio::task::{JoinSet, spawn_blocking};

use super::super::own::{account, note, own};
use super::super::{complain, exit, fail};
use crate::config::Config;
use crate::lang::Lang;
use crate::ops::audit::{Action, ChainError};
use crate::ops::client::{self, ClientError};
use crate::ops::letters::{Deed, Desk, Editable, LettersError, Request, Selection, Work, editable, look};
use crate::ops::search::{Found, Row, SearchError, State};
use crate::pipeline::HubError;

/// Why it went wrong.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Letters(#[from] LettersError),
    #[error(transparent)]
    Search(#[from] SearchError),
    #[error("the audit can't be written")]
    Audit(#[from] ChainError),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Hub(#[from] HubError),
}

impl Fault {
    /// Tells it, and gives the exit code.
    pub(super) fn told(&self, lang: Lang) -> u8 {
        match self {
            Self::Client(error) => fail(error, exit::of_client(error)),
            Self::Letters(error @ (LettersError::Bad(_) | LettersError::Unknown(_))) => {
                fail(error, exit::BAD_DATA)
            }
            Self::Hub(error) => {
                let code = fail(error, exit::TRY_LATER);
                complain(lang.pick(
                    "  where a hub runs on this data folder, it does the work: let its console listen ([console] in hub.toml)",
                    "  ハブの稼働中はハブが処理します。hub.toml の [console] を設定してください",
                ));
                code
            }
            other => fail(other, exit::TRY_LATER),
        }
    }
}

/// The way to the letters.
pub(super) enum Way {
    /// The hub that runs here.
    Hub(Box<client::Hub>),
    /// This process.
    Own {
        /// Its desk.
        desk: Arc<Desk>,
    },
}

/// The address of a list, with what is chosen.
fn address(path: &str, selection: &Selection, more: &str) -> String {
    let Selection { subscriber, fault, feed, facility, .. } = selection;
    let fields = [("subscriber", subscriber), ("fault", fault), ("feed", feed), ("facility", facility)];
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    let escaped = |text: &str| text.bytes().map(byte).collect::<String>();
    let said =
        fields.iter().filter_map(|(name, value)| Some(format!("{name}={}", escaped(value.as_deref()?))));
    let said: Vec<_> = said.chain((!more.is_empty()).then(|| more.to_owned())).collect();
    format!("{path}?{}", said.join("&"))
}

impl Way {
    /// Letters by fault, as the API tells them.
    pub(super) async fn piles(&self, selection: &Selection, of_dead: bool) -> Result<Vec<Value>, Fault> {
        match self {
            Self::Hub(hub) => {
                let path = if of_dead { "/dead/piles" } else { "/invalid/piles" };
                Ok(hub.get(&address(path, selection, "")).await?)
            }
            Self::Own { desk } => {
                let config = desk.control().config();
                let piles = match of_dead {
                    true => look::dead(&config, selection)?,
                    false => look::invalid(&config, selection)?,
                };
                Ok(piles.iter().map(serde_json::to_value).collect::<Result<_, _>>()?)
            }
        }
    }

    /// Letters one by one, the newest first.
    pub(super) async fn list(&self, selection: &Selection, state: State) -> Result<Vec<Row>, Fault> {
        match self {
            Self::Hub(hub) => {
                let withdrawn = if state == State::Withdrawn { "withdrawn=true" } else { "" };
                let found: Found = hub.get(&address("/dead", selection, withdrawn)).await?;
                Ok(found.rows)
            }
            Self::Own { desk } => Ok(look::list(&desk.control().config(), selection, state, None)?.rows),
        }
    }

    pub(super) async fn count(&self, selection: &Selection) -> Result<u64, Fault> {
        match self {
            Self::Hub(hub) => {
                let count: Value = hub.post("/letters/count", selection).await?;
                Ok(count.get("count").and_then(Value::as_u64).unwrap_or_default())
            }
            Self::Own { desk } => Ok(look::count(&desk.control().config(), selection)?),
        }
    }

    pub(super) async fn text(&self, id: &str) -> Result<Editable, Fault> {
        match self {
            Self::Hub(hub) => Ok(hub.get(&format!("/invalid/{id}")).await?),
            Self::Own { desk } => {
                note(&desk.control().config(), Action::ViewBody, id)?;
                let (envelope, body) = look::original(desk.control(), None, id).await?;
                Ok(editable(&envelope, &body)?)
            }
        }
    }

    /// A dead letter, as the API tells it.
    pub(super) async fn letter(&self, subscriber: &str, id: &str) -> Result<Value, Fault> {
        match self {
            Self::Hub(hub) => Ok(hub.get(&format!("/dead/{subscriber}/{id}")).await?),
            Self::Own { desk } => {
                let fault = look::fault(desk.control(), Some(subscriber), id).await?;
                let config = desk.control().config();
                let (wanted, name) = (id.to_owned(), subscriber.to_owned());
                let since = spawn_blocking(move || look::later_version(&config, &wanted, &name));
                let gone = |_| LettersError::Unknown(format!("letter {id}"));
                let since = since.await.map_err(gone)??;
                Ok(serde_json::json!({ "id": id, "letter_fault": fault, "since": since }))
            }
        }
    }

    pub(super) async fn act(&self, request: Request) -> Result<Work, Fault> {
        match self {
            Self::Hub(hub) => {
                let path =
                    if request.selection.subscriber.is_some() { "/dead/acts" } else { "/invalid/acts" };
                Ok(hub.post(path, &request).await?)
            }
            Self::Own { desk } => {
                let action = match request.act {
                    Deed::Retry => Action::Retry,
                    Deed::Discard => Action::Discard,
                    Deed::Edit => Action::Edit,
                };
                note(&desk.control().config(), action, request.selection.queue().as_str())?;
                Ok(desk.ask(request, &account()).await?)
            }
        }
    }

    pub(super) async fn work(&self, id: &str) -> Result<Work, Fault> {
        Ok(match self {
            Self::Hub(hub) => hub.get(&format!("/letters/{id}")).await?,
            Self::Own { desk } => desk.get(id)?,
        })
    }

    pub(super) async fn stop(&self, id: &str) -> Result<Work, Fault> {
        Ok(match self {
            Self::Hub(hub) => hub.post(&format!("/letters/{id}/stop"), &()).await?,
            Self::Own { desk } => desk.stop(id)?,
        })
    }
}

/// Does something where the letters are worked on. Of a process of its own the work ends with it.
pub(super) async fn on<T>(
    config: &Config,
    act: impl AsyncFnOnce(&Way) -> Result<T, Fault>,
) -> Result<T, Fault> {
    if let Some(hub) = client::Hub::of(config) {
        return act(&Way::Hub(Box::new(hub))).await;
    }
    own(config, async |control| {
        let desk = Desk::new(control);
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(desk.clone().run(stopped));
        let done = act(&Way::Own { desk }).await;
        stop.send_replace(true);
        while tasks.join_next().await.is_some() {}
        done
    })
    .await
}
