"""``reproduce``: whether running it again gives the same."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from argparse import Namespace
from pathlib import Path

from musegraph.cli.entry import FAILED, FINE, print_json
from musegraph.cli.loading import make_plan, model_folders, open_engine, open_registry
from musegraph.cli.style import Style


def reproduce(args: Namespace) -> int:
    """Run the workflow of a picture with nothing reused; 0 if the same comes out, else 1."""
    from musegraph.reproduce import compare, copy_assets, digests_in, read_output, with_recorded
    from musegraph.run import Engine
    from musegraph.store import Store

    workflow, record, data = read_output(args.file)
    args.quick, args.only = False, []
    with tempfile.TemporaryDirectory(prefix="musegraph-") as folder:
        store = Store(Path(folder))
        with open_engine(args) as usual:
            copy_assets(workflow, usual.registry, usual.store, store)
        registry = open_registry(args, tell=False)
        workflow = with_recorded(workflow, record, registry)
        with Engine(registry, store, models=model_folders(args)) as engine:
            engine.models.expected |= digests_in(record)
            plan = make_plan(engine, workflow, args)
            with contextlib.redirect_stdout(sys.stderr):
                result = engine.run(plan)
            verdict = compare(record, result, data)
    if args.json:
        print_json({"verdict": verdict.word, "node": verdict.node, "why": verdict.why})
    else:
        style = Style(sys.stdout)
        at = f": first at {verdict.node}: {verdict.why}" if verdict.node else ""
        although = f", {verdict.why}" if verdict.why and not verdict.node else ""
        style.line(f"{style(verdict.word, 'bold')}{at}{although}")
    return FAILED if verdict.word == "diverged" else FINE
