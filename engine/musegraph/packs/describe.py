"""What only importing a pack tells: its nodes, its texts, whether its workflows fit.

``python -m musegraph.packs.describe QUESTION ANSWER`` is run in a process of its own.
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from musegraph.errors import InvalidWorkflow, MusegraphError, PackError
from musegraph.installed import GROUP, InstalledPack, default_packs, entries, of_environment
from musegraph.node import NodeType
from musegraph.pack import Pack, Registry
from musegraph.packs.child import answer_with, ask
from musegraph.packs.project import Project, read_project
from musegraph.workflow import Workflow

SECONDS = 120


def describe(project: Project) -> dict[str, Any]:
    """What importing the pack tells, from a process of its own."""
    answer = ask("musegraph.packs.describe", {"root": str(project.root)}, SECONDS)
    assert isinstance(answer, dict)
    if error := answer.get("error"):
        raise PackError(f"the pack cannot be imported: {error}")
    return answer


def open_pack(project: Project) -> Pack:
    """The pack of a project, imported from its sources."""
    sys.path.insert(0, str(project.sources))
    name = project.manifest.namespace
    pack = EntryPoint(name, project.entry, GROUP).load()
    if not isinstance(pack, Pack):
        raise PackError(f"{project.entry} is no Pack; write pack = Pack({name!r}, nodes=[…])")
    if pack.name != name:
        raise PackError(f"{project.entry} is named {pack.name!r}, and the manifest says {name!r}")
    folder = project.home if project.package.is_dir() else project.package
    version = project.version if pack.version == "0" else pack.version
    return replace(pack, folder=pack.folder or folder, version=version)


def registry_with(pack: Pack) -> Registry:
    """The pack from its sources, beside all others that are there."""
    folder = default_packs()
    found: list[EntryPoint | InstalledPack] = [*of_environment(folder), *entries(folder)]
    return Registry([pack], [entry for entry in found if entry.name != pack.name])


def workflows_of(project: Project) -> list[Path]:
    folder = project.folder("workflows")
    return sorted(folder.glob("*.json")) if folder is not None else []


def _told(project: Project) -> dict[str, Any]:
    from musegraph.texts import digest, node_texts, pack_texts, problems
    from musegraph.texts import entries as texts_in

    pack = open_pack(project)
    folder = pack.texts or project.folder("texts")
    languages = sorted(file.stem for file in folder.glob("*.json")) if folder else []
    texts: dict[str, list[str]] = {}
    lacking: dict[str, list[str]] = {}
    for language in languages:
        try:
            said = texts_in(folder, language)
        except MusegraphError as error:
            texts[language] = [str(error)]
            continue
        words = {pack.name: pack_texts(pack, {})}
        words |= {id: node_texts(kind, {}) for id, kind in pack.types.items()}
        begun = {id: english for id, english in words.items() if id in said}
        lacking[language] = [
            f'{id} is not translated; an entry for it begins "{id}": {{"english": '
            f'"{digest(english)}", "title": …'
            for id, english in words.items()
            if id not in begun
        ]
        texts[language] = [
            one for one in problems(pack, said) if one.partition(":")[0] not in words.keys() - begun
        ]
    return {
        "version": pack.version,
        "title": pack.title,
        "nodes": [kind.schema() for kind in pack.types.values()],
        "helped": {id: _helped(kind) for id, kind in pack.types.items()},
        "places": {id: _place(kind, project) for id, kind in pack.types.items()},
        "texts_in_code": str(pack.texts or ""),
        "texts": texts,
        "lacking": lacking,
        "workflows": dict(_workflows(project, registry_with(pack))),
    }


def _helped(kind: NodeType) -> list[str]:
    """The inputs that have a description, or need none because their type says it all."""
    return [
        name
        for name, port in kind.inputs.items()
        if port.help or not (port.type.item or port.type).is_json or port.type.name == "Seed"
    ]


def _place(kind: NodeType, project: Project) -> str:
    """The file and line of a node's function."""
    try:
        file = inspect.getsourcefile(kind.function)
        line = inspect.getsourcelines(kind.function)[1]
    except (OSError, TypeError):
        return kind.id
    return f"{project.shown(Path(file or '').resolve())}:{line}"


def _workflows(project: Project, registry: Registry) -> Iterator[tuple[str, list[str]]]:
    """What speaks against each workflow of the pack."""
    from musegraph.run import Engine
    from musegraph.store import Store

    engine = Engine(registry, Store())
    for file in workflows_of(project):
        try:
            engine.plan(engine.settle(Workflow.read(file)))
            yield project.shown(file), []
        except InvalidWorkflow as error:
            yield project.shown(file), [str(problem) for problem in error.problems]
        except MusegraphError as error:
            yield project.shown(file), [str(error)]


def main(question: str, answer: str) -> None:
    request = json.loads(Path(question).read_text("utf-8"))
    try:
        told = _told(read_project(Path(request["root"])))
    except MusegraphError as error:
        told = {"error": str(error)}
    except (Exception, SystemExit) as error:  # noqa: BLE001  importing a pack runs someone else's code
        last = error.__traceback__
        while last is not None and last.tb_next is not None:
            last = last.tb_next
        at = (
            f" ({Path(last.tb_frame.f_code.co_filename).name}, line {last.tb_lineno})"
            if last
            else ""
        )
        told = {"error": f"{type(error).__name__}: {error}{at}"}
    answer_with(answer, told)


if __name__ == "__main__":
    main(*sys.argv[1:])
