"""What a server is started with, and the folder where it keeps what has to last."""

from __future__ import annotations

import ipaddress
import secrets
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from musegraph.errors import MusegraphError, StoreError
from musegraph.limits import Limit
from musegraph.whole import write_new, write_whole

PORT = 8190


@dataclass(frozen=True)
class Settings:
    """Fixed at the start: nothing that comes over HTTP can change any of it."""

    data: Path
    cache: Path
    host: str = "127.0.0.1"
    port: int = PORT
    packs: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    public_origin: str = ""
    behind_proxy: bool = False
    certificate: Path | None = None
    key: Path | None = None
    most_queued: int = 100_000
    upload: int = 2 << 30
    """Bytes of one uploaded file at most."""
    memory: int = 0
    """Bytes of address space of a worker; 0 for no limit."""
    file: int = 0
    """Bytes of any file that a worker may write; 0 for no limit."""
    step_seconds: float = 0.0
    """Seconds that one step may take of which ``limits`` says nothing; 0 for no limit."""
    restore: bool = False
    """Go on from the latest backup if the database is damaged, gone or empty."""
    telemetry: str = ""
    """Where traces of runs are sent; empty for where the variables of OpenTelemetry say, if any."""
    limits: Mapping[str, Limit] = field(default_factory=dict)
    """What steps may take, by node type."""

    debug: bool = False
    """Whether clients are told the traceback of a step that failed."""

    def __post_init__(self) -> None:
        if self.step_seconds and "*" not in self.limits:
            everyone = {"*": Limit(seconds=self.step_seconds)}
            object.__setattr__(self, "limits", {**everyone, **self.limits})

    @property
    def local(self) -> bool:
        return is_loopback(self.host)

    def check(self) -> None:
        """Refuse to be reached from elsewhere unless that was asked for in full."""
        if self.local:
            return
        if not self.public_origin:
            raise MusegraphError(
                f"{self.host} can be reached from other machines: say under which address with"
                " --public-origin https://…, and give --certificate and --key, or --behind-proxy"
            )
        if not self.behind_proxy and not (self.certificate and self.key):
            raise MusegraphError(
                "outside this machine the server needs TLS: give --certificate and --key, or say"
                " --behind-proxy if a proxy does that"
            )

    def tls(self) -> ssl.SSLContext | None:
        if self.certificate is None or self.key is None:
            return None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            context.load_cert_chain(self.certificate, self.key)
        except (OSError, ssl.SSLError) as error:
            raise MusegraphError(
                f"the certificate {self.certificate} cannot be used: {error}"
            ) from None
        return context


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def token_in(data: Path) -> str:
    """The token of this installation, made at the first start; only the user can read it."""
    place = data / "token"
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        token = secrets.token_urlsafe(32)
        if not place.exists() and write_new(place, f"{token}\n".encode(), 0o600, sync=True):
            return token
        found = place.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"the folder {data} cannot be used: {error}; choose with --data") from None
    if len(found) < 32:
        raise StoreError(f"the token in {place} is damaged; remove that file")
    return found


def new_token(data: Path) -> str:
    """Another token in the place of the one there was: the old file is whole until the new is."""
    token = secrets.token_urlsafe(32)
    try:
        write_whole(data / "token", f"{token}\n".encode(), 0o600, sync=True)
    except OSError as error:
        raise StoreError(f"no token can be written in {data}: {error.strerror or error}") from None
    return token
