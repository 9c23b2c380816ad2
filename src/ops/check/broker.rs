//! Whether RabbitMQ answers.

use std::time::Duration;

use crate::config::{Broker, Config, Fault, Need, Part, Said, Severity, Thing};
use crate::ops::topology::{self, TopologyError};

/// How long it may take to connect, log in and look.
const PATIENCE: Duration = Duration::from_secs(3);

/// Why it does not. What differs on the server is the business of `musubi topology`.
pub(super) async fn away(config: &Config, needs: &[Need]) -> Option<Fault> {
    let Broker::RabbitMq(settings) = &config.hub.broker else { return None };
    let need = needs.iter().find(|need| need.thing == Thing::Broker)?;
    if !settings.password_file.exists() {
        // That was told, and nobody can log in without.
        return None;
    }
    let said = match topology::check_within(config, PATIENCE).await {
        Ok(_) | Err(TopologyError::Embedded) => return None,
        Err(TopologyError::Away(why)) => Said::new(
            format!("RabbitMQ can't be reached: {why}"),
            format!("RabbitMQ に接続できません: {why}"),
        )
        .help(
            "the hub starts all the same and keeps its messages in the outbox; then: musubi topology check",
            "ハブは動き、メッセージは送信箱に残ります。届くようになったら musubi topology check",
        ),
        Err(TopologyError::Broker(error)) => {
            Said::new(format!("RabbitMQ refuses: {error}"), format!("RabbitMQ に断られました: {error}")).help(
                "look at user, password_file, vhost and the rights of that user; then: musubi topology check",
                "user、password_file、vhost と、そのユーザーの権限を確かめてから musubi topology check",
            )
        }
    };
    Some(need.fault(Severity::Warning, said.of(Part::Environment)))
}
