"""Locks texts and pictures that only some may read, so that they can lie where everyone can fetch them.

Nothing here is cryptography of our own: HKDF-SHA256 (RFC 5869) derives, AES-256-GCM (NIST SP 800-38D) locks, both
from ``cryptography``; a browser opens the result with WebCrypto. Pure: the same arguments give the same bytes.

What is derived, from the house's secret and the present generation, for each thing that is sealed: a key, a second
key for its nonces, and its address. Bytes must be stable, so that an unchanged text gives an unchanged file, and a
nonce must never serve two texts under one key. So the nonce is made of the text: the first 96 bits of its
HMAC-SHA256 under the second key. The same text gets the same nonce and the same bytes, which tells an onlooker only
that nothing changed; two texts meet in one nonce with a chance of 2⁻⁹⁶. An edit keeps key and address: links in
letters go on working until the generation changes.

Everything is written in base32: letters and digits only, so that no mail program cuts a link at a sign, and no
search for somebody's name finds one by chance between two of them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass, field

BLOCK = 4096
"""Bytes: what is sealed is filled up to a multiple of this, so that its length says little."""

_USE = b"kith sealed 1"
"""Goes into every derivation; another number would change every key and address."""

_NONCE = 12
_COUNT = 4
_SHAPE = {"key": 32, "nonces": 32, "address": 17}


@dataclass(frozen=True, slots=True)
class Seal:
    """What locks one thing, and where it lies: ``address`` is unguessable (26 letters and digits, 130 bits)."""

    address: str
    key: bytes = field(repr=False)
    nonces: bytes = field(repr=False)

    @property
    def spoken(self) -> str:
        """The key as it stands in a link, behind the ``#``: 52 letters and digits."""
        return base32(self.key)


class Seals:
    """Derives the seals of one house and generation; its text never shows the secret."""

    def __init__(self, secret: bytes, generation: bytes) -> None:
        self._secret, self._generation = secret, generation

    def __repr__(self) -> str:
        return "Seals(…)"

    def seal(self, *what: str) -> Seal:
        """The seal of one thing; other words, another secret or generation give one that has nothing to do with it."""
        drawn = self._draw(b"".join(len(part).to_bytes(4) + part for part in (one.encode() for one in what)))
        key, nonces = drawn[:32], drawn[32:64]
        return Seal(base32(drawn[64:])[:26], key, nonces)

    def _draw(self, info: bytes) -> bytes:
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        length = sum(_SHAPE.values())
        return HKDF(algorithm=SHA256(), length=length, salt=self._generation, info=_USE + info).derive(self._secret)


def base32(data: bytes) -> str:
    """Lower-case base32 (RFC 4648) without its padding."""
    return base64.b32encode(data).decode("ascii").lower().rstrip("=")


def checksum(data: bytes) -> str:
    """The SHA-256 of what was sealed, by which a browser tells a damaged file from a wrong key."""
    return base32(hashlib.sha256(data).digest())


def encrypt(seal: Seal, plain: bytes) -> bytes:
    """``plain`` locked for the seal's address: nonce, then ciphertext with its tag."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    full = _filled(plain)
    nonce = hmac.new(seal.nonces, full, hashlib.sha256).digest()[:_NONCE]
    return nonce + AESGCM(seal.key).encrypt(nonce, full, _bound(seal.address))


def decrypt(address: str, key: bytes, data: bytes) -> bytes | None:
    """What `encrypt` locked; None when key, address or a byte of it is another."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        full = AESGCM(key).decrypt(data[:_NONCE], data[_NONCE:], _bound(address))
    except (InvalidTag, ValueError):
        return None
    return full[_COUNT : _COUNT + int.from_bytes(full[:_COUNT])]


def _filled(plain: bytes) -> bytes:
    """The length, the bytes, and zeros up to a whole number of blocks."""
    whole = len(plain).to_bytes(_COUNT) + plain
    return whole + bytes(-len(whole) % BLOCK)


def _bound(address: str) -> bytes:
    """What is authenticated beside the text: a file that was moved to another address does not open there."""
    return _USE + b" " + address.encode()
