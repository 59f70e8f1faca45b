"""What Ctrl-C does. Nothing is raised out of a signal, so no library can swallow or show it.

Before and after a run there is nothing to lose, and the process ends at once. During a run the
first signal asks it to stop, and what is finished is kept; the second one ends the process as soon
as the results on their way to disk are there, or after two seconds.
"""

from __future__ import annotations

import os
import signal
import sys

TYPE_CHECKING = False  # typing itself takes milliseconds in which Ctrl-C is not ours yet
if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from types import FrameType
    from typing import Any, NoReturn

PATIENCE = 2.0
"""Seconds that the second signal waits for results to reach the disk."""

STOPPING = "stopping after the current step of work; press Ctrl-C again to stop at once"
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


class Interrupts:
    """The handlers of SIGINT, SIGTERM and SIGHUP; ``code`` is the exit code that one asks for."""

    def __init__(self) -> None:
        self.code = 0
        self._cancel: threading.Event | None = None
        self._say: Callable[[str], None] = say
        self._flush: Callable[[], object] = lambda: None
        self._before: dict[int, Any] = {}
        self._leaving = False

    def install(self) -> None:
        """Take the signals over, except those that whoever started us has set to be ignored."""
        for name in _NAMES:
            number = getattr(signal, name, None)
            if number is None or signal.getsignal(number) in (signal.SIG_IGN, None):
                continue
            try:
                self._before[number] = signal.signal(number, self._handle)
            except ValueError:  # not the main thread: then signals are not ours
                return

    def uninstall(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before.clear()

    def guard(
        self,
        cancel: threading.Event,
        tell: Callable[[str], None],
        flush: Callable[[], object],
    ) -> None:
        """From here on there is something to lose: a signal sets ``cancel`` instead of ending all.

        ``tell`` must take no lock, for it is called out of a signal handler.
        """
        self._say, self._flush, self._cancel = tell, flush, cancel

    def release(self) -> None:
        """From here on all is kept, and a signal may end the process again."""
        self._cancel = None

    def _handle(self, number: int, frame: FrameType | None) -> None:
        again = bool(self.code)
        self.code = self.code or 128 + number
        if self._cancel is None:
            say("interrupted" if number == signal.SIGINT else "ended by a signal")
            self._leave()
        if again:
            self._hurry()
        self._cancel.set()
        self._say(STOPPING)

    def _hurry(self) -> NoReturn:
        """Write what can be written quickly, from another thread: this one may hold its locks."""
        if not self._leaving:
            import threading

            self._leaving = True
            writing = threading.Thread(target=self._flush, daemon=True)
            writing.start()
            writing.join(PATIENCE)
        self._leave()

    def _leave(self) -> NoReturn:
        if sys.stderr.isatty():
            write(b"\x1b[?25h")  # a progress view may have hidden the cursor
        if not self._leaving:
            self._leaving = True
            try:  # noqa: SIM105  contextlib may be what is being imported
                sys.stdout.flush()
            except Exception:  # noqa: BLE001  whatever it is, this is the end
                pass
        os._exit(self.code)


def say(text: str) -> None:
    """A line on stderr, past its buffer, which the interrupted code may be in the middle of."""
    start = "\r\n" if sys.stderr.isatty() else ""
    write(f"{start}{text}\n".encode())


def write(data: bytes) -> None:
    try:  # noqa: SIM105
        os.write(2, data)
    except OSError:
        pass
