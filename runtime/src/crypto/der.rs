//! The little of ASN.1 DER that keys are written in.

/// Tags.
pub const INTEGER: u8 = 0x02;
/// Bits, as of a public key.
pub const BIT_STRING: u8 = 0x03;
/// Bytes.
pub const OCTET_STRING: u8 = 0x04;
/// Nothing.
pub const NULL: u8 = 0x05;
/// The name of an algorithm.
pub const OBJECT: u8 = 0x06;
/// Several values.
pub const SEQUENCE: u8 = 0x30;
/// `[0]`, explicit.
pub const CONTEXT_0: u8 = 0xa0;
/// `[1]`, explicit.
pub const CONTEXT_1: u8 = 0xa1;

/// rsaEncryption
pub const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// id-ecPublicKey
pub const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// prime256v1
pub const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// secp384r1
pub const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
/// id-Ed25519
pub const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// Reads values one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Of these bytes.
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { rest: bytes }
    }

    /// The content of the next value, which has this tag.
    pub fn read(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (&found, rest) = self.rest.split_first()?;
        if found != tag {
            return None;
        }
        let (&first, mut rest) = rest.split_first()?;
        let length = if first < 0x80 {
            usize::from(first)
        } else {
            let count = usize::from(first & 0x7f);
            if count == 0 || count > 4 {
                return None;
            }
            let (digits, behind) = rest.split_at_checked(count)?;
            rest = behind;
            digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit))
        };
        let (content, behind) = rest.split_at_checked(length)?;
        self.rest = behind;
        Some(content)
    }

    /// The values in the next sequence.
    pub fn sequence(&mut self) -> Option<Reader<'a>> {
        self.read(SEQUENCE).map(Reader::new)
    }

    /// The next number, which is not negative, without leading zeros.
    pub fn unsigned(&mut self) -> Option<&'a [u8]> {
        let content = self.read(INTEGER)?;
        if content.first().is_none_or(|first| *first >= 0x80) {
            return None;
        }
        let zeros = content.iter().take_while(|byte| **byte == 0).count();
        Some(&content[zeros.min(content.len() - 1)..])
    }

    /// Whether nothing is left.
    pub fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// Whether the next value has this tag.
    pub fn is_at(&self, tag: u8) -> bool {
        self.rest.first() == Some(&tag)
    }
}

/// A value with this tag.
pub fn write(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    let length = content.len();
    if length < 0x80 {
        bytes.push(length as u8);
    } else {
        let digits: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
        bytes.push(0x80 | digits.len() as u8);
        bytes.extend(digits);
    }
    bytes.extend_from_slice(content);
    bytes
}

/// A sequence of these values.
pub fn sequence(values: &[Vec<u8>]) -> Vec<u8> {
    write(SEQUENCE, &values.concat())
}

/// A number that is not negative.
pub fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let digits = &bytes[zeros..];
    let mut content = Vec::with_capacity(digits.len() + 1);
    if digits.first().is_none_or(|first| *first >= 0x80) {
        content.push(0);
    }
    content.extend_from_slice(digits);
    write(INTEGER, &content)
}

/// Bits, all of the last byte used.
pub fn bits(bytes: &[u8]) -> Vec<u8> {
    write(BIT_STRING, &[&[0], bytes].concat())
}
