//! Password and TLS.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use musubi::broker::rabbitmq::amqp::Amqp;
use musubi::broker::rabbitmq::{Link, Settings, Tls};
use tokio::time::timeout;

use super::{SUBSCRIBER, batch, eventually, is_ready, soon};
use crate::support::process::ToItsEnd;
use crate::support::rabbitmq::{Rabbit, node};

#[tokio::test]
async fn a_wrong_password_shows_and_a_corrected_file_is_read() {
    let node = node().await;
    let folder = tempfile::tempdir().unwrap();
    let password_file = folder.path().join("password");
    let settings = Settings { password_file: password_file.clone(), ..node.settings().await };
    let link = Link::new(settings, "test");
    let state = link.state();
    let declaring = async {
        soon(link.declare(SUBSCRIBER)).await.unwrap();
    };
    let trouble = || state.borrow().consuming.trouble.clone().unwrap_or_default();
    let correcting = async {
        eventually("the missing file shows", async || trouble().contains("password")).await;
        std::fs::write(&password_file, "wrong-secret\n").unwrap();
        eventually("the refusal shows", async || trouble().contains("ACCESS_REFUSED")).await;
        assert!(!trouble().contains("wrong-secret"));
        std::fs::write(&password_file, "guest\nanything\n").unwrap();
    };
    tokio::join!(declaring, correcting);
}

/// Certificates of an authority made for this test.
struct Authority(PathBuf);

impl Authority {
    fn new(folder: &Path) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        let new = Self(folder.to_owned());
        let subject = format!("/CN={}", folder.file_name().unwrap().display());
        let rest = ["-subj", &subject, "-days", "2", "-nodes"];
        new.openssl(
            &[&["req", "-x509", "-newkey", "rsa:2048", "-keyout", "ca.key", "-out", "ca.pem"], &rest[..]]
                .concat(),
        );
        new
    }

    fn sign(&self, name: &str, extension: &str) -> (PathBuf, PathBuf) {
        let (key, request, certificate) =
            (format!("{name}.key"), format!("{name}.csr"), format!("{name}.pem"));
        let subject = format!("/CN={name}");
        self.openssl(&[
            "req", "-newkey", "rsa:2048", "-nodes", "-keyout", &key, "-out", &request, "-subj", &subject,
        ]);
        std::fs::write(self.file("extensions"), extension).unwrap();
        self.openssl(&[
            "x509",
            "-req",
            "-in",
            &request,
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-days",
            "2",
            "-out",
            &certificate,
            "-extfile",
            "extensions",
        ]);
        (self.file(&certificate), self.file(&key))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn openssl(&self, arguments: &[&str]) {
        let output = Command::new("openssl").args(arguments).current_dir(&self.0).to_its_end();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[tokio::test]
async fn tls_trusts_its_own_authority_only_and_shows_a_client_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let ours = Authority::new(&folder.path().join("ours"));
    let other = Authority::new(&folder.path().join("other"));
    let (certificate, key) =
        ours.sign("server", "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth");
    let client = ours.sign("client", "extendedKeyUsage=clientAuth");
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let file = |name: &str, path: &Path| format!("ssl_options.{name} = {}", path.display());
    let lines = [
        format!("listeners.ssl.1 = 127.0.0.1:{port}"),
        file("cacertfile", &ours.file("ca.pem")),
        file("certfile", &certificate),
        file("keyfile", &key),
        "ssl_options.verify = verify_peer".into(),
        "ssl_options.fail_if_no_peer_cert = true".into(),
    ];
    let node = tokio::task::spawn_blocking(move || Rabbit::start("tls", &lines)).await.unwrap();
    let mut settings = node.settings().await;
    settings.urls = vec![format!("amqps://localhost:{port}")];
    settings.tls = Some(Tls { ca: ours.file("ca.pem"), client: Some(client.clone()) });

    let link = Link::new(settings.clone(), "test");
    soon(link.declare(SUBSCRIBER)).await.unwrap();
    soon(link.publish(batch(SUBSCRIBER, 1..=3))).await.unwrap();
    is_ready(&link, SUBSCRIBER, 3).await;

    let refused = [
        ("another authority", Some(Tls { ca: other.file("ca.pem"), client: Some(client) }), "UnknownIssuer"),
        ("no client certificate", Some(Tls { ca: ours.file("ca.pem"), client: None }), ""),
        ("no authority", None, "no authority"),
        ("no such file", Some(Tls { ca: folder.path().join("none.pem"), client: None }), "none.pem"),
    ];
    for (case, tls, why) in refused {
        let link = Link::new(Settings { tls, ..settings.clone() }, "test");
        let declared = timeout(Duration::from_secs(2), link.declare(SUBSCRIBER)).await;
        assert!(declared.is_err(), "{case}: {declared:?}");
        let trouble = link.state().borrow().consuming.trouble.clone().unwrap();
        assert!(trouble.contains(why), "{case}: {trouble}");
    }
    node.script(&["stop"]).await;
}
