//! A mail, by SMTP.

use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use super::{PATIENCE, first_line};
use crate::config::{MailTls, Way};
use crate::ops::alerts::notice::Notice;
use crate::telemetry::causes;

pub(super) async fn send(way: &Way, notice: &Notice) -> Result<(), String> {
    let Way::Mail { host, port, tls, login, from, to } = way else { return Ok(()) };
    let message = message(from, to, notice)?;
    let told = |error: lettre::transport::smtp::Error| causes(&error);
    let tls = match tls {
        MailTls::StartTls => Tls::Required(TlsParameters::new(host.clone()).map_err(told)?),
        MailTls::Wrapped => Tls::Wrapper(TlsParameters::new(host.clone()).map_err(told)?),
        MailTls::Off => Tls::None,
    };
    let server = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host).port(*port).tls(tls);
    let mut server = server.timeout(Some(PATIENCE));
    if let Some((user, password_file)) = login {
        server = server.credentials(Credentials::new(user.clone(), first_line(password_file).await?));
    }
    server.build().send(message).await.map(drop).map_err(|error| without_answer(&error))
}

fn message(from: &str, to: &[String], notice: &Notice) -> Result<Message, String> {
    let mailbox = |text: &str| text.parse::<Address>().map(Mailbox::from).map_err(|error| error.to_string());
    let mut builder = Message::builder().from(mailbox(from)?).subject(notice.title());
    for one in to {
        builder = builder.to(mailbox(one)?);
    }
    builder.header(ContentType::TEXT_PLAIN).body(notice.text()).map_err(|error| error.to_string())
}

/// What went wrong, by the server's code: its text may repeat addresses.
fn without_answer(error: &lettre::transport::smtp::Error) -> String {
    match error.status() {
        Some(code) => format!("the mail server answers {code}"),
        None => causes(error),
    }
}
