//! The platform's callback: an envelope that is signed and encrypted, as ShareCRM's own sample code opens it.
//!
//! What object events hold has never been seen, so a callback only makes the next poll begin at once.

use aes::Aes256;
use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use cbc::Decryptor;
use cbc::cipher::{Array, BlockModeDecrypt, KeyIvInit};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use crate::connect::json::Json;
use crate::connect::signature::equal;

/// A callback is at most so old, or so far ahead.
const MOST_AWAY_MS: u64 = 500_000;
const BLOCK: usize = 16;
/// The padding fills up to a multiple of this.
const PADDED_TO: usize = 32;

/// The secrets of an app's callback.
pub struct Keys {
    token: String,
    key: [u8; 32],
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}

/// Why a callback is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is no envelope.
    #[error("the callback is no envelope with nonce, timeStamp, content and sig")]
    Envelope,
    /// Its time is too far away.
    #[error("the callback is too old, or from the future")]
    Time,
    /// Its signature is not that of the token.
    #[error("the callback's signature is wrong")]
    Signature,
    /// It cannot be decrypted.
    #[error("the callback cannot be decrypted with this EncodingAESKey")]
    Content,
}

impl Keys {
    /// The keys of an app: its token and its `EncodingAESKey` of 43 characters.
    #[must_use]
    pub fn new(token: &str, encoding_aes_key: &str) -> Option<Keys> {
        let key = base64().decode(encoding_aes_key).ok()?.try_into().ok()?;
        Some(Keys { token: token.to_owned(), key })
    }

    /// The message in an envelope.
    ///
    /// # Errors
    /// [`Refusal`] with what is wrong with the envelope.
    pub fn open(&self, envelope: &Json, now_ms: i64) -> Result<Json, Refusal> {
        let word = |pointer: &str| envelope.word(pointer).ok_or(Refusal::Envelope);
        let (nonce, time, content, signature) =
            (word("/nonce")?, word("/timeStamp")?, word("/content")?, word("/sig")?);
        let at: i64 = time.parse().map_err(|_| Refusal::Envelope)?;
        if now_ms.abs_diff(at) > MOST_AWAY_MS {
            return Err(Refusal::Time);
        }
        let mut parts = [time, nonce, content, self.token.as_str()];
        let as_given = hexadecimal_sha1(&parts.concat());
        parts.sort_unstable();
        let as_sorted = hexadecimal_sha1(&parts.concat());
        // The samples join the parts in this order, and it is the sorted one there; the code sorts.
        let is_ours = [as_given, as_sorted].iter().any(|own| equal(signature.as_bytes(), own.as_bytes()));
        if !is_ours {
            return Err(Refusal::Signature);
        }
        self.decrypt(content).and_then(|plain| Json::parse(&plain).ok()).ok_or(Refusal::Content)
    }

    /// What AES-256-CBC hides: 16 random bytes, the length of the message, the message, and the tenant.
    fn decrypt(&self, content: &str) -> Option<Vec<u8>> {
        let mut bytes = base64().decode(content).ok().filter(|bytes| bytes.len() % BLOCK == 0)?;
        let iv: [u8; BLOCK] = self.key.get(..BLOCK)?.try_into().ok()?;
        let mut decryptor = Decryptor::<Aes256>::new(&Array(self.key), &Array(iv));
        for block in bytes.as_chunks_mut::<BLOCK>().0 {
            let mut cipher = Array(*block);
            decryptor.decrypt_block(&mut cipher);
            *block = cipher.0;
        }
        let padding = usize::from(*bytes.last()?);
        if !(1..=PADDED_TO).contains(&padding) {
            return None;
        }
        bytes.truncate(bytes.len().checked_sub(padding)?);
        let (length, message) = bytes.get(BLOCK..)?.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        message.get(..length).map(<[u8]>::to_vec)
    }
}

fn base64() -> GeneralPurpose {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    // The key's last character has bits that belong to no byte.
    GeneralPurpose::new(&ALPHABET, config.with_decode_allow_trailing_bits(true))
}

fn hexadecimal_sha1(text: &str) -> String {
    let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An envelope whose signature and decryption the vendor's own Java code confirmed; its keys are invented.
    fn envelope(change: impl Fn(&str) -> String) -> Json {
        let text = r#"{"nonce":"4f9c2a","timeStamp":"1793674800000","content":"G03RMqTIQKMpMWSfCOnAQlLG0BoPELd96UURKAUTzx5IMsgvB0hxOnMi3dWxkoT1hiKLmVekFyg0TZhb77A+cESOOusHlms7PkId+DQn4WxC0FvrRhJckwExXWLKVld9JGWJ2un0bxutIzJKsrduhc6hJKYyboMGJScxXLx/Hn0=","sig":"450fdc40bb275be803298d6e9f4d286d333c8330"}"#;
        Json::parse(change(text).as_bytes()).unwrap()
    }

    #[test]
    fn the_vendors_envelope_is_opened() {
        let keys = Keys::new("test-token-not-real", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8").unwrap();
        let now = 1_793_674_900_000;
        let message = keys.open(&envelope(str::to_owned), now).unwrap();
        assert_eq!(message.word("/type"), Some("Message"));
        let refused = |change: &dyn Fn(&str) -> String, now| keys.open(&envelope(change), now).unwrap_err();
        assert_eq!(refused(&|text| text.replace("450f", "450e"), now), Refusal::Signature);
        assert_eq!(refused(&|text| text.replace("4f9c2a", "4f9c2b"), now), Refusal::Signature);
        assert_eq!(refused(&str::to_owned, now + 500_000), Refusal::Time);
        assert_eq!(refused(&|text| text.replace("\"sig\"", "\"sign\""), now), Refusal::Envelope);
        assert_eq!(
            Keys::new("other", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")
                .unwrap()
                .open(&envelope(str::to_owned), now),
            Err(Refusal::Signature)
        );
        assert!(Keys::new("t", "short").is_none());
    }
}
