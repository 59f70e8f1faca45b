"""``pack check``: everything that others would stumble over, at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.version import InvalidVersion, Version

from musegraph.errors import PackError
from musegraph.packs.describe import describe
from musegraph.packs.imports import Imports
from musegraph.packs.project import FILE, Project

_SNAKE = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Finding:
    """Something to change: where, and a sentence. Only errors make a pack fail its check."""

    level: Literal["error", "warning"]
    where: str
    message: str

    def json(self) -> dict[str, str]:
        return {"level": self.level, "where": self.where, "message": self.message}


@dataclass(frozen=True)
class Checked:
    """All findings, and what importing the pack told, if it can be imported."""

    findings: tuple[Finding, ...]
    told: dict[str, Any] | None

    @property
    def ok(self) -> bool:
        return not any(finding.level == "error" for finding in self.findings)


def check(project: Project) -> Checked:
    """Look a pack through: what is read, then what importing it in its own process tells."""
    imports = Imports(project)
    found = [Finding("error", where, text) for where, text in _about(project)]
    found += [Finding("error", where, text) for where, text in imports.errors()]
    found += [Finding("warning", where, text) for where, text in imports.slow()]
    try:
        told = describe(project)
    except PackError as error:
        return Checked((*found, Finding("error", project.entry, str(error))), None)
    found += [Finding("error", where, text) for where, text in _nodes(told)]
    found += [Finding("error", where, text) for where, text in _others(project, told)]
    found += [Finding("warning", where, text) for where, text in _advice(project, told)]
    return Checked(tuple(found), told)


def _about(project: Project) -> Iterator[tuple[str, str]]:
    """Version, licence, README, and the folders that the manifest names."""
    table = project.project
    try:
        Version(project.version)
    except InvalidVersion:
        yield FILE, f'project.version {project.version!r} is no version; write one such as "0.1.0"'
    licence = table.get("license")
    if not isinstance(licence, str):
        yield FILE, 'project.license is missing or no text; write the SPDX name: license = "MIT"'
    else:
        try:
            canonicalize_license_expression(licence)
        except InvalidLicenseExpression:
            yield FILE, f'project.license {licence!r} is no SPDX name; write one such as "MIT"'
    named = table.get("license-files", ["LICEN[CS]E*"])
    if not any(any(project.root.glob(str(pattern))) for pattern in named):
        yield FILE, "there is no file with the licence's text; put it in LICENSE"
    if not table.get("description"):
        yield FILE, "project.description is missing; say in a line what the pack is for"
    if not table.get("readme") or not (project.root / str(table.get("readme"))).is_file():
        yield FILE, 'project.readme names no file; write one and say readme = "README.md"'
    for kind in ("workflows", "texts"):
        folder = project.folder(kind)
        if folder is not None and not any(folder.glob("*.json")):
            yield FILE, f"tool.musegraph.{kind}: there is no JSON in {project.shown(folder)}"


def _nodes(told: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Names and documentation of nodes and ports."""
    if not told["nodes"]:
        yield "nodes", "the pack has no nodes; list the functions in Pack(…, nodes=[…])"
    for schema in told["nodes"]:
        id, place = schema["id"], told["places"][schema["id"]]
        name = id.partition(".")[2]
        if not _SNAKE.fullmatch(name):
            yield (
                place,
                f"{id}: a node is named in lower-case letters, digits and _: {_snake(name)}",
            )
        first = schema["text"].partition("\n")[0]
        if not first:
            yield place, f"{id} has no docstring; its first line is what people read of it"
        elif not first.endswith((".", "?", "!", "…")):
            yield (
                place,
                f"{id}: the first line of its docstring is no sentence; end it with a point",
            )
        for side in ("inputs", "outputs"):
            for port in schema[side]:
                if not _SNAKE.fullmatch(port):
                    yield (
                        place,
                        (
                            f"{id}: the port {port!r} is named in lower-case letters, digits and "
                            f"_: {_snake(port)}"
                        ),
                    )
        for port in schema["inputs"]:
            if port not in told["helped"][id]:
                yield (
                    place,
                    (
                        f"{id}: the input {port!r} has no description; write "
                        f'Annotated[…, Field(description="…")]'
                    ),
                )


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|\W+", "_", name).lower()


def _others(project: Project, told: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Texts, workflows, and what code and manifest both say."""
    if told["version"] != project.version:
        yield (
            FILE,
            (
                f"project.version is {project.version!r}, and Pack(version={told['version']!r}) "
                "says another; leave version out of Pack, and it is this one"
            ),
        )
    if (english := project.manifest.title.get("en")) and english != (told["title"] or english):
        yield (
            FILE,
            (
                f"tool.musegraph.title.en is {english!r}, and Pack(title={told['title']!r}) says "
                "another"
            ),
        )
    if project.manifest.texts and not told["texts_in_code"]:
        yield (
            FILE,
            (
                "tool.musegraph.texts names a folder that the pack does not use; write "
                f'Pack(…, texts=Path(__file__).with_name("{project.manifest.texts}"))'
            ),
        )
    for language, problems in told["texts"].items():
        for problem in problems:
            yield f"texts/{language}.json", problem
    for file, problems in told["workflows"].items():
        for problem in problems:
            yield file, problem


def _advice(project: Project, told: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if not told["texts"]:
        yield (
            FILE,
            (
                "the pack speaks English only; words in other languages go into LANGUAGE.json in "
                "a folder "
                'that the manifest names: texts = "texts"'
            ),
        )
    for language, lacking in told["lacking"].items():
        for one in lacking:
            yield f"texts/{language}.json", one
    if not told["workflows"]:
        yield FILE, 'the pack shows no workflow; put one into a folder: workflows = "workflows"'
    if not (project.root / "tests").is_dir():
        yield "tests", "there are no tests; 'musegraph pack new' shows how one looks"
    for schema in told["nodes"]:
        for name, port in schema["inputs"].items():
            described = port.get("schema", {})
            bounded = {"maximum", "exclusiveMaximum", "enum"} & described.keys()
            if described.get("type") == "integer" and not bounded:
                yield (
                    told["places"][schema["id"]],
                    (
                        f"{schema['id']}: the number {name!r} has no upper limit; say "
                        "Field(le=…), so that a slip of the finger cannot ask for all memory"
                    ),
                )
