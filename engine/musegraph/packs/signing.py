"""Signatures of wheels in the form of minisign, made and verified without any network.

A public key is 32 bytes of Ed25519 with an id of eight; a signature is over the BLAKE2b digest of
the file, and a second one over that and the trusted comment. Files made here are verified by
``minisign`` and those of ``minisign`` here.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from musegraph.errors import PackError
from musegraph.whole import write_new, write_whole

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SUFFIX = ".minisig"
_PLAIN, _HASHED, _SCRYPT, _BLAKE2B = b"Ed", b"ED", b"Sc", b"B2"
_NOT_KEPT = b"\0\0"
_MOST = 64 << 10


@dataclass(frozen=True)
class Signer:
    """A public key."""

    id: bytes
    key: bytes

    def __str__(self) -> str:
        return base64.b64encode(_PLAIN + self.id + self.key).decode()

    @property
    def short(self) -> str:
        """The id of the key, as minisign says it."""
        return f"{int.from_bytes(self.id, 'little'):016X}"


@dataclass(frozen=True)
class Secret:
    """A secret key, with its public one."""

    signer: Signer
    seed: bytes

    def sign(self, data: bytes) -> bytes:
        return self._private().sign(data)

    def _private(self) -> Ed25519PrivateKey:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(self.seed)


# -- keys ---------------------------------------------------------------------------------------


def make_key(place: Path) -> Signer:
    """Write a new secret key, which only its owner can read, and its public one beside it."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.generate()
    key, id = private.public_key().public_bytes_raw(), secrets.token_bytes(8)
    signer = Signer(id, key)
    pair = private.private_bytes_raw() + key
    check = hashlib.blake2b(_PLAIN + id + pair, digest_size=32).digest()
    packed = _PLAIN + _NOT_KEPT + _BLAKE2B + bytes(48) + id + pair + check
    secret = _lines("minisign unencrypted secret key", packed)
    public = _lines(f"minisign public key {signer.short}", _PLAIN + id + key)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        if not write_new(place, secret, 0o600, sync=True):
            raise PackError(f"{place} is there already; a key is never written over")
        write_whole(place.with_name(f"{place.name}.pub"), public)
    except OSError as error:
        raise PackError(f"the key {place} cannot be written: {error.strerror}") from None
    return signer


def _lines(comment: str, packed: bytes) -> bytes:
    return f"untrusted comment: {comment}\n{base64.b64encode(packed).decode()}\n".encode()


def read_signer(text: str) -> Signer:
    """A public key in one line, or as a file has it."""
    lines = [line.strip() for line in text.strip().splitlines()]
    packed = _decoded(lines[-1] if lines else "", 42)
    if packed is None or packed[:2] != _PLAIN:
        raise PackError(f"{text.strip()[:60]!r} is no public key of minisign; such begin with RW")
    return Signer(packed[2:10], packed[10:])


def signer_of(named: str) -> Signer:
    """A public key that is given as itself, or as the name of a file."""
    place = Path(named)
    return read_signer(_read(place, "the public key") if place.is_file() else named)


def read_secret(place: Path, password: Callable[[], str]) -> Secret:
    """A secret key; ``password`` is asked for one if it is encrypted."""
    lines = _read(place, "the key").strip().splitlines()
    packed = _decoded(lines[-1].strip() if lines else "", 158)
    if packed is None or packed[:2] != _PLAIN or packed[4:6] != _BLAKE2B:
        raise PackError(f"{place} is no secret key of minisign; 'musegraph pack key' makes one")
    kind, held = packed[2:4], packed[54:]
    if kind == _SCRYPT:
        stream = _stretched(password(), packed[6:38], packed[38:46], packed[46:54])
        held = bytes(a ^ b for a, b in zip(held, stream, strict=True))
    elif kind != _NOT_KEPT:
        raise PackError(f"{place} is encrypted in a way that is not known here")
    id, pair, check = held[:8], held[8:72], held[72:]
    if hashlib.blake2b(_PLAIN + id + pair, digest_size=32).digest() != check:
        raise PackError(f"the password for {place} is wrong, or the file is damaged")
    return Secret(Signer(id, pair[32:]), pair[:32])


def _stretched(password: str, salt: bytes, operations: bytes, memory: bytes) -> bytes:
    """The key stream of a password, with the parameters that libsodium derives from its limits."""
    ops, mem = (int.from_bytes(one, "little") for one in (operations, memory))
    ops = max(ops, 32768)
    if ops < mem // 32:
        n, p = _power(ops // 32), 1
    else:
        n = _power(mem // 1024)
        p = max(1, min((ops // 4) // n, 0x3FFFFFFF) // 8)
    if n > 1 << 20:
        raise PackError("the key asks for more memory than is given to a password")
    room = 1024 * n + (1 << 22)
    return hashlib.scrypt(password.encode(), salt=salt, n=n, r=8, p=p, maxmem=room, dklen=104)


def _power(most: int) -> int:
    n = 2
    while n <= most // 2:
        n *= 2
    return n


# -- signatures ---------------------------------------------------------------------------------


def sign(file: Path, secret: Secret, comment: str) -> Path:
    """Write the signature of a file beside it; ``comment`` is signed too, and is the signer's."""
    made = secret.sign(_digest(file.read_bytes()))
    whole = secret.sign(made + comment.encode())
    lines = [
        f"untrusted comment: signature from key {secret.signer.short}",
        base64.b64encode(_HASHED + secret.signer.id + made).decode(),
        f"trusted comment: {comment}",
        base64.b64encode(whole).decode(),
    ]
    place = file.with_name(file.name + SUFFIX)
    write_whole(place, ("\n".join(lines) + "\n").encode())
    return place


def verify(data: bytes, signature: str, signer: Signer, name: str) -> str:
    """The comment that was signed with the data; :class:`PackError` says what is wrong."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    lines = signature.splitlines()
    packed = _decoded(lines[1], 74) if len(lines) >= 4 else None
    whole = _decoded(lines[3], 64) if len(lines) >= 4 else None
    head = "trusted comment: "
    if packed is None or whole is None or not lines[2].startswith(head):
        raise PackError(f"the signature of {name} is none in the form of minisign")
    if packed[2:10] != signer.id:
        other = Signer(packed[2:10], b"").short
        raise PackError(f"{name} is signed with the key {other}, and not with {signer.short}")
    comment = lines[2].removeprefix(head)
    key = Ed25519PublicKey.from_public_bytes(signer.key)
    try:
        key.verify(packed[10:], _digest(data) if packed[:2] == _HASHED else data)
        key.verify(whole, packed[10:] + comment.encode())
    except InvalidSignature:
        raise PackError(
            f"the signature of {name} does not fit it: the file, or what is said of it, was "
            "changed after it was signed; it is not taken"
        ) from None
    return comment


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data).digest()


def _decoded(text: str, size: int) -> bytes | None:
    try:
        packed = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return None
    return packed if len(packed) == size else None


def _read(place: Path, what: str) -> str:
    try:
        if (size := place.stat().st_size) > _MOST:
            raise PackError(f"{what} {place} has {size:,} bytes, which none has")
        return place.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PackError(f"{what} {place} cannot be read: {error}") from None
