//! A console that encrypts by itself.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use musubi::ops::access::Role;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::browser::{PASSWORD, Served, form, send};
use crate::support::process::ToItsEnd;

/// Makes `hub.pem` and `hub.key` in a folder.
pub(crate) fn certify(folder: &Path) {
    let output = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=hub.example"])
        .args(["-addext", "subjectAltName=DNS:hub.example", "-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-keyout", "hub.key", "-out", "hub.pem"])
        .current_dir(folder)
        .to_its_end();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A connection to who has that certificate.
fn connect(address: SocketAddr, certificate: &Path) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificate).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(config.with_root_certificates(roots).with_no_client_auth());
    let connection = ClientConnection::new(config, ServerName::try_from("hub.example").unwrap()).unwrap();
    StreamOwned::new(connection, TcpStream::connect(address).unwrap())
}

/// Whether the console shows that certificate.
fn shows(address: SocketAddr, certificate: &Path) -> bool {
    let mut stream = connect(address, certificate);
    stream.conn.complete_io(&mut stream.sock).is_ok()
}

#[test]
fn pages_and_cookies_cross_the_network_encrypted() {
    let folder = tempfile::tempdir().unwrap();
    certify(folder.path());
    let [certificate, key] = ["hub.pem", "hub.key"].map(|name| folder.path().join(name));
    let served = Served::new(&format!("totp = \"optional\"\ncertificate = {certificate:?}\nkey = {key:?}"));
    served.user("yamada", &[Role::Viewer], None);

    // A connection that says nothing holds up nobody.
    let _silent = TcpStream::connect(served.address).unwrap();
    let mut stream = connect(served.address, &certificate);
    let fields = form(&[("name", "yamada"), ("password", PASSWORD)]);
    let media = "content-type: application/x-www-form-urlencoded\r\n";
    let answer = send(&mut stream, served.address, "POST /login", media, &fields);
    assert_eq!(answer.status, 303, "{answer:?}");
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-musubi=") && cookie.contains("; Secure"), "{cookie}");
    assert_eq!(answer.header("strict-transport-security"), Some("max-age=31536000"));
    assert_eq!(served.acts().last().unwrap().from, "127.0.0.1");
    // The verbs of this machine know the hub by its certificate.
    served.hub.write("members/members.csv", "network_id,from,who,why\n900000000001,2026-04-02,desk,form 1\n");
    let output = served.hub.run(&["registry", "import", served.hub.path("members").to_str().unwrap()]);
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(said.contains("1 entered"), "{said}");
}

#[test]
fn a_renewed_certificate_is_taken_while_it_runs_and_half_of_one_changes_nothing() {
    let [folder, renewed] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    certify(folder.path());
    certify(renewed.path());
    let [certificate, key] = ["hub.pem", "hub.key"].map(|name| folder.path().join(name));
    let served = Served::new(&format!("totp = \"optional\"\ncertificate = {certificate:?}\nkey = {key:?}"));
    let [old, new] = ["old.pem", "new.pem"].map(|name| folder.path().join(name));
    fs::copy(&certificate, &old).unwrap();
    fs::copy(renewed.path().join("hub.pem"), &new).unwrap();
    assert!(shows(served.address, &old) && !shows(served.address, &new));
    fs::copy(renewed.path().join("hub.key"), &key).unwrap();
    assert!(shows(served.address, &old), "a key without its certificate");
    fs::copy(&new, &certificate).unwrap();
    assert!(shows(served.address, &new) && !shows(served.address, &old));
    fs::write(&certificate, "").unwrap();
    assert!(shows(served.address, &new), "an empty file");
}

#[test]
fn without_encryption_it_listens_on_this_machine_only() {
    let hub = crate::support::HubFolder::new();
    let text = "version = 1\nnetwork = \"shimane\"\ntimezone = \"Asia/Tokyo\"\n[console]\nlisten = \"0.0.0.0:7575\"\n";
    hub.write("hub.toml", text);
    let output = hub.run(&["check"]);
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(said.contains("without certificate and key"), "{said}");
}
