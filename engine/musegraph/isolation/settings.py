"""What a pack in a process of its own may do and take: by its manifest, and by who agreed to it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from musegraph.migration import Migration

MEMORY = 2 << 30
PATIENCE = 1800.0
_OWN = Path(__file__).resolve().parents[1]
ROOM = 4 << 30
"""Bytes that a pack may write into one file of its scratch folder."""

DANGERS = {
    "files": "reach your files",
    "network": "reach the network",
    "programs": "start programs",
    "processes": "reach into other processes",
}
"""What a pack is kept from, and what it could do if it were not."""

_SYSTEM = (
    "/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/localtime", "/dev/urandom",
    "/dev/zero", "/proc/cpuinfo", "/proc/self", "/proc/meminfo", "/sys/devices/system/cpu",
    "/sys/devices/system/node",
)  # fmt: skip
_NETWORK = (
    "/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/gai.conf", "/etc/ssl",
    "/etc/pki", "/etc/ca-certificates", "/run/systemd/resolve",
)  # fmt: skip
_GPU = ("/sys/class/drm", "/sys/bus/pci", "/sys/devices", "/proc/driver/nvidia", "/etc/vulkan")
_DEVICES = ("/dev/nvidia*", "/dev/nvidia-caps/*", "/dev/kfd", "/dev/dri", "/dev/dxg")


class Isolation(BaseModel):
    """That a pack runs in a process of its own, as it was agreed to."""

    model_config = ConfigDict(frozen=True)

    memory: int = Field(default=MEMORY, gt=0)
    """Bytes of memory that its process may take, libraries and inputs included."""
    patience: float = Field(default=PATIENCE, gt=0)
    """Seconds that a call may take without a sign of life before it counts as hanging."""
    trusted: bool = False
    """Whether it is free to do what its user can do, in a process of its own all the same."""


@dataclass(frozen=True)
class Isolated:
    """What stands in for a pack whose code is not here."""

    name: str
    version: str
    title: str
    functions: tuple[Callable[..., Any], ...]
    migrations: tuple[Migration, ...]
    texts: Path | None
    models: Path | None


@dataclass(frozen=True)
class Launch:
    """All that the process of a pack is started with."""

    name: str
    entry: str
    version: str
    trees: tuple[Path, ...]
    """Where its modules are, its own first; they go before those of the environment."""
    isolation: Isolation
    permissions: Mapping[str, Any]
    changed: Callable[[], str] = lambda: ""
    """Says what is no longer as it was agreed to; asked before each start."""
    import_seconds: float = 120.0

    def path(self) -> list[str]:
        """Where its process looks for modules."""
        stdlib = [place for place in sys.path if Path(place).resolve() in _of_python()]
        others = [str(place) for place in _libraries()]
        return list(dict.fromkeys([*stdlib, *map(str, self.trees), str(_OWN.parent), *others]))

    def cage(self, scratch: Path, models: tuple[str, ...]) -> dict[str, Any] | None:
        """What its process is let keep of the machine; None for all of it."""
        if self.isolation.trusted:
            return None
        asked = self.permissions
        read = [*_SYSTEM, *map(str, {sys.prefix, sys.base_prefix, sys.exec_prefix})]
        read += [str(_OWN), *map(str, self.trees)]
        read += [*map(str, _libraries()), *models]
        devices = ["/dev/null"]
        if "gpu" in asked:
            read += _GPU
            devices += [str(one) for name in _DEVICES for one in Path("/").glob(name[1:])]
        if "network" in asked:
            read += _NETWORK
        return {
            "read": read,
            "names": [str(_OWN.parent)],
            "write": [str(scratch)],
            "devices": devices,
            "ports": self._ports(),
            "programs": "subprocess" in asked,
        }

    def walls(self) -> list[str]:
        """What it has to be kept from; without that it is not run."""
        if self.isolation.trusted:
            return []
        free = {"network": "network", "subprocess": "programs"}
        open_ = {free[name] for name in self.permissions if name in free}
        if "subprocess" in self.permissions:
            open_.add("processes")  # of its own there may be several, which it has to reach
        return [wall for wall in ("files", "network", "programs", "processes") if wall not in open_]

    def _ports(self) -> list[int] | None:
        if "network" not in self.permissions:
            return None
        hosts = self.permissions["network"].get("hosts", ())
        return sorted({53, *(int(host.rpartition(":")[2]) for host in hosts)})

    def may_read_models(self) -> bool:
        return "models" in (self.permissions.get("files") or {}).get("read", ())

    def may_know(self, secret: str) -> bool:
        """Whether the pack asked for a secret, and somebody agreed."""
        names = (self.permissions.get("secrets") or {}).get("names", ())
        return any(name.partition("@")[0] == secret for name in names)


def _of_python() -> set[Path]:
    """Where Python's own library is."""
    import sysconfig

    names = ("stdlib", "platstdlib")
    found = {Path(sysconfig.get_path(name)).resolve() for name in names}
    return found | {place / "lib-dynload" for place in found}


def _libraries() -> list[Path]:
    """Where the libraries of the environment are: no folder in which somebody works."""
    folders = [Path(place) for place in sys.path if place]
    return [one for one in folders if one.name in ("site-packages", "dist-packages")]
