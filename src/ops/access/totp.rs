//! The second factor: codes that change every 30 seconds (RFC 6238: SHA-1, six digits, as all apps have it).

use qrcode::QrCode;
use qrcode::render::svg;
use totp_rs::{Builder, Secret, Totp};

/// A code of one step before and one after is taken too: clocks differ.
const SKEW: u16 = 1;

/// A new secret, base32: 160 random bits (RFC 4226 section 4).
pub fn secret() -> String {
    let bytes: [u8; 20] = rand::random();
    Secret::from(bytes).to_base32()
}

/// Whether that is a secret.
pub fn is_secret(secret: &str) -> bool {
    Secret::try_from_base32(secret).is_ok_and(|secret| secret.as_bytes().len() == 20)
}

/// The step whose code that is, if it is one of now.
pub(super) fn step(secret: &str, code: &str, seconds: u64) -> Option<u64> {
    totp(secret, "", "")?.check(code.trim(), seconds)
}

/// The code of a moment, in seconds since 1970.
pub fn code(secret: &str, seconds: u64) -> Option<String> {
    Some(totp(secret, "", "")?.generate(seconds).to_string())
}

/// What an app reads: `otpauth://totp/…`. Nothing where the names are of no use in it.
pub fn url(secret: &str, name: &str, network: &str) -> Option<String> {
    totp(secret, name, network)?.to_url().ok()
}

/// A text as a QR code: the shapes of an SVG, in modules, and its width.
pub fn qr(text: &str) -> Option<String> {
    let code = QrCode::new(text).ok()?;
    let image = code.render::<svg::Color<'_>>().min_dimensions(240, 240).quiet_zone(true).build();
    Some(image.split_once("?>").map_or(image.clone(), |(_, svg)| svg.to_owned()))
}

fn totp(secret: &str, name: &str, network: &str) -> Option<Totp> {
    let secret = Secret::try_from_base32(secret).ok()?;
    let builder = Builder::new().with_secret(secret).with_skew(SKEW).with_account_name(name);
    let builder = builder.with_issuer((!network.is_empty()).then(|| format!("musubi {network}")));
    builder.build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, of which the last six digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = Secret::from(*b"12345678901234567890").to_base32();
        for (seconds, expected) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            assert_eq!(code(&secret, seconds).unwrap(), expected);
            assert_eq!(step(&secret, expected, seconds + 30), Some(seconds / 30));
            assert_eq!(step(&secret, expected, seconds + 90), None);
        }
        assert!(is_secret(&super::secret()) && !is_secret("AAAA"));
        let url = url(&secret, "yamada", "shimane").unwrap();
        assert!(url.starts_with("otpauth://totp/") && url.contains("yamada"), "{url}");
        assert!(qr(&url).unwrap().contains("<svg"));
    }
}
