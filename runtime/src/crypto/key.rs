//! Keys: read from and written as raw bytes, PKCS #8, SubjectPublicKeyInfo, JWK and PEM; signing and verifying with them.

use ring::rand::SystemRandom;
use ring::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaKeyPair, UnparsedPublicKey};
use ring::{agreement, hmac};
use serde_json::{Map, Value};

use super::Hash;
use super::der::{self, Reader};
use crate::secrets::encoding::{base64_url, from_base64};

/// A curve of ECDSA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// NIST P-256
    P256,
    /// NIST P-384
    P384,
}

impl Curve {
    /// By its name in WebCrypto.
    pub fn named(name: &str) -> Option<Curve> {
        match name {
            "P-256" => Some(Curve::P256),
            "P-384" => Some(Curve::P384),
            _ => None,
        }
    }

    /// Its name in WebCrypto.
    pub fn name(self) -> &'static str {
        match self {
            Curve::P256 => "P-256",
            Curve::P384 => "P-384",
        }
    }

    /// Of a coordinate, in bytes.
    fn length(self) -> usize {
        match self {
            Curve::P256 => 32,
            Curve::P384 => 48,
        }
    }

    fn object(self) -> &'static [u8] {
        match self {
            Curve::P256 => der::P256,
            Curve::P384 => der::P384,
        }
    }

    /// The hash that goes with it: the only one that this implementation signs with.
    fn hash(self) -> Hash {
        match self {
            Curve::P256 => Hash::Sha256,
            Curve::P384 => Hash::Sha384,
        }
    }

    fn signing(self) -> &'static signature::EcdsaSigningAlgorithm {
        match self {
            Curve::P256 => &signature::ECDSA_P256_SHA256_FIXED_SIGNING,
            Curve::P384 => &signature::ECDSA_P384_SHA384_FIXED_SIGNING,
        }
    }

    /// Whether these bytes are an uncompressed point of the curve.
    fn has_point(self, point: &[u8]) -> bool {
        let algorithm = match self {
            Curve::P256 => &agreement::ECDH_P256,
            Curve::P384 => &agreement::ECDH_P384,
        };
        let key = agreement::EphemeralPrivateKey::generate(algorithm, &SystemRandom::new());
        point.len() == 1 + 2 * self.length()
            && key.is_ok_and(|key| {
                agreement::agree_ephemeral(key, &agreement::UnparsedPublicKey::new(algorithm, point), |_| ()).is_ok()
            })
    }
}

/// Which kind of key is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC, and what keys are derived from
    Hmac,
    /// AES
    Aes,
    /// RSASSA-PKCS1-v1_5 and RSA-PSS
    Rsa,
    /// ECDSA on a curve
    Ec(Curve),
    /// Ed25519
    Ed25519,
}

/// How RSA makes a number of a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// RSASSA-PKCS1-v1_5
    Pkcs1,
    /// RSA-PSS, with a salt as long as the hash
    Pss,
}

/// A key. Its bytes are values of secrets.
pub enum Key {
    /// Of HMAC or AES, or what keys are derived from.
    Secret(Vec<u8>),
    /// With its numbers as in an RSAPrivateKey of PKCS #1.
    RsaPrivate(Box<RsaKeyPair>, Vec<u8>),
    /// RSAPublicKey of PKCS #1.
    RsaPublic(Vec<u8>),
    /// With its secret number.
    EcPrivate(Curve, Box<EcdsaKeyPair>, Vec<u8>),
    /// The uncompressed point.
    EcPublic(Curve, Vec<u8>),
    /// With its seed.
    EdPrivate(Box<Ed25519KeyPair>, Vec<u8>),
    /// The public key.
    EdPublic(Vec<u8>),
}

impl std::fmt::Debug for Key {
    /// Without anything secret.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(if self.is_private() { "private key" } else { "key" })
    }
}

/// Why a key cannot be read or used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// It is not what it should be.
    Data(&'static str),
    /// It is, but not built here.
    NotSupported(&'static str),
    /// What was asked for cannot be done.
    Operation(&'static str),
}

impl KeyError {
    /// The sentence.
    pub fn message(&self) -> &'static str {
        match self {
            KeyError::Data(message) | KeyError::NotSupported(message) | KeyError::Operation(message) => message,
        }
    }
}

type Result<T> = std::result::Result<T, KeyError>;

const NO_PKCS8: KeyError = KeyError::Data("the bytes are no PKCS #8 key of this algorithm");
const NO_SPKI: KeyError = KeyError::Data("the bytes are no SubjectPublicKeyInfo of this algorithm");

impl Key {
    /// Whether it signs with something that only its owner has, other than HMAC.
    pub fn is_private(&self) -> bool {
        matches!(self, Key::RsaPrivate(..) | Key::EcPrivate(..) | Key::EdPrivate(..))
    }

    /// Of raw bytes: of HMAC, or a public point.
    pub fn from_raw(algorithm: Algorithm, bytes: &[u8]) -> Result<Key> {
        match algorithm {
            Algorithm::Hmac => Ok(Key::Secret(bytes.to_vec())),
            Algorithm::Aes => match bytes.len() {
                16 | 32 => Ok(Key::Secret(bytes.to_vec())),
                24 => Err(KeyError::NotSupported("AES keys of 192 bits")),
                _ => Err(KeyError::Data("a key of AES has 128 or 256 bits")),
            },
            Algorithm::Rsa => Err(KeyError::NotSupported("RSA keys have no raw form")),
            Algorithm::Ec(curve) if curve.has_point(bytes) => Ok(Key::EcPublic(curve, bytes.to_vec())),
            Algorithm::Ec(_) => Err(KeyError::Data("the bytes are no uncompressed point of the curve")),
            Algorithm::Ed25519 if bytes.len() == 32 => Ok(Key::EdPublic(bytes.to_vec())),
            Algorithm::Ed25519 => Err(KeyError::Data("a public key of Ed25519 has 32 bytes")),
        }
    }

    /// A private key as PKCS #8 has it.
    pub fn from_pkcs8(algorithm: Algorithm, bytes: &[u8]) -> Result<Key> {
        let mut outer = Reader::new(bytes);
        let mut info = outer.sequence().filter(|_| outer.is_at_end()).ok_or(NO_PKCS8)?;
        info.unsigned().ok_or(NO_PKCS8)?;
        let mut identifier = info.sequence().ok_or(NO_PKCS8)?;
        let object = identifier.read(der::OBJECT).ok_or(NO_PKCS8)?;
        let inner = info.read(der::OCTET_STRING).ok_or(NO_PKCS8)?;
        match algorithm {
            Algorithm::Rsa if object == der::RSA => Key::from_pkcs1(inner),
            Algorithm::Ec(curve) if object == der::EC => {
                if identifier.read(der::OBJECT) != Some(curve.object()) {
                    return Err(NO_PKCS8);
                }
                Key::from_sec1(curve, inner)
            }
            Algorithm::Ed25519 if object == der::ED25519 => {
                let mut reader = Reader::new(inner);
                let seed = reader.read(der::OCTET_STRING).filter(|_| reader.is_at_end()).ok_or(NO_PKCS8)?;
                Key::from_seed(seed)
            }
            _ => Err(NO_PKCS8),
        }
    }

    /// RSAPrivateKey.
    fn from_pkcs1(bytes: &[u8]) -> Result<Key> {
        let mut outer = Reader::new(bytes);
        let is_whole = outer.sequence().is_some() && outer.is_at_end();
        let pair = RsaKeyPair::from_der(bytes).ok().filter(|_| is_whole);
        let pair = pair.ok_or(KeyError::Data("the bytes are no RSA key of 2048 to 4096 bits with two primes"))?;
        Ok(Key::RsaPrivate(Box::new(pair), bytes.to_vec()))
    }

    /// ECPrivateKey with its public point.
    fn from_sec1(curve: Curve, bytes: &[u8]) -> Result<Key> {
        let mut key = Reader::new(bytes).sequence().ok_or(NO_PKCS8)?;
        key.unsigned().ok_or(NO_PKCS8)?;
        let secret = key.read(der::OCTET_STRING).ok_or(NO_PKCS8)?;
        if key.is_at(der::CONTEXT_0) {
            let parameters = key.read(der::CONTEXT_0).and_then(|content| Reader::new(content).read(der::OBJECT));
            if parameters != Some(curve.object()) {
                return Err(NO_PKCS8);
            }
        }
        let public = key.read(der::CONTEXT_1).and_then(|content| Reader::new(content).read(der::BIT_STRING));
        let Some((0, point)) = public.and_then(<[u8]>::split_first).map(|(unused, point)| (*unused, point)) else {
            return Err(KeyError::NotSupported("a private key of ECDSA without its public point"));
        };
        Key::from_point(curve, secret, point)
    }

    fn from_point(curve: Curve, secret: &[u8], point: &[u8]) -> Result<Key> {
        let wrong = KeyError::Data("the private and the public part of the key do not belong together");
        let pair = EcdsaKeyPair::from_private_key_and_public_key(curve.signing(), secret, point, &SystemRandom::new());
        Ok(Key::EcPrivate(curve, Box::new(pair.map_err(|_| wrong)?), secret.to_vec()))
    }

    fn from_seed(seed: &[u8]) -> Result<Key> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed);
        let pair = pair.map_err(|_| KeyError::Data("a private key of Ed25519 has 32 bytes"))?;
        Ok(Key::EdPrivate(Box::new(pair), seed.to_vec()))
    }

    /// A public key as SubjectPublicKeyInfo has it.
    pub fn from_spki(algorithm: Algorithm, bytes: &[u8]) -> Result<Key> {
        let mut outer = Reader::new(bytes);
        let mut info = outer.sequence().filter(|_| outer.is_at_end()).ok_or(NO_SPKI)?;
        let mut identifier = info.sequence().ok_or(NO_SPKI)?;
        let object = identifier.read(der::OBJECT).ok_or(NO_SPKI)?;
        let content = info.read(der::BIT_STRING).and_then(<[u8]>::split_first);
        let Some((0, content)) = content.map(|(unused, content)| (*unused, content)) else { return Err(NO_SPKI) };
        match algorithm {
            Algorithm::Rsa if object == der::RSA => Key::from_public_pkcs1(content),
            Algorithm::Ec(curve) if object == der::EC => {
                if identifier.read(der::OBJECT) != Some(curve.object()) {
                    return Err(NO_SPKI);
                }
                Key::from_raw(algorithm, content)
            }
            Algorithm::Ed25519 if object == der::ED25519 && identifier.is_at_end() => Key::from_raw(algorithm, content),
            _ => Err(NO_SPKI),
        }
    }

    fn from_public_pkcs1(bytes: &[u8]) -> Result<Key> {
        let mut outer = Reader::new(bytes);
        let numbers = outer.sequence().and_then(|mut numbers| Some((numbers.unsigned()?, numbers.unsigned()?)));
        match numbers {
            Some((modulus, _)) if outer.is_at_end() && (64..=2048).contains(&modulus.len()) => {
                Ok(Key::RsaPublic(bytes.to_vec()))
            }
            _ => Err(NO_SPKI),
        }
    }

    /// A JSON Web Key: its numbers, not what it may be used for.
    pub fn from_jwk(algorithm: Algorithm, jwk: &Map<String, Value>) -> Result<Key> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        let missing = KeyError::Data("the JWK lacks a member, or one is no base64url");
        let bytes = |name: &str| {
            let text = text(name).filter(|text| !text.contains(['+', '/', '=']) && !text.contains(char::is_whitespace));
            text.and_then(|text| from_base64(text.as_bytes())).ok_or(missing.clone())
        };
        let wrong_type = KeyError::Data("`kty` or `crv` of the JWK is another one");
        match algorithm {
            Algorithm::Hmac | Algorithm::Aes if text("kty") == Some("oct") => Key::from_raw(algorithm, &bytes("k")?),
            Algorithm::Rsa if text("kty") == Some("RSA") => {
                let public = [der::unsigned(&bytes("n")?), der::unsigned(&bytes("e")?)];
                if !jwk.contains_key("d") {
                    return Key::from_public_pkcs1(&der::sequence(&public));
                }
                if jwk.contains_key("oth") {
                    return Err(KeyError::NotSupported("RSA keys with more than two primes"));
                }
                let mut numbers = vec![der::unsigned(&[0])];
                numbers.extend(public);
                for name in ["d", "p", "q", "dp", "dq", "qi"] {
                    numbers.push(der::unsigned(&bytes(name)?));
                }
                Key::from_pkcs1(&der::sequence(&numbers))
            }
            Algorithm::Ec(curve) if text("kty") == Some("EC") && text("crv") == Some(curve.name()) => {
                let (x, y) = (bytes("x")?, bytes("y")?);
                if x.len() != curve.length() || y.len() != curve.length() {
                    return Err(missing);
                }
                let point = [&[4][..], &x, &y].concat();
                if jwk.contains_key("d") {
                    Key::from_point(curve, &bytes("d")?, &point)
                } else {
                    Key::from_raw(algorithm, &point)
                }
            }
            Algorithm::Ed25519 if text("kty") == Some("OKP") && text("crv") == Some("Ed25519") => {
                let public = bytes("x")?;
                if !jwk.contains_key("d") {
                    return Key::from_raw(algorithm, &public);
                }
                match Key::from_seed(&bytes("d")?)? {
                    Key::EdPrivate(pair, _) if pair.public_key().as_ref() != public => {
                        Err(KeyError::Data("the private and the public part of the key do not belong together"))
                    }
                    key => Ok(key),
                }
            }
            _ => Err(wrong_type),
        }
    }

    /// A private key as PEM has it: `PRIVATE KEY`, `RSA PRIVATE KEY` or `EC PRIVATE KEY`. Line ends may be written as `\n`.
    pub fn from_pem(algorithm: Algorithm, text: &str) -> Result<Key> {
        let text = text.replace("\\n", "\n");
        let find = |label: &str| {
            let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
            let (content, _) = rest.split_once(&format!("-----END {label}-----"))?;
            from_base64(content.as_bytes())
        };
        if let Some(bytes) = find("PRIVATE KEY") {
            return Key::from_pkcs8(algorithm, &bytes);
        }
        if let Some(bytes) = find("RSA PRIVATE KEY").filter(|_| algorithm == Algorithm::Rsa) {
            return Key::from_pkcs1(&bytes);
        }
        if let (Some(bytes), Algorithm::Ec(curve)) = (find("EC PRIVATE KEY"), algorithm) {
            return Key::from_sec1(curve, &bytes);
        }
        if text.contains("ENCRYPTED") {
            return Err(KeyError::NotSupported("PEM keys that are encrypted themselves"));
        }
        Err(KeyError::Data("the text is no private key of this algorithm in PEM"))
    }

    /// A new private key; RSA cannot be made here.
    pub fn generate(algorithm: Algorithm) -> Result<Key> {
        let random = SystemRandom::new();
        let no_random = KeyError::NotSupported("the system has no random numbers");
        let document = match algorithm {
            Algorithm::Ec(curve) => EcdsaKeyPair::generate_pkcs8(curve.signing(), &random),
            Algorithm::Ed25519 => {
                let mut seed = [0; 32];
                ring::rand::SecureRandom::fill(&random, &mut seed).map_err(|_| no_random)?;
                return Key::from_seed(&seed);
            }
            Algorithm::Hmac | Algorithm::Aes | Algorithm::Rsa => {
                return Err(KeyError::NotSupported("making keys of this algorithm"));
            }
        };
        Key::from_pkcs8(algorithm, document.map_err(|_| no_random)?.as_ref())
    }

    /// The public part of a private key.
    pub fn public(&self) -> Option<Key> {
        match self {
            Key::RsaPrivate(pair, _) => Some(Key::RsaPublic(pair.public_key().as_ref().to_vec())),
            Key::EcPrivate(curve, pair, _) => Some(Key::EcPublic(*curve, pair.public_key().as_ref().to_vec())),
            Key::EdPrivate(pair, _) => Some(Key::EdPublic(pair.public_key().as_ref().to_vec())),
            Key::Secret(_) | Key::RsaPublic(_) | Key::EcPublic(..) | Key::EdPublic(_) => None,
        }
    }

    /// Its size in bits: of an HMAC key, or of the modulus of RSA.
    pub fn bits(&self) -> usize {
        match self {
            Key::Secret(bytes) => bytes.len() * 8,
            Key::RsaPrivate(..) | Key::RsaPublic(_) => self.modulus_and_exponent().map_or(0, |(modulus, _)| {
                modulus.len() * 8 - modulus.first().map_or(0, |byte| byte.leading_zeros() as usize)
            }),
            Key::EcPrivate(curve, ..) | Key::EcPublic(curve, _) => curve.length() * 8,
            Key::EdPrivate(..) | Key::EdPublic(_) => 256,
        }
    }

    /// Of RSA.
    pub fn modulus_and_exponent(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        let read = |bytes: &[u8], is_private: bool| {
            let mut numbers = Reader::new(bytes).sequence()?;
            if is_private {
                numbers.unsigned()?;
            }
            Some((numbers.unsigned()?.to_vec(), numbers.unsigned()?.to_vec()))
        };
        match self {
            Key::RsaPrivate(_, bytes) => read(bytes, true),
            Key::RsaPublic(bytes) => read(bytes, false),
            _ => None,
        }
    }

    /// As raw bytes; `None` for what has no raw form.
    pub fn to_raw(&self) -> Option<Vec<u8>> {
        match self {
            Key::Secret(bytes) | Key::EcPublic(_, bytes) | Key::EdPublic(bytes) => Some(bytes.clone()),
            _ => None,
        }
    }

    /// A private key as PKCS #8.
    pub fn to_pkcs8(&self) -> Option<Vec<u8>> {
        let (identifier, inner) = match self {
            Key::RsaPrivate(_, bytes) => (rsa_identifier(), bytes.clone()),
            Key::EcPrivate(curve, pair, secret) => {
                let public = der::write(der::CONTEXT_1, &der::bits(pair.public_key().as_ref()));
                let key = [der::unsigned(&[1]), der::write(der::OCTET_STRING, secret), public];
                (ec_identifier(*curve), der::sequence(&key))
            }
            Key::EdPrivate(_, seed) => {
                (der::sequence(&[der::write(der::OBJECT, der::ED25519)]), der::write(der::OCTET_STRING, seed))
            }
            _ => return None,
        };
        Some(der::sequence(&[der::unsigned(&[0]), identifier, der::write(der::OCTET_STRING, &inner)]))
    }

    /// A public key as SubjectPublicKeyInfo.
    pub fn to_spki(&self) -> Option<Vec<u8>> {
        let (identifier, content) = match self {
            Key::RsaPublic(bytes) => (rsa_identifier(), bytes),
            Key::EcPublic(curve, point) => (ec_identifier(*curve), point),
            Key::EdPublic(bytes) => (der::sequence(&[der::write(der::OBJECT, der::ED25519)]), bytes),
            _ => return None,
        };
        Some(der::sequence(&[identifier, der::bits(content)]))
    }

    /// The members of its JWK that are the key itself.
    pub fn to_jwk(&self) -> Vec<(&'static str, String)> {
        let point_members = |curve: Curve, point: &[u8]| {
            let (x, y) = point[1..].split_at(curve.length());
            vec![("kty", "EC".to_owned()), ("crv", curve.name().to_owned()), ("x", base64_url(x)), ("y", base64_url(y))]
        };
        let okp =
            |public: &[u8]| vec![("kty", "OKP".to_owned()), ("crv", "Ed25519".to_owned()), ("x", base64_url(public))];
        match self {
            Key::Secret(bytes) => vec![("kty", "oct".to_owned()), ("k", base64_url(bytes))],
            Key::RsaPublic(_) | Key::RsaPrivate(..) => {
                let mut members = vec![("kty", "RSA".to_owned())];
                let (bytes, names): (_, &[&'static str]) = match self {
                    Key::RsaPrivate(_, bytes) => (bytes, &["", "n", "e", "d", "p", "q", "dp", "dq", "qi"]),
                    Key::RsaPublic(bytes) => (bytes, &["n", "e"]),
                    _ => return members,
                };
                let Some(mut numbers) = Reader::new(bytes).sequence() else { return members };
                for name in names {
                    if let Some(number) = numbers.unsigned().filter(|_| !name.is_empty()) {
                        members.push((name, base64_url(number)));
                    }
                }
                members
            }
            Key::EcPublic(curve, point) => point_members(*curve, point),
            Key::EcPrivate(curve, pair, secret) => {
                let mut members = point_members(*curve, pair.public_key().as_ref());
                members.push(("d", base64_url(secret)));
                members
            }
            Key::EdPublic(public) => okp(public),
            Key::EdPrivate(pair, seed) => {
                let mut members = okp(pair.public_key().as_ref());
                members.push(("d", base64_url(seed)));
                members
            }
        }
    }

    /// A signature; of ECDSA as two numbers of fixed length. `padding` is that of RSA.
    pub fn sign(&self, hash: Hash, padding: Padding, bytes: &[u8]) -> Result<Vec<u8>> {
        let random = SystemRandom::new();
        let failed = KeyError::Data("the key does not sign");
        match self {
            Key::Secret(key) => Ok(super::hmac(hash, key, bytes)),
            Key::RsaPrivate(pair, _) => {
                let padding: &dyn signature::RsaEncoding = match (hash, padding) {
                    (Hash::Sha1, _) => return Err(KeyError::NotSupported("signing with RSA and SHA-1")),
                    (Hash::Sha256, Padding::Pkcs1) => &signature::RSA_PKCS1_SHA256,
                    (Hash::Sha384, Padding::Pkcs1) => &signature::RSA_PKCS1_SHA384,
                    (Hash::Sha512, Padding::Pkcs1) => &signature::RSA_PKCS1_SHA512,
                    (Hash::Sha256, Padding::Pss) => &signature::RSA_PSS_SHA256,
                    (Hash::Sha384, Padding::Pss) => &signature::RSA_PSS_SHA384,
                    (Hash::Sha512, Padding::Pss) => &signature::RSA_PSS_SHA512,
                };
                let mut result = vec![0; pair.public().modulus_len()];
                pair.sign(padding, &random, bytes, &mut result).map_err(|_| failed)?;
                Ok(result)
            }
            Key::EcPrivate(curve, pair, _) => {
                if hash != curve.hash() {
                    return Err(KeyError::NotSupported(
                        "ECDSA signs with SHA-256 on P-256 and with SHA-384 on P-384 only",
                    ));
                }
                Ok(pair.sign(&random, bytes).map_err(|_| failed)?.as_ref().to_vec())
            }
            Key::EdPrivate(pair, _) => Ok(pair.sign(bytes).as_ref().to_vec()),
            Key::RsaPublic(_) | Key::EcPublic(..) | Key::EdPublic(_) => Err(failed),
        }
    }

    /// Whether a signature is that of these bytes.
    pub fn verify(&self, hash: Hash, padding: Padding, signature: &[u8], bytes: &[u8]) -> Result<bool> {
        let algorithm: &dyn signature::VerificationAlgorithm = match (self, hash) {
            (Key::Secret(key), _) => {
                return Ok(hmac::verify(&hmac::Key::new(hash.hmac(), key), bytes, signature).is_ok());
            }
            (Key::RsaPublic(_), _) if padding == Padding::Pss => match hash {
                Hash::Sha1 => return Err(KeyError::NotSupported("verifying with RSA-PSS and SHA-1")),
                Hash::Sha256 => &signature::RSA_PSS_2048_8192_SHA256,
                Hash::Sha384 => &signature::RSA_PSS_2048_8192_SHA384,
                Hash::Sha512 => &signature::RSA_PSS_2048_8192_SHA512,
            },
            (Key::RsaPublic(_), Hash::Sha1) => &signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
            (Key::RsaPublic(_), Hash::Sha256) => &signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
            (Key::RsaPublic(_), Hash::Sha384) => &signature::RSA_PKCS1_2048_8192_SHA384,
            (Key::RsaPublic(_), Hash::Sha512) => &signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
            (Key::EcPublic(Curve::P256, _), Hash::Sha256) => &signature::ECDSA_P256_SHA256_FIXED,
            (Key::EcPublic(Curve::P384, _), Hash::Sha384) => &signature::ECDSA_P384_SHA384_FIXED,
            (Key::EcPublic(..), _) => {
                return Err(KeyError::NotSupported(
                    "ECDSA verifies with SHA-256 on P-256 and with SHA-384 on P-384 only",
                ));
            }
            (Key::EdPublic(_), _) => &signature::ED25519,
            _ => return Err(KeyError::Data("the key does not verify")),
        };
        let (Key::RsaPublic(key) | Key::EcPublic(_, key) | Key::EdPublic(key)) = self else { return Ok(false) };
        Ok(UnparsedPublicKey::new(algorithm, key).verify(bytes, signature).is_ok())
    }
}

fn rsa_identifier() -> Vec<u8> {
    der::sequence(&[der::write(der::OBJECT, der::RSA), der::write(der::NULL, &[])])
}

fn ec_identifier(curve: Curve) -> Vec<u8> {
    der::sequence(&[der::write(der::OBJECT, der::EC), der::write(der::OBJECT, curve.object())])
}
