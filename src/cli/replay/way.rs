//! Where a replay is worked on: in the hub that runs here, or in this process.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::super::own::{account, note, own};
use super::super::{complain, exit, fail};
use crate::config::Config;
use crate::lang::Lang;
use crate::ops::audit::{Action, ChainError};
use crate::ops::client::{self, ClientError};
use crate::ops::replay::{Desk, Replay, ReplayError, Request};
use crate::pipeline::HubError;

/// How long the replays, and on RabbitMQ the registry, may not be there.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why it went wrong.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Replay(#[from] ReplayError),
    #[error("the audit can't be written")]
    Audit(#[from] ChainError),
    #[error(transparent)]
    Hub(#[from] HubError),
}

impl Fault {
    /// Tells it, and gives the exit code.
    pub(super) fn told(&self, lang: Lang) -> u8 {
        match self {
            Self::Client(error) => fail(error, exit::of_client(error)),
            Self::Replay(error @ (ReplayError::Bad(_) | ReplayError::Unknown(_))) => {
                fail(error, exit::BAD_DATA)
            }
            Self::Replay(error) => fail(error, exit::TRY_LATER),
            Self::Audit(error) => fail(error, exit::TRY_LATER),
            Self::Hub(error) => {
                let code = fail(error, exit::TRY_LATER);
                complain(lang.pick(
                    "  where a hub runs on this data folder, it does the work: let its console listen ([console] in hub.toml)",
                    "  ハブの稼働中はハブが処理します。hub.toml の [console] を設定してください",
                ));
                code
            }
        }
    }
}

/// The way to the replays.
pub(super) enum Way {
    /// The hub that runs here.
    Hub(Box<client::Hub>),
    /// This process, on behalf of who is logged in.
    Own {
        /// Its desk.
        desk: Arc<Desk>,
        /// What it works on.
        config: Box<Config>,
        /// Who is logged in.
        who: String,
    },
}

impl Way {
    pub(super) const fn is_own(&self) -> bool {
        matches!(self, Self::Own { .. })
    }

    pub(super) async fn plan(&self, request: Request) -> Result<Replay, Fault> {
        Ok(match self {
            Self::Hub(hub) => hub.post("/replays", &request).await?,
            Self::Own { desk, config, who } => {
                note(config, Action::Replay, &format!("plan to {}", request.selection.to))?;
                desk.plan(request, who)?.without_patient()
            }
        })
    }

    pub(super) async fn get(&self, id: &str) -> Result<Replay, Fault> {
        Ok(match self {
            Self::Hub(hub) => hub.get(&format!("/replays/{id}")).await?,
            Self::Own { desk, .. } => desk.get(id)?.without_patient(),
        })
    }

    /// Starts, stops or resumes.
    pub(super) async fn turn(&self, id: &str, act: &str) -> Result<Replay, Fault> {
        if let Self::Own { config, .. } = self {
            note(config, Action::Replay, &format!("{act} {id}"))?;
        }
        Ok(match (self, act) {
            (Self::Hub(hub), act) => hub.post(&format!("/replays/{id}/{act}"), &()).await?,
            (Self::Own { desk, who, .. }, "start") => desk.start(id, who)?.without_patient(),
            (Self::Own { desk, who, .. }, "stop") => desk.stop(id, who)?.without_patient(),
            (Self::Own { desk, who, .. }, _) => desk.resume(id, who)?.without_patient(),
        })
    }
}

/// Does something where the replays are worked on. Of a process of its own the work ends with it.
pub(super) async fn on<T>(
    config: &Config,
    act: impl AsyncFnOnce(&Way) -> Result<T, Fault>,
) -> Result<T, Fault> {
    if let Some(hub) = client::Hub::of(config) {
        return act(&Way::Hub(Box::new(hub))).await;
    }
    own(config, async |control| {
        let desk = Desk::alone(control);
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(desk.clone().run(stopped));
        timeout(PATIENCE, desk.when_open()).await.map_err(|_| ReplayError::Elsewhere)?;
        let done = act(&Way::Own { desk, config: Box::new(config.clone()), who: account() }).await;
        stop.send_replace(true);
        while tasks.join_next().await.is_some() {}
        done
    })
    .await
}
