"""Models from the Hugging Face hub: fetched when a person says so, pinned, checked, recorded.

Nothing else in the engine imports this. Opening, checking, planning and running never fetch.
"""

from musegraph.hub.ask import Repository, ask
from musegraph.hub.choose import Choice, RemoteFile, choose
from musegraph.hub.fetch import Progress, fetch
from musegraph.hub.inventory import Found, inventory
from musegraph.hub.names import Wanted, read_source
from musegraph.hub.record import Record
from musegraph.hub.shelf import Shelf

__all__ = [
    "Choice",
    "Found",
    "Progress",
    "Record",
    "RemoteFile",
    "Repository",
    "Shelf",
    "Wanted",
    "ask",
    "choose",
    "fetch",
    "inventory",
    "read_source",
]
