"""What stands in a document at a port, as a node is given it: files are read."""

from __future__ import annotations

from typing import Any

from musegraph.errors import NodeError
from musegraph.plan.literals import Asset
from musegraph.store import Store
from musegraph.values import Media


def literal(store: Store, name: str, value: Any) -> Any:
    """The value at a port, a file as the media that it holds."""
    if isinstance(value, Asset):
        return _read(store, name, value)
    if isinstance(value, list) and value and isinstance(value[0], Asset):
        return [_read(store, name, item) for item in value]
    return value


def _read(store: Store, name: str, asset: Asset) -> Media:
    from musegraph.values import files

    data = store.get_bytes(asset.digest)
    if data is None:
        what = asset.name or asset.digest
        raise NodeError(f"port {name!r}: the file {what!r} is not in the cache; add it again")
    return files.read(asset.type, data, asset.media, asset.name)
