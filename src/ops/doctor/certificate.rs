//! Certificates and secrets of the connection to RabbitMQ: there, readable, in force.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_parser::parse_x509_certificate;

use super::line::{Line, Words};
use super::way::shell;
use crate::broker::rabbitmq::{Settings, Tls};

/// So long before its end a certificate should be renewed.
const SOON: SignedDuration = SignedDuration::from_hours(24 * 30);

/// Looks at the files that the settings name.
pub(super) fn look(settings: &Settings, now: Timestamp, lines: &mut Vec<Line>) {
    let mut file = |key: &'static str, path: &Path, is_secret: bool| {
        let before = lines.len();
        if is_secret {
            secret(path, lines)
        } else {
            certificates(path, now, lines)
        }
        Line::about(key, before, lines);
    };
    file("password_file", &settings.password_file, true);
    let Some(Tls { ca, client }) = &settings.tls else { return };
    file("tls.ca", ca, false);
    if let Some((chain, key)) = client {
        file("tls.certificate", chain, false);
        file("tls.key", key, true);
    }
}

/// A file that only the hub's user should read.
fn secret(path: &Path, lines: &mut Vec<Line>) {
    let subject = path.display().to_string();
    if let Err(error) = fs::File::open(path) {
        return lines.push(unreadable(path, &error));
    }
    let mode = fs::metadata(path).map_or(0, |metadata| metadata.permissions().mode());
    let private = format!("chmod 600 {}", shell(path));
    lines.push(match mode & 0o044 {
        0 => Line::ok("secret", subject, Words::new("readable, for its owner only", "所有者のみ読取可")),
        _ => Line::warning(
            "secret",
            subject,
            Words::new("others on this machine may read it", "他のユーザーも読み取れます"),
            Words::new(private.clone(), private),
        ),
    });
}

fn certificates(path: &Path, now: Timestamp, lines: &mut Vec<Line>) {
    let subject = || path.display().to_string();
    let pem = match fs::read(path) {
        Ok(pem) => pem,
        Err(error) => return lines.push(unreadable(path, &error)),
    };
    let found: Vec<_> = CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok).collect();
    let periods: Vec<_> = found.iter().filter_map(period).collect();
    if periods.is_empty() {
        return lines.push(Line::fault(
            "certificate",
            subject(),
            Words::new("holds no certificate in PEM", "PEM 形式の証明書がありません"),
            Words::new(
                "it begins with -----BEGIN CERTIFICATE-----; DER is turned by openssl x509 -inform der",
                "-----BEGIN CERTIFICATE----- で始まる形式にする（DER からは openssl x509 -inform der で変換）",
            ),
        ));
    }
    lines.extend(periods.into_iter().map(|(begins, ends)| of_period(subject(), begins, ends, now)));
}

fn of_period(subject: String, begins: Timestamp, ends: Timestamp, now: Timestamp) -> Line {
    let told = Words::new(format!("valid from {begins} to {ends}"), format!("有効期間 {begins} ～ {ends}"));
    let renew = Words::new(
        "ask the authority for a new one, and put it in its place",
        "認証局から新しい証明書を取得し、置き換える",
    );
    let clock = Words::new(
        "it is not in force yet: is this machine's clock right? date",
        "まだ有効期間前です。時計を確認する: date",
    );
    match ends.duration_since(now) {
        _ if now < begins => Line::fault("certificate", subject, told, clock),
        left if !left.is_positive() => Line::fault("certificate", subject, told, renew),
        left if left < SOON => Line::warning("certificate", subject, told, renew),
        _ => Line::ok("certificate", subject, told),
    }
}

/// When the first of a file's certificates ends; nothing where it holds none that can be read.
pub(in crate::ops) fn ends(path: &Path) -> Option<Timestamp> {
    let pem = fs::read(path).ok()?;
    let found = CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok);
    found.filter_map(|certificate| period(&certificate)).map(|(_, ends)| ends).min()
}

/// From when to when it is in force.
fn period(certificate: &CertificateDer<'_>) -> Option<(Timestamp, Timestamp)> {
    let (_, parsed) = parse_x509_certificate(certificate).ok()?;
    let validity = parsed.validity();
    let time = |seconds| Timestamp::from_second(seconds).ok();
    Some((time(validity.not_before.timestamp())?, time(validity.not_after.timestamp())?))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Line {
    Line::fault(
        "secret",
        path.display().to_string(),
        Words::new(format!("can't be read: {error}"), format!("読み取れません: {error}")),
        Words::new(
            format!("ls -l {0}; it must be there, and readable for the hub's user", shell(path)),
            format!("ls -l {0}（ハブの実行ユーザーが読める必要があります）", shell(path)),
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::doctor::State;

    #[test]
    fn a_certificate_is_told_before_it_ends() {
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        let now = time("2026-11-23T00:00:00Z");
        for (begins, ends, expected) in [
            ("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", State::Ok),
            ("2026-01-01T00:00:00Z", "2026-12-01T00:00:00Z", State::Warning),
            ("2026-01-01T00:00:00Z", "2026-11-22T23:59:59Z", State::Fault),
            ("2026-11-24T00:00:00Z", "2027-11-24T00:00:00Z", State::Fault),
        ] {
            let line = of_period(String::new(), time(begins), time(ends), now);
            assert_eq!(line.state, expected, "{begins} {ends}");
        }
    }
}
