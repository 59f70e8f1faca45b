"""Models from the Hugging Face hub: fetched when a person says so, pinned, checked, recorded.

Nothing else in the engine imports this. Opening, checking, planning and running never fetch.
"""

from musegraph.hub.ask import Repository, ask
from musegraph.hub.choose import Choice, RemoteFile, choose
from musegraph.hub.fetch import Progress, fetch
from musegraph.hub.inventory import Found, inventory
from musegraph.hub.names import Wanted, name_of, read_source
from musegraph.hub.record import Record, record_of
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
    "name_of",
    "read_source",
    "record_of",
]
