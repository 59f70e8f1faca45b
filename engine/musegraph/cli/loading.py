"""What the commands start from: packs, cache and plan, as the arguments ask for them."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musegraph.cli.entry import UsageError
from musegraph.cli.style import Style, sentences
from musegraph.errors import InvalidWorkflow, Problem, UnreadableWorkflow
from musegraph.pack import Registry, load_registry
from musegraph.paths import at_home, shown, why_missing
from musegraph.workflow import Workflow

if TYPE_CHECKING:
    from musegraph.models import Models
    from musegraph.plan import Plan
    from musegraph.run import Engine


def open_registry(args: Namespace, tell: bool = True) -> Registry:
    """All packs; one named on the command line that is broken is told of and left out."""
    for path in args.packs:
        if why_missing(Path(path)):
            raise UsageError(f"there is no pack at {shown(path)} (--packs)")
    registry = load_registry(args.packs)
    for name, reason in registry.failures.items() if tell else ():
        warn(f"the pack {name!r} could not be opened: {reason}")
    return registry


def open_engine(args: Namespace) -> Engine:
    from musegraph.run import Engine
    from musegraph.store import Store, default_folder

    registry = open_registry(args)
    store = Store(at_home(args.cache) if args.cache else default_folder())
    return Engine(registry, store, models=model_folders(args))


def model_folders(args: Namespace) -> tuple[Path, ...]:
    return tuple(at_home(path) for path in args.models)


def open_models(args: Namespace) -> Models:
    """All models that have a name, without an engine."""
    from musegraph.models import Models
    from musegraph.store import Store

    return Models(open_registry(args), Store(), model_folders(args))


def make_plan(engine: Engine, workflow: Workflow, args: Namespace) -> Plan:
    """The plan of a workflow with the inputs that the arguments give."""
    return engine.plan(settle(engine, workflow, args), args.only)


def settle(engine: Engine, workflow: Workflow, args: Namespace) -> Workflow:
    """The document with the inputs that the arguments give."""
    from musegraph.plan import brought

    workflow = brought(workflow, engine.registry)
    given = given_inputs(engine, workflow, args)
    return engine.settle(workflow, given, seed=args.seed, quick=args.quick)


def given_inputs(engine: Engine, workflow: Workflow, args: Namespace) -> dict[str, Any]:
    from musegraph.inputs import input_types, parse_argument
    from musegraph.values.scalars import MAX_SEED
    from musegraph.values.types import TEXT

    if args.seed is not None and not 0 <= args.seed <= MAX_SEED:
        raise UsageError(f"--seed {args.seed} is out of range: it has to be 0 … 2^53 - 1")
    types = input_types(workflow, engine.registry)
    given: dict[str, Any] = {}
    for name, text in args.set:
        if name not in workflow.inputs:
            raise UsageError(f"there is no input {name!r}; {_known(workflow, types)}")
        try:
            given[name] = parse_argument(text, types.get(name, TEXT))
        except UnreadableWorkflow as error:
            raise InvalidWorkflow([Problem(None, name, "input", str(error))]) from None
    return given


def _known(workflow: Workflow, types: dict[str, Any]) -> str:
    if not workflow.inputs:
        return "this workflow has no inputs"
    listed = (f"{name} ({types[name]})" if name in types else name for name in workflow.inputs)
    return f"the inputs are: {', '.join(listed)}"


def tell_brought(workflow: Workflow) -> None:
    """Warn of what was brought forward in a workflow that other versions of packs saved."""
    from musegraph.plan.forward import told

    for text in told(workflow):
        warn(text)


def tell_unused(unused: Sequence[str], args: Namespace) -> None:
    """Warn of nodes that no output needs, unless somebody asked for a part of the graph."""
    if unused and not args.only and not args.quiet:
        names = ", ".join(unused[:5]) + (" …" if len(unused) > 5 else "")
        warn(f"no output needs {names}, so it does not run")


def warn(text: str) -> None:
    style = Style(sys.stderr)
    style.line(f"{style('warning:', 'bold', 'yellow')} {sentences(text)}")
