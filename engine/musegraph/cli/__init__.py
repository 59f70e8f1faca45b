"""The command line ``musegraph``. What a command needs is imported when it runs."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; no traceback leaves this function.

    Without ``arguments`` those of the process are taken, and Ctrl-C stays quiet to its very end.
    """
    try:
        from musegraph.cli.interrupts import Interrupts

        interrupts = Interrupts()
        interrupts.install()
    except KeyboardInterrupt:
        return 130
    try:
        from musegraph.cli.entry import enter

        return enter(arguments, interrupts)
    finally:
        if arguments is not None:
            interrupts.uninstall()
