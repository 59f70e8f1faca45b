"""What a worker is asked for: runs, and questions about workflows, media and models.

A document from a client is somebody else's: models are names in known folders, files are assets,
and no text of it is ever taken for a path.
"""

from __future__ import annotations

import argparse
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from musegraph.errors import InvalidWorkflow, NodeError, Problem, Stopped
from musegraph.inputs import input_types
from musegraph.limits import Limits
from musegraph.outputs import keep_outputs
from musegraph.pack import load_registry
from musegraph.plan import Plan, forward, narrow
from musegraph.plan import check as problems_of
from musegraph.predict import Prediction
from musegraph.run import Engine, RunResult
from musegraph.store import Store
from musegraph.terms import Terms
from musegraph.workers import library, reading, values
from musegraph.workers.courier import Courier
from musegraph.workflow import Workflow

Message = Mapping[str, Any]

MOST_PROBLEMS = 1000
"""Problems of one document that are told one by one."""


def open_engine(args: argparse.Namespace) -> Engine:
    """The engine of a worker; it keeps to its folders of models."""
    registry = load_registry(args.packs)
    engine = Engine(registry, Store(Path(args.cache)), models=args.models, data=args.data)
    engine.models.confined = True
    return engine


def carry_out(
    engine: Engine,
    message: Message,
    courier: Courier,
    cancel: threading.Event,
    halted: dict[str, Stopped],
) -> dict[str, Any]:
    """Run a document, keep its outputs as assets, and say what came of it."""
    workflow = Workflow.parse(message["workflow"])
    failed = {step: Stopped.of(why) for step, why in message["failed"].items()}
    limits = Limits.of(message["limits"])
    terms = Terms(failed, frozenset(message["alone"]), limits, halted, look=courier.look)
    result = engine.run(engine.plan(workflow, message["targets"]), courier.event, cancel, terms)
    cut_short = _cut_short(result)
    outputs = {} if cut_short else keep_outputs(result)
    engine.store.flush()
    error = next(iter(result.outcome.errors.items()), None)
    return {
        "state": "cancelled" if cut_short else "failed" if error else "done",
        "error": None if error is None else f"{error[0]}: {error[1]}",
        "outputs": outputs,
        "record": result.record,
    }


def _cut_short(result: RunResult) -> bool:
    """Whether a cancellation came before all was there; one that came too late changes nothing."""
    if not result.cancelled:
        return False
    ended = result.outcome.status
    return not all(ended.get(at.node) in ("done", "cached") for at in result.plan.targets)


def settle(engine: Engine, message: Message) -> dict[str, Any]:
    """The document with the inputs of a run in it, checked; what a submission is made of."""
    workflow = Workflow.parse(message["workflow"])
    given = message.get("inputs") or {}
    _only_assets(workflow, engine, given)
    settled = engine.settle(
        workflow, given, seed=message.get("seed"), quick=bool(message.get("quick"))
    )
    only = [str(name) for name in message.get("only") or ()]
    problems = problems_of(settled, engine.registry, engine.models, engine.store, only)
    if problems:
        raise InvalidWorkflow(problems)
    steps = len(narrow(settled, only).nodes)
    return {"workflow": settled.json(), "targets": only, "steps": steps}


def settle_all(engine: Engine, message: Message) -> dict[str, Any]:
    """Several submissions; the first that is wrong is wrong for all."""
    return {"documents": [settle(engine, one) for one in message["documents"]]}


def _only_assets(workflow: Workflow, engine: Engine, given: Mapping[str, Any]) -> None:
    """Refuse a text at an input for media: on the command line that would be a path."""
    types = input_types(workflow, engine.registry)
    for name, value in given.items():
        base = (types[name].item or types[name]) if name in types else None
        listed = value if isinstance(value, list) else [value]
        if base is None or base.is_json or base.is_variable:
            continue
        if any(isinstance(part, str) for part in listed):
            message = f"it takes a {base}: upload the file, and give its asset"
            raise InvalidWorkflow([Problem(None, name, "input", message)])


def check(engine: Engine, message: Message) -> dict[str, Any]:
    """Every problem of a document."""
    try:
        workflow = Workflow.parse(message["workflow"])
    except InvalidWorkflow as error:
        problems = list(error.problems)
    else:
        problems = problems_of(workflow, engine.registry, engine.models)
    return {"problems": listed(problems)}


def bring_forward(engine: Engine, message: Message) -> dict[str, Any]:
    """A document that other versions of packs saved, and what was changed in it."""
    made = forward(Workflow.parse(message["workflow"]), engine.registry)
    changes = [{"node": node or None, "message": text} for node, text in made.notes]
    return {
        "workflow": made.workflow.json(),
        "changes": changes,
        "problems": listed(made.problems),
    }


def listed(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    """Problems to be told, the first of very many; nobody reads the rest."""
    told = [problem.json() for problem in problems[:MOST_PROBLEMS]]
    if (left := len(problems) - len(told)) > 0:
        told.append(Problem(None, None, "more", f"and {left:,} more problems").json())
    return told


def plan(engine: Engine, message: Message) -> dict[str, Any]:
    """What running a document would do, and how long that may take."""
    settled = settle(engine, message)
    made = engine.plan(Workflow.parse(settled["workflow"]), settled["targets"])
    return plan_json(made, engine.predict(made), engine.store)


def plan_json(made: Plan, predicted: Prediction, store: Store) -> dict[str, Any]:
    steps = []
    for step in made.steps.values():
        found = predicted.steps.get(step.id)
        steps.append(
            {
                "id": step.id,
                "type": step.type.id if step.type else None,
                "state": step.state,
                "tier": store.tier(made.known.get(step.id)) if step.state == "cached" else None,
                "note": step.note,
                "each": list(step.each),
                "length": step.length,
                "seconds": None if found is None else found.seconds.json(),
            }
        )
    return {
        "counts": made.count(),
        "steps": steps,
        "outputs": {name: str(port) for name, port in made.outputs.items()},
        "unused": list(made.unused),
        "seconds": None if predicted.seconds is None else predicted.seconds.json(),
    }


def media(engine: Engine, message: Message) -> dict[str, Any]:
    """What an uploaded file is, found out by decoding it; :class:`NodeError` if it is nothing."""
    from musegraph.workers.media import describe

    return describe(_place(engine, message["asset"]), str(message["name"]))


def thumbnail(engine: Engine, message: Message) -> dict[str, Any]:
    """A small WEBP of a picture, as an asset."""
    from musegraph.workers.media import thumbnail as small

    data = small(_bytes(engine, message["asset"]), int(message["size"]))
    return {"asset": engine.store.put_bytes(data), "media": "image/webp"}


def peaks(engine: Engine, message: Message) -> dict[str, Any]:
    """The outline of a sound."""
    from musegraph.workers.sound import peaks as outline

    return outline(_place(engine, message["asset"]), int(message["bins"]))


def score(engine: Engine, message: Message) -> dict[str, Any]:
    """The notes of a score in seconds."""
    from musegraph.values.midi import read_midi
    from musegraph.workers.score import roll

    return roll(read_midi(_bytes(engine, message["asset"])))


def _place(engine: Engine, asset: str) -> Path:
    """Where the bytes of a file are; whoever asks has just seen that they are whole."""
    assert engine.store.disk is not None
    place = engine.store.disk.path(asset)
    if not place.is_file():
        raise NodeError(f"the file {asset} is not here any more; upload it again")
    return place


def _bytes(engine: Engine, asset: str) -> bytes:
    data = engine.store.get_bytes(asset)
    if data is None:
        raise NodeError(f"the file {asset} is not here, or is damaged; upload it again")
    return data


QUESTIONS: dict[str, Callable[[Engine, Message], dict[str, Any]]] = {
    "catalogue": library.catalogue,
    "check": check,
    "forward": bring_forward,
    "media": media,
    "models": library.models,
    "model_picture": library.model_picture,
    "open_template": reading.open_template,
    "peaks": peaks,
    "plan": plan,
    "read_workflow": reading.read_workflow,
    "score": score,
    "settle_all": settle_all,
    "thumbnail": thumbnail,
    "value": values.value,
}
