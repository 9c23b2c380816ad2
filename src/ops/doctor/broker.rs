//! What carries the messages: whether it can be reached, or is held by the running hub.

use std::time::Duration;

use tokio::time::timeout;

use super::certificate;
use super::line::{Line, Words};
use crate::broker::rabbitmq::amqp::Amqp;
use crate::broker::rabbitmq::{Link, Settings};
use crate::broker::{BrokerError, topology};
use crate::clock::Clock;
use crate::config::{Broker, Config};
use crate::envelope::Lane;
use crate::ops::queues;
use crate::pipeline::ProcessStatus;
use crate::telemetry::causes;

/// How long RabbitMQ may take to answer.
const ANSWER: Duration = Duration::from_secs(5);

/// Looks at the broker of `hub.toml`.
pub(super) async fn look(
    config: &Config,
    running: &[ProcessStatus],
    clock: &dyn Clock,
    lines: &mut Vec<Line>,
) {
    match &config.hub.broker {
        Broker::Embedded { .. } => embedded(config, running, lines),
        Broker::RabbitMq(settings) => {
            certificate::look(settings, clock.now(), lines);
            rabbitmq(settings, lines).await;
        }
    }
}

fn embedded(config: &Config, running: &[ProcessStatus], lines: &mut Vec<Line>) {
    let subject = queues::folder(config).display().to_string();
    let found = match running.first() {
        Some(hub) => Words::new(
            format!("embedded: held by the running hub ({}, process {})", hub.role, hub.pid),
            format!("内蔵ブローカー: 稼働中のハブ（{}、プロセス {}）が使用中です", hub.role, hub.pid),
        ),
        None if queues::folder(config).exists() => {
            Words::new("embedded: there; no hub runs on it", "内蔵ブローカー: あり（ハブは停止中）")
        }
        None => Words::new("embedded: made at the first start", "内蔵ブローカー: 初回起動時に作成されます"),
    };
    lines.push(Line::ok("broker", subject, found));
}

async fn rabbitmq(settings: &Settings, lines: &mut Vec<Line>) {
    let subject = settings.urls.join(", ");
    let link = Link::new(settings.clone(), "doctor");
    let queue = topology::ingest().on_rabbitmq(Lane(0));
    let todo = || {
        Words::new(
            "is it up (rabbitmqctl status), may this machine reach it (nc -vz HOST PORT), and are user, vhost and password right?",
            "稼働状況 (rabbitmqctl status)、到達性 (nc -vz HOST PORT)、ユーザー・vhost・パスワードを確認する",
        )
    };
    lines.push(match timeout(ANSWER, link.count(&queue)).await {
        Ok(Ok(_)) => Line::ok(
            "broker",
            subject,
            Words::new(
                "RabbitMQ answers, and has the hub's queues",
                "RabbitMQ は応答し、ハブのキューがあります",
            ),
        ),
        Ok(Err(BrokerError::Refused { .. })) => Line::warning(
            "broker",
            subject,
            Words::new(
                "RabbitMQ answers, but does not have the hub's queues",
                "RabbitMQ は応答しますが、ハブのキューがありません",
            ),
            Words::new(
                "they are made at the first start, or by musubi topology --help",
                "初回起動時に作成されます（musubi topology --help も参照）",
            ),
        ),
        Ok(Err(error)) => {
            let why = causes(&error);
            Line::fault(
                "broker",
                subject,
                Words::new(
                    format!("RabbitMQ can't be reached: {why}"),
                    format!("RabbitMQ に接続できません: {why}"),
                ),
                todo(),
            )
        }
        Err(_) => {
            let seconds = ANSWER.as_secs();
            Line::fault(
                "broker",
                subject,
                Words::new(
                    format!("RabbitMQ does not answer within {seconds} s"),
                    format!("RabbitMQ が {seconds} 秒以内に応答しません"),
                ),
                todo(),
            )
        }
    });
}
