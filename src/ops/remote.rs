//! Reading a queue on RabbitMQ while the hub works on it.

use std::time::Duration;

use tokio::time::timeout;

use super::queues::QueueError;
use crate::broker::rabbitmq::amqp::{Amqp, Incoming, Subscription};
use crate::broker::rabbitmq::{Link, Settings};
use crate::broker::{BrokerError, Delivery, QueueName};
use crate::envelope::Lane;

/// How long the way to RabbitMQ may take.
const CONNECT: Duration = Duration::from_secs(10);
/// A consumer whose turn it is has its messages at once.
const TURN: Duration = Duration::from_secs(2);
/// Messages acknowledged at a time.
const BATCH: u16 = 256;

/// Hands up to `most` of the messages that are with no consumer to `show`, oldest first, and leaves them in the queue.
pub(super) async fn look(
    settings: &Settings,
    queue: &QueueName,
    most: usize,
    mut show: impl FnMut(Lane, &Delivery) -> Result<bool, QueueError>,
) -> Result<(), QueueError> {
    let (link, name, ready) = reach(settings, queue).await?;
    let seen = link.peek(&name, most.min(ready)).await?;
    if seen.is_empty() && most.min(ready) > 0 {
        return Err(QueueError::Taken(queue.clone()));
    }
    for incoming in seen {
        if let Some((lane, delivery)) = delivery(incoming)
            && !show(lane, &delivery)?
        {
            break;
        }
    }
    Ok(())
}

/// Hands up to `most` of the messages that wait now to `show`, and acknowledges each batch once it returned `true` for
/// all of it.
pub(super) async fn take(
    settings: &Settings,
    queue: &QueueName,
    most: usize,
    mut show: impl FnMut(Lane, &Delivery) -> Result<bool, QueueError>,
) -> Result<(), QueueError> {
    let (link, name, ready) = reach(settings, queue).await?;
    let mut left = most.min(ready);
    let mut taken = 0;
    while left > 0 {
        // A consumer for each batch, which is sent no more than that: what it had not acknowledged at its end would come
        // back a little later, after messages that another consumer got meanwhile.
        let count = u16::try_from(left).unwrap_or(BATCH).min(BATCH);
        let mut subscription = link.consume(&name, count).await?;
        let batch = batch(subscription.as_mut(), count.into()).await?;
        let Some(last) = batch.last().map(|incoming| incoming.tag) else {
            subscription.close().await;
            // Fewer than waited at first: another consumer took them, or has the queue.
            return if taken > 0 { Ok(()) } else { Err(QueueError::Taken(queue.clone())) };
        };
        (left, taken) = (left - batch.len(), taken + batch.len());
        for incoming in batch {
            if let Some((lane, delivery)) = delivery(incoming)
                && !show(lane, &delivery)?
            {
                subscription.close().await;
                return Ok(());
            }
        }
        subscription.cancel().await?;
        subscription.acknowledge(last, true).await?;
        subscription.close().await;
    }
    Ok(())
}

async fn batch(subscription: &mut dyn Subscription, most: usize) -> Result<Vec<Incoming>, BrokerError> {
    let mut batch = Vec::with_capacity(most);
    while batch.len() < most {
        match timeout(TURN, subscription.next()).await {
            Ok(next) => batch.push(next?),
            Err(_) => break,
        }
    }
    Ok(batch)
}

/// The way to the queue, its name there, and how many messages wait in it.
async fn reach(settings: &Settings, queue: &QueueName) -> Result<(Link, String, usize), QueueError> {
    let link = Link::new(settings.clone(), "look");
    let name = queue.on_rabbitmq(Lane(0));
    let counting = async {
        link.declare(&name).await?;
        link.count(&name).await
    };
    let count = timeout(CONNECT, counting).await.map_err(|_| QueueError::Unreachable)??;
    Ok((link, name, usize::try_from(count.ready).unwrap_or(usize::MAX)))
}

/// What the hub put there; another program's message is none.
fn delivery(incoming: Incoming) -> Option<(Lane, Delivery)> {
    let Incoming { redelivered, header, body, .. } = incoming;
    let header = header?;
    let delivery =
        Delivery { sequence: header.number.sequence, redelivered, envelope: header.envelope, body };
    Some((header.lane, delivery))
}
