"""``serve``: the server that the canvas and every HTTP client use."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from musegraph.cli.style import Style
from musegraph.limits import read_limit
from musegraph.paths import at_home, data_folder
from musegraph.server.settings import Settings
from musegraph.store import default_folder


def serve(args: Namespace) -> int:
    from musegraph.server.serve import log_to_stderr
    from musegraph.server.serve import serve as run

    settings = settings_of(args)
    settings.check()
    log_to_stderr(args.json, args.debug)

    def ready(url: str) -> None:
        token = (settings.data / "token").read_text("ascii").strip()
        whole = f"{url}/#t={token}"
        style = Style(sys.stdout)
        style.line(f"Musegraph is at {style(whole, 'bold')}")
        sys.stdout.flush()
        if not args.no_open and settings.local:
            import webbrowser

            webbrowser.open(whole)

    return run(settings, ready)


def settings_of(args: Namespace) -> Settings:
    data = at_home(args.data) if args.data else data_folder()
    return Settings(
        data=data,
        cache=at_home(args.cache) if args.cache else default_folder(),
        host=args.host,
        port=args.port,
        packs=tuple(args.packs),
        models=tuple(args.models),
        public_origin=args.public_origin,
        behind_proxy=args.behind_proxy,
        certificate=Path(args.certificate) if args.certificate else None,
        key=Path(args.key) if args.key else None,
        memory=int(args.worker_memory * 2**30),
        file=int(args.worker_file * 2**30),
        step_seconds=args.step_seconds,
        restore=args.restore,
        telemetry=args.telemetry,
        limits=dict(read_limit(text) for text in args.limit),
        debug=args.debug,
    )
