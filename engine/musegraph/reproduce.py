"""Running again what made a saved picture, and finding the first step that came out differently."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from musegraph.errors import NodeError, UnreadableWorkflow
from musegraph.pack import Registry
from musegraph.paths import read, shown
from musegraph.plan.literals import asset_of
from musegraph.plan.places import change_values
from musegraph.run import RunResult
from musegraph.store import Store
from musegraph.values import Image, files
from musegraph.workflow import Workflow

LEVELS = 2
"""Levels of 8 bits by which pictures may differ where the numeric profile does."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """``word`` is ``identical``, ``within tolerance`` or ``diverged``; then where first, why.

    Identical results may come from nodes that have grown: ``why`` says so, and ``node`` is None.
    """

    word: str
    node: str | None = None
    why: str = ""


def read_output(path: str | Path) -> tuple[Workflow, dict[str, Any], bytes]:
    """The workflow, the record of the run and the bytes of a saved picture, sound or film."""
    place = Path(path)
    try:
        data = read(place)
    except OSError as error:
        raise UnreadableWorkflow(f"{shown(place)} cannot be read: {error.strerror}") from None
    found = files.extract(data)
    record = found.get("record") if found else None
    document = found.get("workflow") if found else None
    if (
        not isinstance(document, dict)
        or not isinstance(record, dict)
        or not isinstance(record.get("steps"), dict)
    ):
        raise UnreadableWorkflow(
            f"{place} carries no record of a run; only pictures (PNG, WebP, JPEG), sounds, MIDI,"
            " GLB and films (MP4) that `musegraph run --out` saved without --no-embed do"
        )
    return Workflow.parse(document, place.parent), record, data


def copy_assets(workflow: Workflow, registry: Registry, source: Store, target: Store) -> None:
    """Bring the files that a workflow names by digest from one store to another."""

    def copy(value: Any, *_: Any) -> Any:
        asset = asset_of(value)
        data = source.get_bytes(asset.digest) if asset is not None and asset.digest else None
        if data is not None:
            target.put_bytes(data)
        return value

    change_values(workflow, registry.get, copy)


def digests_in(record: Mapping[str, Any]) -> dict[str, str]:
    """By the names that the models had, their digests; by them they are found if renamed since."""
    models = record.get("models")
    return {str(name): str(of) for name, of in models.items()} if isinstance(models, dict) else {}


def with_recorded(workflow: Workflow, record: Mapping[str, Any], registry: Registry) -> Workflow:
    """The workflow in which nodes that read the world give what they gave then.

    As far as that is short JSON, which the record holds; others read the world again.
    """
    nodes = dict(workflow.nodes)
    for id, facts in record["steps"].items():
        kind = registry.get(str(facts.get("type"))) if id in nodes else None
        outputs = facts.get("outputs") or {}
        known = all(str(name).startswith("json:") for name in outputs.values())
        if kind is not None and not kind.cache and outputs and known:
            nodes[id] = nodes[id]._replace(pin=dict(outputs))
    return replace(workflow, graph=replace(workflow.graph, nodes=nodes))


def compare(old: Mapping[str, Any], result: RunResult, data: bytes) -> Verdict:
    """The verdict on a run, given the record of the earlier one and the picture it saved."""
    was, now = old["steps"], result.record["steps"]
    first: Verdict | None = None
    grown: list[str] = []
    for id, facts in now.items():
        before = was.get(id)
        if before is None or _same(before, facts):
            continue
        if not (added := _added(before, facts)):
            first = Verdict("diverged", id, _why(before, facts))
            break
        grown.append(f"{id} now takes {' and '.join(added)}, which stands at its default")
    if first is None:
        return Verdict("identical", None, f"although {'; '.join(grown)}" if grown else "")
    makeshift = _is_makeshift(was[str(first.node)]) or _is_makeshift(now[str(first.node)])
    other = old.get("profile") != result.record["profile"] or makeshift
    if other and _inputs_agree(was, now):
        off = _levels(result, data)
        if off is not None and off <= LEVELS:
            return Verdict("within tolerance", first.node, first.why)
    return first


def _same(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    ended = [facts["status"] in ("failed", "skipped") for facts in (before, now)]
    pinned = "type" not in now  # to what was recorded: it has no key of its own
    return (
        ended[0] == ended[1]
        and (pinned or before.get("key") == now.get("key"))
        and before.get("outputs") == now.get("outputs")
    )


def _added(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """The inputs that a node has been given since, if that is all, and its results are the same.

    The document is the one of then, so it says nothing of them: they stand at their defaults.
    """
    old, new = before.get("inputs") or {}, now.get("inputs") or {}
    parts = ("type", "version", "profile", "outputs")
    rest = {port: identity for port, identity in new.items() if port in old}
    if not old or rest != old or any(before.get(part) != now.get(part) for part in parts):
        return []
    return sorted(new.keys() - old.keys())


def _why(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """The first thing that differs about a step, in words."""
    if now["status"] in ("failed", "skipped"):
        return str(now.get("error") or "it did not run")
    for name, said in (("type", "its type"), ("version", "its code version")):
        if before.get(name) != now.get(name):
            return f"{said} was {before.get(name)}, is {now.get(name)}"
    if _is_makeshift(before) != _is_makeshift(now):
        return _how_made(before, now)
    inputs = _changed(before, now)
    if inputs:
        return "; ".join(_named(port, before, now) for port in inputs)
    if before.get("profile") != now.get("profile"):
        return f"its numeric profile was {before.get('profile')}, is {now.get('profile')}"
    if "key" not in now:
        return "it reads the world, which gave something else"
    return "the same inputs gave another result: it is not deterministic"


def _is_makeshift(facts: Mapping[str, Any]) -> bool:
    """Whether memory ran out and the node did with less, which changes bits."""
    return bool(facts.get("makeshift"))


def _how_made(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """That one of the two was made with too little memory, and what was done about it."""
    if _is_makeshift(before):
        done = ", ".join(before.get("relief", ()))
        return f"memory ran out when it was made ({done}), and now there was enough"
    return f"memory ran out now ({', '.join(now.get('relief', ()))}), which it had not then"


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    old, new = before.get("inputs") or {}, now.get("inputs") or {}
    return [port for port in sorted(old | new) if old.get(port) != new.get(port)]


def _named(port: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    if port not in before.get("inputs", {}):
        return f"it now takes {port}, which it did not then"
    if port not in now.get("inputs", {}):
        return f"it no longer takes {port}"
    old, new = before.get("values") or {}, now.get("values") or {}
    if port in old and port in new and old[port] != new[port]:
        return f"{port} was {old[port]!r}, is {new[port]!r}"
    if port in old and port in new:  # the name stayed and what it names did not
        digests = [facts["inputs"].get(port, "none")[:19] for facts in (before, now)]
        return f"the files of its model {new[port]!r} have changed: {digests[0]} is {digests[1]}"
    return f"its input {port} is another one"


def _inputs_agree(was: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether code and set values are the same, so that only the machine differs."""
    return all(
        was[id].get("version") == facts.get("version")
        and was[id].get("values") == facts.get("values")
        for id, facts in now.items()
        if id in was
    )


def _levels(result: RunResult, data: bytes) -> float | None:
    """How far the saved picture is from the nearest output, in levels of 8 bits.

    None for a sound or a score, of which nobody has said what is near.
    """
    try:
        saved = files.read("Image", data, "", "output")
    except NodeError:
        return None
    offs = [
        float((part - saved.data[0]).abs().max()) * 255
        for value in result.outputs().values()
        for image in (value if isinstance(value, list) else [value])
        if isinstance(image, Image) and isinstance(saved, Image)
        for part in image.data.cpu()
        if part.shape == saved.data[0].shape
    ]
    return min(offs, default=None)
