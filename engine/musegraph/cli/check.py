"""``check``: every problem of workflows, without running them."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import Any

from musegraph.cli.entry import FINE, PROBLEMS, UNREADABLE, complain, print_json, report
from musegraph.cli.loading import model_folders, open_registry, warn
from musegraph.cli.style import Style, number
from musegraph.errors import InvalidWorkflow, UnreadableWorkflow
from musegraph.locked import install_command
from musegraph.models import Models
from musegraph.plan import check as problems_of
from musegraph.plan import forward
from musegraph.store import Store
from musegraph.workflow import Workflow


def check(args: Namespace) -> int:
    """Every problem of every file, each on a line of its own; the worst exit code."""
    style = Style(sys.stdout)
    registry = open_registry(args)
    models = Models(registry, Store(), model_folders(args))
    codes = []
    for file in args.files:
        try:
            workflow = Workflow.read(file)
            problems = problems_of(workflow, registry, models)
            ahead = forward(workflow, registry)
        except InvalidWorkflow as error:
            workflow, problems, ahead = None, list(error.problems), None
        except UnreadableWorkflow as error:
            codes.append(UNREADABLE)
            if args.json:
                print_json({"file": file, "ok": False, "error": str(error), "problems": []})
            else:
                complain(str(error))
            continue
        codes.append(PROBLEMS if problems else FINE)
        if args.json:
            listed = [problem.json() for problem in problems]
            told: dict[str, Any] = {"file": file, "ok": not problems, "problems": listed}
            if ahead and ahead.notes:
                told["changes"] = [{"node": n or None, "message": text} for n, text in ahead.notes]
            print_json(told)
            continue
        for node, text in ahead.notes if ahead else ():
            warn(f"{file}: {node}: {text}" if node else f"{file}: {text}")
        if problems:
            report(file, problems, style)
            if workflow is not None and (command := install_command(workflow, registry)):
                style.line(f"to install what is missing: {style(command, 'bold')}")
        elif workflow is not None:
            size = style(f"({number(len(workflow.nodes), 'node')})", "dim")
            style.line(f"{style(file, 'dim')}: {style('fine', 'green')} {size}")
    return max(codes)
