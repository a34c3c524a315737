//! Who sent a request: shared secrets and signatures, compared in constant time.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;

/// How a signature is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Hexadecimal digits.
    Hex,
    /// Base64.
    Base64,
}

/// Whether two secrets are the same. The time that it takes does not depend on where they differ.
#[must_use]
pub fn equal(given: &[u8], secret: &[u8]) -> bool {
    // An HMAC of both under a key of this comparison makes their lengths and bytes equally unpredictable.
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    hmac::verify(&key, given, hmac::sign(&key, secret).as_ref()).is_ok()
}

/// Whether a signature is that of a message: HMAC-SHA256 with this secret.
#[must_use]
pub fn is_signed(message: &[u8], signature: &str, secret: &[u8], encoding: Encoding) -> bool {
    let signature = signature.trim();
    let signature = signature.strip_prefix("sha256=").unwrap_or(signature);
    let bytes = match encoding {
        Encoding::Base64 => STANDARD.decode(signature).ok(),
        Encoding::Hex => from_hex(signature),
    };
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    bytes.is_some_and(|bytes| hmac::verify(&key, message, &bytes).is_ok())
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> =
        text.chars().map(|char| char.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_compared_whole() {
        assert!(equal(b"secret", b"secret"));
        for other in ["", "secre", "secret ", "Secret"] {
            assert!(!equal(other.as_bytes(), b"secret"), "{other}");
        }
    }

    #[test]
    fn signatures_of_both_encodings() {
        let hex = "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8";
        let message = b"The quick brown fox jumps over the lazy dog";
        assert!(is_signed(message, hex, b"key", Encoding::Hex));
        assert!(is_signed(message, &format!("sha256={}", hex.to_uppercase()), b"key", Encoding::Hex));
        assert!(is_signed(message, "97yD9DBThCSxMpjmqm+xQ+9NWaFJRhdZl0edvC0aPNg=", b"key", Encoding::Base64));
        assert!(!is_signed(message, &hex.replace('f', "e"), b"key", Encoding::Hex));
        assert!(!is_signed(message, "zz", b"key", Encoding::Hex));
        assert!(!is_signed(message, "é", b"key", Encoding::Hex));
    }
}
