"""``token``: the address that opens the page of the server here, and a new token for it."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from musegraph.cli.entry import FINE, UsageError, print_json
from musegraph.cli.remote import Remote
from musegraph.cli.style import Style
from musegraph.errors import MusegraphError, StoreError
from musegraph.paths import at_home, data_folder
from musegraph.server.lock import Lock, address_in
from musegraph.server.settings import new_token, token_in


def token(args: Namespace) -> int:
    """Print the address with the token; with ``--renew``, after the old one was made worthless."""
    if args.keep_runs and not args.renew:
        raise UsageError("--keep-runs says what --renew does with the runs: say --renew too")
    data = at_home(args.data) if args.data else data_folder()
    url = _renewed(data, cancel=not args.keep_runs) if args.renew else address_in(data)
    if url is None and not args.renew:
        raise MusegraphError("no server runs here; 'musegraph serve' starts one, and says where")
    address = None if url is None else f"{url}/#t={token_in(data)}"
    if args.json:
        print_json({"url": address})
    elif address is None:
        Style(sys.stdout).line("the token is new; 'musegraph serve' prints the address that has it")
    else:
        print(address)
    return FINE


def _renewed(data: Path, cancel: bool) -> str | None:
    """Put a new token in the place of the old; the address of the server that runs, if one does."""
    try:
        lock = Lock(data)
    except StoreError:  # one runs: only it can send away who came in with the old token
        url = address_in(data)
        if url is None:
            raise
        Remote(url, token_in(data)).send("POST", "/api/token/renew", {"cancel": cancel})
        return url
    try:
        new_token(data)
    finally:
        lock.release()
    return None
