"""What the commands start from: packs, cache and plan, as the arguments ask for them."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musegraph.cli.entry import UsageError
from musegraph.cli.style import Style, sentences
from musegraph.errors import InvalidWorkflow, Problem, UnreadableWorkflow
from musegraph.pack import Registry, load_registry
from musegraph.paths import at_home, shown, why_missing
from musegraph.workflow import Workflow

if TYPE_CHECKING:
    from musegraph.plan import Plan
    from musegraph.run import Engine
    from musegraph.store import Store


def read_workflow(path: str) -> Workflow:
    """The workflow in a file, in a bundle, or in a picture that carries one."""
    if not _is_zip(path):
        return Workflow.read(path)
    from musegraph.bundle import read_bundle

    return read_bundle(path)


def _is_zip(path: str) -> bool:
    place = Path(path)
    try:
        if not place.is_file():  # a pipe gives its bytes once
            return False
        with place.open("rb") as file:
            return file.read(4) == b"PK\x03\x04"
    except OSError:
        return False


def with_files(workflow: Workflow, registry: Registry, store: Store) -> Workflow:
    """The workflow with the files of the bundle it came in, if it did, in the store."""
    if workflow.folder is None or not workflow.folder.is_file():
        return workflow
    from musegraph.bundle import take_files

    return take_files(workflow, registry, store)


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


def make_plan(engine: Engine, workflow: Workflow, args: Namespace) -> Plan:
    """The plan of a workflow with the inputs that the arguments give."""
    workflow = with_files(workflow, engine.registry, engine.store)
    settled = engine.settle(
        workflow, given_inputs(engine, workflow, args), seed=args.seed, quick=args.quick
    )
    return engine.plan(settled, args.only)


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


def warn(text: str) -> None:
    style = Style(sys.stderr)
    style.line(f"{style('warning:', 'bold', 'yellow')} {sentences(text)}")
