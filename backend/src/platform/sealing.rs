//! XChaCha20-Poly1305 under a random nonce.

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};

use super::{clock::random, secrets::Key};

/// A sealed value, and what it was sealed with beside the key.
#[derive(Clone)]
pub struct Sealed {
    pub nonce: Vec<u8>,
    pub bytes: Vec<u8>,
}

/// `about` is authenticated with it, so that a sealed value can't be moved to another row.
pub fn seal(key: &Key, about: &[u8], secret: &[u8]) -> Option<Sealed> {
    let nonce: [u8; 24] = random();
    let cipher = XChaCha20Poly1305::new(&(*key.as_bytes()).into());
    let payload = Payload {
        msg: secret,
        aad: about,
    };
    let bytes = cipher.encrypt(&XNonce::from(nonce), payload).ok()?;
    Some(Sealed {
        nonce: nonce.to_vec(),
        bytes,
    })
}

/// `None` for another key, another `about`, or changed bytes.
pub fn open(key: &Key, about: &[u8], sealed: &Sealed) -> Option<Vec<u8>> {
    let nonce: [u8; 24] = sealed.nonce.as_slice().try_into().ok()?;
    let cipher = XChaCha20Poly1305::new(&(*key.as_bytes()).into());
    let payload = Payload {
        msg: &sealed.bytes,
        aad: about,
    };
    cipher.decrypt(&XNonce::from(nonce), payload).ok()
}
