"""``verify``: whether what a workflow was made with is here."""

from musegraph.cli.lock import verify

__all__ = ["verify"]
