"""Files that only the holder of a key can read, each bound to its name (AES-256-GCM, NIST SP 800-38D)."""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MARK = b"PVSEAL1\n"
KEY_BYTES = 32
NONCE_BYTES = 12


class SealError(ValueError):
    """The bytes cannot be opened: another key, another name, or altered."""


def seal(plain: bytes, *, key: bytes, name: str) -> bytes:
    """Encrypt under a fresh random nonce; `name` is authenticated with the content, so files cannot be exchanged.

    ValueError unless the key has 32 bytes. Two seals of the same content differ.
    """
    nonce = secrets.token_bytes(NONCE_BYTES)
    return MARK + nonce + _cipher(key).encrypt(nonce, plain, MARK + name.encode())


def unseal(sealed: bytes, *, key: bytes, name: str) -> bytes:
    """What was sealed under this key and name; SealError when key, name or a single byte differs."""
    body = sealed[len(MARK) + NONCE_BYTES :]
    if not sealed.startswith(MARK) or len(body) < 16:
        raise SealError(f"{name} is not a sealed file.")
    try:
        return _cipher(key).decrypt(sealed[len(MARK) : len(MARK) + NONCE_BYTES], body, MARK + name.encode())
    except InvalidTag:
        raise SealError(
            f"{name} cannot be opened: it was altered, renamed, or sealed with another key."
        ) from None


def _cipher(key: bytes) -> AESGCM:
    if len(key) != KEY_BYTES:
        raise ValueError(f"A sealing key has {KEY_BYTES} bytes, this one has {len(key)}.")
    return AESGCM(key)
