"""Whether this installation is sound: facts are gathered, and findings follow from them."""

from musegraph.health.facts import Facts, gather
from musegraph.health.findings import Finding, findings

__all__ = ["Facts", "Finding", "findings", "gather"]
