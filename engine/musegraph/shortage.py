"""Whether an error means that memory ran out, the one place that decides it; and what helped."""

from __future__ import annotations

import errno
import re
import sys
from dataclasses import dataclass

from musegraph.sentences import Sentence, sentence

DEPTH = 8
"""How many causes of an error are looked at: ``raise … from error`` hides no shortage."""

_HOST = re.compile(r"DefaultCPUAllocator|cannot allocate memory|not enough memory", re.IGNORECASE)
_DEVICE = re.compile(r"\bout of memory\b|STATUS_ALLOC_FAILED", re.IGNORECASE)
_LOST = re.compile(
    r"\b(CUDA|HIP|XPU) error\b|device-side assert|illegal memory access|launch failure"
    r"|device (was |is )?lost|CUDNN_STATUS_(EXECUTION_FAILED|INTERNAL_ERROR)",
    re.IGNORECASE,
)
_ASKED = re.compile(
    r"(?:tried|unable) to allocate (\d+(?:\.\d+)?) ?(bytes|[KMGT]i?B)\b", re.IGNORECASE
)
_POWERS = ("", "K", "M", "G", "T")


@dataclass(frozen=True, slots=True)
class Shortage:
    """Memory ran out: that of the device or of the host, and how many bytes were asked for."""

    device: bool
    asked: int | None = None

    def __str__(self) -> str:
        place = " on the device" if self.device else ""
        asked = f" ({in_words(self.asked)} were asked for at once)" if self.asked else ""
        return f"out of memory{place}{asked}"

    def sentence(self) -> Sentence:
        """It with what to do about it, as it is told where a step fails."""
        name = "out-of-memory-device" if self.device else "out-of-memory"
        if self.asked:
            return sentence(f"{name}-asked", asked=in_words(self.asked))
        return sentence(name)


@dataclass(slots=True)
class Relief:
    """What was done for want of memory so that a step could run; over all its calls."""

    values: int = 0
    models: int = 0
    """Values and models that were evicted."""
    waited: int = 0
    """Other steps that were waited for."""
    offloaded: str = ""
    """What was left in host memory."""
    frugal: str = ""
    """How the node did with less, in its words; then its result is makeshift."""
    recipe: str = ""
    """What its key is made of, since the store has no record of a makeshift result."""

    @property
    def makeshift(self) -> bool:
        """Whether the result is not the one that its key stands for."""
        return bool(self.frugal)

    def words(self) -> list[str]:
        """What helped, each in a few words: ``evicted 3 values and 1 model``, ``ran in tiles``."""
        counts = ((self.values, "value"), (self.models, "model"))
        evicted = " and ".join(_count(count, what) for count, what in counts if count)
        said = {
            "evicted": evicted,
            "waited for": _count(self.waited, "other step") if self.waited else "",
            "left": self.offloaded and f"the weights of {self.offloaded} in host memory",
            "ran": self.frugal,
        }
        return [f"{did} {what}" for did, what in said.items() if what] or ["ran once more"]

    def sentence(self, shortage: Shortage) -> str:
        """What a user is told."""
        said = f"{shortage}, so it {' and '.join(self.words())}"
        if not self.makeshift:
            return f"{said}; the result is the same"
        return f"{said}; the result differs a little from the true one and is not kept"


def _count(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def shortage_of(error: BaseException | None) -> Shortage | None:
    """What ran out, if that is what an error or one of its causes says."""
    for _ in range(DEPTH):
        if error is None:
            return None
        device = _judged(error)
        if device is not None:
            return Shortage(device, _asked(str(error)))
        error = error.__cause__
    return None


def _judged(error: BaseException) -> bool | None:
    """True for the memory of a device, False for that of the host, None for another error.

    torch has a class of its own for accelerators; its allocator for the CPU, and the libraries
    below it, raise RuntimeError and say it in words.
    """
    # Another thread may be in the middle of importing torch: it lacks its classes until then.
    exhausted = getattr(sys.modules.get("torch"), "OutOfMemoryError", None)
    if exhausted is not None and isinstance(error, exhausted):
        return True
    if isinstance(error, MemoryError):
        return False
    if isinstance(error, OSError):
        return False if error.errno == errno.ENOMEM else None
    if not isinstance(error, RuntimeError):
        return None
    text = str(error)
    if _HOST.search(text):
        return False
    return True if _DEVICE.search(text) else None


def device_lost(text: str) -> bool:
    """Whether the text of an error says that a device is of no more use to its process.

    After such an error every later call to the device fails too: only a new process has it again.
    """
    return _LOST.search(text) is not None and _DEVICE.search(text) is None


def _asked(text: str) -> int | None:
    found = _ASKED.search(text)
    if found is None:
        return None
    unit = found[2].upper()
    power = 0 if unit == "BYTES" else _POWERS.index(unit[0])
    return int(float(found[1]) * 1024**power)


def in_words(size: int) -> str:
    """A number of bytes as torch writes it: ``3.00 GiB``."""
    amount, power = float(size), 0
    while amount >= 1024 and power < len(_POWERS) - 1:
        amount, power = amount / 1024, power + 1
    return f"{amount:.2f} {_POWERS[power]}iB" if power else f"{size} bytes"
