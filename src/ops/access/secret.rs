//! Random secrets, their hashes, and passwords.

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Argon2, Params};

/// Least length of a password, in characters (NIST SP 800-63B-4 asks for 15 without a second factor, 8 with one).
pub const PASSWORD_LEAST: usize = 12;
/// Longest password: hashing must not take for ever.
const PASSWORD_MOST: usize = 1_000;
/// Letters of recovery codes: none that is taken for another.
const LETTERS: &[u8; 31] = b"abcdefghjkmnpqrstuvwxyz23456789";
/// Recovery codes of a user.
const RECOVERY_CODES: usize = 10;

/// 256 random bits, hexadecimal.
pub fn random() -> String {
    let bytes: [u8; 32] = rand::random();
    blake3::Hash::from_bytes(bytes).to_hex().to_string()
}

/// What is kept of a random secret: no slow hash is needed, it can't be guessed.
pub(super) fn hash(secret: &str) -> String {
    blake3::hash(secret.as_bytes()).to_hex().to_string()
}

/// Whether that is the secret behind a hash, in constant time.
pub(super) fn is(secret: &str, hash: &str) -> bool {
    // Comparing hashes of BLAKE3 takes the same time for all.
    blake3::Hash::from_hex(hash).is_ok_and(|hash| blake3::hash(secret.as_bytes()) == hash)
}

/// Whether two texts are the same, in a time that tells nothing of the place where they differ.
pub fn same(one: &str, other: &str) -> bool {
    blake3::hash(one.as_bytes()) == blake3::hash(other.as_bytes())
}

/// What is wrong with a password, in English and Japanese.
pub fn weakness(password: &str, name: &str) -> Option<(&'static str, &'static str)> {
    let (small, name) = (password.to_lowercase(), name.to_lowercase());
    let characters: std::collections::HashSet<_> = small.chars().collect();
    if password.chars().count() < PASSWORD_LEAST {
        Some(("A password has 12 characters or more.", "パスワードは 12 文字以上にしてください。"))
    } else if password.len() > PASSWORD_MOST {
        Some(("The password is too long.", "パスワードが長すぎます。"))
    } else if !name.is_empty() && small.contains(&name) || small.contains("musubi") {
        Some(("The password has the name in it.", "パスワードに名前が含まれています。"))
    } else if characters.len() < 5 {
        Some(("The password repeats itself.", "パスワードが同じ文字の繰り返しです。"))
    } else {
        None
    }
}

/// The argon2id hash of a password, in the PHC form. Takes a fraction of a second, and memory.
pub(super) fn hash_password(password: &str) -> Option<String> {
    let salt: [u8; 16] = rand::random();
    argon2().hash_password_with_salt(password.as_bytes(), &salt).ok().map(|hash| hash.to_string())
}

/// Whether that is the password. Where there is none, it takes as long to say so.
pub(super) fn is_password(password: &str, hash: Option<&str>) -> bool {
    let hash = hash.and_then(|hash| PasswordHash::new(hash).ok());
    match hash {
        Some(hash) => argon2().verify_password(password.as_bytes(), &hash).is_ok(),
        None => {
            let salt = [0; 16];
            let hashed: Result<PasswordHash, _> =
                argon2().hash_password_with_salt(password.as_bytes(), &salt);
            drop(hashed);
            false
        }
    }
}

/// OWASP's second choice: 19 MiB, 2 passes, one lane.
fn argon2() -> Argon2<'static> {
    Argon2::from(Params::default())
}

/// New recovery codes, and what is kept of them.
pub(super) fn recovery_codes() -> (Vec<String>, Vec<String>) {
    let code = || {
        let bytes: [u8; 12] = rand::random();
        let letters: String = bytes
            .iter()
            .map(|byte| char::from(LETTERS.get(usize::from(*byte) % LETTERS.len()).copied().unwrap_or(b'x')))
            .collect();
        let (one, rest) = letters.split_at(4);
        let (two, three) = rest.split_at(4);
        format!("{one}-{two}-{three}")
    };
    let codes: Vec<_> = (0..RECOVERY_CODES).map(|_| code()).collect();
    let kept = codes.iter().map(|code| hash(code)).collect();
    (codes, kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_by_its_hash_and_no_other_is() {
        let hash = hash_password("架空の長い合言葉です架空").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(is_password("架空の長い合言葉です架空", Some(&hash)));
        assert!(!is_password("架空の長い合言葉です架", Some(&hash)));
        assert!(!is_password("", None) && !is_password("x", Some("no hash")));
    }

    #[test]
    fn weak_passwords_are_told() {
        for weak in ["short", "xx-Yamada-xxx-1", "aaaaaaaaaaaaaaa", "musubi-secret-1"] {
            assert!(weakness(weak, "yamada").is_some(), "{weak}");
        }
        assert_eq!(weakness("correct horse battery", "yamada"), None);
    }

    #[test]
    fn recovery_codes_are_many_and_different() {
        let (codes, kept) = recovery_codes();
        assert_eq!(codes.len(), 10);
        assert!(codes.iter().zip(&kept).all(|(code, kept)| is(code, kept) && code.len() == 14));
        assert!(!is(&codes[0], &kept[1]));
    }
}
