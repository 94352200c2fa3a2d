//! A program as one sequence of bytes: what `build` puts into an executable.
//!
//! ```text
//! 0   magic "MOLTLER\0"
//! 8   ABI version, u32 little endian
//! 12  length of the manifest, u32
//! 16  offset of the code from the start of the image, u64, a multiple of PAGE
//! 24  length of the code, u64
//! 32  SHA-256 of the whole image with these 32 bytes zero
//! 64  name of the code's target, NUL-padded to 32 bytes
//! 96  name of the JavaScript engine's version, NUL-padded to 32 bytes
//! 128 manifest, postcard
//! …   zeros up to the code
//! ```

use sha2::{Digest, Sha256};

use crate::ABI_VERSION;
use crate::manifest::Manifest;

/// The first bytes of an image.
pub const MAGIC: &[u8; 8] = b"MOLTLER\0";
/// The name of the section that holds an image.
pub const SECTION_NAME: &str = ".moltler";
/// The code's offset is a multiple of it, so that it can be mapped from a file whose section is aligned the same way.
pub const PAGE: usize = 4096;

const HEADER: usize = 128;
const DIGEST: std::ops::Range<usize> = 32..64;

/// A program.
#[derive(Clone, Debug, Default)]
pub struct Image {
    /// All but the code.
    pub manifest: Manifest,
    /// Position-independent machine code; functions lie in it as the manifest says.
    pub code: Vec<u8>,
    /// What the code is for: `x86_64-linux`.
    pub target: String,
    /// The engine that the handlers' bytecode is for.
    pub engine: String,
}

/// Why bytes are not an image that this runtime can run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageError {
    /// They do not start with [`MAGIC`], or end too soon.
    NotAnImage,
    /// Made for another [`ABI_VERSION`].
    Version(u32),
    /// Changed since it was written.
    Digest,
    /// The manifest does not decode.
    Manifest(String),
    /// Made for another processor or system.
    Target(String),
    /// Made for another version of the JavaScript engine.
    Engine(String),
}

impl std::fmt::Display for ImageError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ImageError::NotAnImage => formatter.write_str("this is not a Moltler program"),
            ImageError::Version(version) => {
                write!(
                    formatter,
                    "the program was built for version {version} of the runtime, this is version {ABI_VERSION}"
                )
            }
            ImageError::Digest => formatter.write_str("the program is damaged: its digest does not match"),
            ImageError::Manifest(reason) => write!(formatter, "the program is damaged: {reason}"),
            ImageError::Target(target) => write!(formatter, "the program was built for {target}"),
            ImageError::Engine(engine) => write!(formatter, "the program's handlers were compiled for {engine}"),
        }
    }
}

impl std::error::Error for ImageError {}

/// The target that code generated and run by this process is for, such as `x86_64-linux`.
pub fn host_target() -> String {
    format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS)
}

impl Image {
    /// The image as bytes. The same image gives the same bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let manifest =
            postcard::to_stdvec(&self.manifest).expect("Invariant: a manifest has no value that postcard refuses");
        let code_offset = (HEADER + manifest.len()).next_multiple_of(PAGE);
        let mut bytes = vec![0; HEADER];
        bytes[0..8].copy_from_slice(MAGIC);
        bytes[8..12].copy_from_slice(&ABI_VERSION.to_le_bytes());
        bytes[12..16].copy_from_slice(&(manifest.len() as u32).to_le_bytes());
        bytes[16..24].copy_from_slice(&(code_offset as u64).to_le_bytes());
        bytes[24..32].copy_from_slice(&(self.code.len() as u64).to_le_bytes());
        write_name(&mut bytes[64..96], &self.target);
        write_name(&mut bytes[96..128], &self.engine);
        bytes.extend_from_slice(&manifest);
        bytes.resize(code_offset, 0);
        bytes.extend_from_slice(&self.code);
        let digest = Sha256::digest(&bytes);
        bytes[DIGEST].copy_from_slice(&digest);
        bytes
    }

    /// Reads an image and checks version and digest; target and engine are the caller's to compare.
    pub fn from_bytes(bytes: &[u8]) -> Result<Image, ImageError> {
        let layout = ImageLayout::read(bytes)?;
        let mut digest = Sha256::new();
        digest.update(&bytes[..DIGEST.start]);
        digest.update([0; 32]);
        digest.update(&bytes[DIGEST.end..layout.end]);
        if digest.finalize().as_slice() != &bytes[DIGEST] {
            return Err(ImageError::Digest);
        }
        let manifest = postcard::from_bytes(&bytes[layout.manifest.clone()])
            .map_err(|error| ImageError::Manifest(error.to_string()))?;
        Ok(Image {
            manifest,
            code: bytes[layout.code.clone()].to_vec(),
            target: read_name(&bytes[64..96]),
            engine: read_name(&bytes[96..128]),
        })
    }
}

/// Where the parts of an image lie, from its header alone.
#[derive(Clone, Debug)]
pub struct ImageLayout {
    /// The manifest.
    pub manifest: std::ops::Range<usize>,
    /// The code.
    pub code: std::ops::Range<usize>,
    /// Behind the last byte.
    pub end: usize,
}

impl ImageLayout {
    /// Reads the header; checks magic, version and that all parts lie inside `bytes`.
    pub fn read(bytes: &[u8]) -> Result<ImageLayout, ImageError> {
        if bytes.len() < HEADER || &bytes[0..8] != MAGIC {
            return Err(ImageError::NotAnImage);
        }
        let number = |range: std::ops::Range<usize>| {
            bytes[range].iter().rev().fold(0u64, |number, byte| number << 8 | u64::from(*byte))
        };
        let version = number(8..12) as u32;
        if version != ABI_VERSION {
            return Err(ImageError::Version(version));
        }
        let manifest_end = HEADER.checked_add(number(12..16) as usize).ok_or(ImageError::NotAnImage)?;
        let code_start = number(16..24) as usize;
        let end = code_start.checked_add(number(24..32) as usize).ok_or(ImageError::NotAnImage)?;
        if manifest_end > code_start || !code_start.is_multiple_of(PAGE) || end > bytes.len() {
            return Err(ImageError::NotAnImage);
        }
        Ok(ImageLayout { manifest: HEADER..manifest_end, code: code_start..end, end })
    }
}

fn write_name(field: &mut [u8], name: &str) {
    let length = name.len().min(field.len());
    field[..length].copy_from_slice(&name.as_bytes()[..length]);
}

fn read_name(field: &[u8]) -> String {
    let length = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    String::from_utf8_lossy(&field[..length]).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image() -> Image {
        let mut manifest = Manifest::default();
        manifest.messages.push("hello".to_owned());
        Image { manifest, code: vec![1, 2, 3], target: host_target(), engine: "quickjs".to_owned() }
    }

    #[test]
    fn bytes_give_the_image_back() {
        let back = Image::from_bytes(&image().to_bytes()).expect("a fresh image is valid");
        assert_eq!(back.manifest.messages, ["hello"]);
        assert_eq!((back.code, back.target, back.engine), (vec![1, 2, 3], host_target(), "quickjs".to_owned()));
    }

    #[test]
    fn the_same_image_gives_the_same_bytes() {
        assert_eq!(image().to_bytes(), image().to_bytes());
    }

    #[test]
    fn a_changed_byte_is_refused() {
        let mut bytes = image().to_bytes();
        *bytes.last_mut().expect("an image is not empty") ^= 1;
        assert_eq!(Image::from_bytes(&bytes).err(), Some(ImageError::Digest));
    }

    #[test]
    fn a_foreign_version_is_refused() {
        let mut bytes = image().to_bytes();
        bytes[8] = 99;
        assert_eq!(Image::from_bytes(&bytes).err(), Some(ImageError::Version(99)));
    }

    #[test]
    fn every_shortened_image_is_refused() {
        let bytes = image().to_bytes();
        for length in 0..bytes.len() {
            assert!(Image::from_bytes(&bytes[..length]).is_err(), "{length} bytes");
        }
    }
}
