//! Encryption by AES-GCM, and bytes that are derived from others by HKDF and PBKDF2.

use std::num::NonZeroU32;

use ring::{aead, hkdf, pbkdf2};

use super::Hash;
use super::key::{Key, KeyError};

/// Of the nonce of AES-GCM, in bytes: the only length that `ring` has.
pub const NONCE: usize = 12;
/// Of the tag of AES-GCM, in bytes.
pub const TAG: usize = 16;
/// PBKDF2 runs outside of JavaScript, whose time has a limit: no more iterations than these, over all blocks of the result.
pub const MAX_ITERATIONS: u64 = 10_000_000;

/// Bytes that PBKDF2 gives at once.
const MAX_DERIVED: usize = 1 << 20;

const NO_CIPHER: KeyError = KeyError::Data("the key does not encrypt");

fn sealing_key(key: &Key) -> Result<aead::LessSafeKey, KeyError> {
    let Key::Secret(bytes) = key else { return Err(NO_CIPHER) };
    let algorithm = match bytes.len() {
        16 => &aead::AES_128_GCM,
        32 => &aead::AES_256_GCM,
        _ => return Err(KeyError::NotSupported("AES keys of other lengths than 128 and 256 bits")),
    };
    Ok(aead::LessSafeKey::new(aead::UnboundKey::new(algorithm, bytes).map_err(|_| NO_CIPHER)?))
}

fn nonce_of(bytes: &[u8]) -> Result<aead::Nonce, KeyError> {
    aead::Nonce::try_assume_unique_for_key(bytes)
        .map_err(|_| KeyError::NotSupported("AES-GCM with an iv of another length than 12 bytes"))
}

/// The bytes as AES-GCM encrypts them, with the tag at their end.
///
/// # Errors
///
/// The nonce is not [`NONCE`] bytes long, or the key is none of AES.
pub fn encrypt(key: &Key, nonce: &[u8], additional: &[u8], bytes: &[u8]) -> Result<Vec<u8>, KeyError> {
    let mut result = Vec::with_capacity(bytes.len() + TAG);
    result.extend_from_slice(bytes);
    let sealed = sealing_key(key)?.seal_in_place_append_tag(nonce_of(nonce)?, aead::Aad::from(additional), &mut result);
    sealed.map_err(|_| KeyError::Operation("there is too much to encrypt at once"))?;
    Ok(result)
}

/// The bytes that [`encrypt`] was given.
///
/// # Errors
///
/// They are not those that were encrypted with this key, nonce and additional data.
pub fn decrypt(key: &Key, nonce: &[u8], additional: &[u8], bytes: &[u8]) -> Result<Vec<u8>, KeyError> {
    let mut result = bytes.to_vec();
    let opened = sealing_key(key)?.open_in_place(nonce_of(nonce)?, aead::Aad::from(additional), &mut result);
    let length =
        opened.map_err(|_| KeyError::Operation("the data, the key or the iv is not the one of the encryption"))?.len();
    result.truncate(length);
    Ok(result)
}

const TOO_LONG: KeyError = KeyError::Operation("HKDF gives at most 255 times the length of its hash");

/// So many bytes.
struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// `length` bytes by HKDF.
///
/// # Errors
///
/// HKDF gives at most 255 times the bytes of its hash.
pub fn hkdf(hash: Hash, key: &[u8], salt: &[u8], info: &[u8], length: usize) -> Result<Vec<u8>, KeyError> {
    let algorithm = match hash {
        Hash::Sha1 => hkdf::HKDF_SHA1_FOR_LEGACY_USE_ONLY,
        Hash::Sha256 => hkdf::HKDF_SHA256,
        Hash::Sha384 => hkdf::HKDF_SHA384,
        Hash::Sha512 => hkdf::HKDF_SHA512,
    };
    // Before anything is allocated for it.
    if length > 255 * hash.length() {
        return Err(TOO_LONG);
    }
    let mut result = vec![0; length];
    let extracted = hkdf::Salt::new(algorithm, salt).extract(key);
    let info = [info];
    let expanded = extracted.expand(&info, Length(length)).and_then(|bytes| bytes.fill(&mut result));
    expanded.map_err(|_| TOO_LONG)?;
    Ok(result)
}

/// `length` bytes by PBKDF2.
///
/// # Errors
///
/// There are no iterations, or more than [`MAX_ITERATIONS`] over all blocks.
pub fn pbkdf2(hash: Hash, key: &[u8], salt: &[u8], iterations: u32, length: usize) -> Result<Vec<u8>, KeyError> {
    let algorithm = match hash {
        Hash::Sha1 => pbkdf2::PBKDF2_HMAC_SHA1,
        Hash::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
        Hash::Sha384 => pbkdf2::PBKDF2_HMAC_SHA384,
        Hash::Sha512 => pbkdf2::PBKDF2_HMAC_SHA512,
    };
    let Some(iterations) = NonZeroU32::new(iterations) else {
        return Err(KeyError::Operation("PBKDF2 needs at least one iteration"));
    };
    let blocks = length.div_ceil(hash.length()) as u64;
    if length > MAX_DERIVED || blocks * u64::from(iterations.get()) > MAX_ITERATIONS {
        return Err(KeyError::Operation(
            "PBKDF2 is limited to 10,000,000 iterations over all blocks of its result, and to 1 MB",
        ));
    }
    let mut result = vec![0; length];
    if length > 0 {
        pbkdf2::derive(algorithm, iterations, salt, key, &mut result);
    }
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("digits")).collect()
    }

    #[test]
    fn the_examples_of_the_standards() {
        // NIST, test case 4 of GCM.
        let key = Key::Secret(bytes("feffe9928665731c6d6a8f9467308308"));
        let nonce = bytes("cafebabefacedbaddecaf888");
        let additional = bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let plain = bytes(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
        );
        let sealed = bytes(
            "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47",
        );
        assert_eq!(encrypt(&key, &nonce, &additional, &plain), Ok(sealed.clone()));
        assert_eq!(decrypt(&key, &nonce, &additional, &sealed), Ok(plain));
        assert!(matches!(decrypt(&key, &nonce, b"", &sealed), Err(KeyError::Operation(_))));
        assert!(matches!(encrypt(&key, b"short", b"", b""), Err(KeyError::NotSupported(_))));
        // RFC 5869, case 1; RFC 6070, case 2.
        let derived =
            hkdf(Hash::Sha256, &[0x0b; 22], &bytes("000102030405060708090a0b0c"), &bytes("f0f1f2f3f4f5f6f7f8f9"), 42);
        let expected = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865";
        assert_eq!(derived, Ok(bytes(expected)));
        assert!(hkdf(Hash::Sha256, b"k", b"", b"", 255 * 32 + 1).is_err());
        let derived = pbkdf2(Hash::Sha1, b"password", b"salt", 2, 20);
        assert_eq!(derived, Ok(bytes("ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957")));
    }

    #[test]
    fn nothing_is_derived_for_ever() {
        assert!(pbkdf2(Hash::Sha256, b"k", b"s", u32::MAX, 32).is_err());
        assert!(pbkdf2(Hash::Sha256, b"k", b"s", 1_000_000, 32 * 11).is_err());
        assert!(pbkdf2(Hash::Sha256, b"k", b"s", 0, 32).is_err());
        assert!(pbkdf2(Hash::Sha256, b"k", b"s", 1, usize::MAX).is_err());
        assert!(hkdf(Hash::Sha256, b"k", b"", b"", usize::MAX).is_err());
    }
}
