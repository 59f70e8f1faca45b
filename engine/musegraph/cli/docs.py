"""``docs``: the catalogue as a folder of HTML pages, made from docstrings, schemas and runs."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from musegraph.cli.entry import FINE, UsageError, print_json
from musegraph.cli.loading import open_engine
from musegraph.cli.pages import Example, all_pages
from musegraph.cli.style import Style, number
from musegraph.errors import MusegraphError
from musegraph.paths import why_missing
from musegraph.run import Engine
from musegraph.values import Image
from musegraph.workflow import Workflow


def docs(args: Namespace) -> int:
    folder = Path(args.out)
    with open_engine(args) as engine:
        examples = examples_in(engine, args.examples, folder)
        packs = [pack for n in engine.registry.names() if (pack := engine.registry.pack(n))]
        pages = all_pages(packs, examples)
    write_pages(pages, folder, args.json)
    return FINE


def write_pages(pages: dict[str, str], folder: Path, as_json: bool) -> None:
    """Write the pages, and say where they start."""
    try:
        for name, text in pages.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}") from None
    if as_json:
        print_json({"index": str(folder / "index.html"), "files": sorted(pages)})
    else:
        count = sum(name.endswith(".html") for name in pages)
        Style(sys.stdout).line(f"{number(count, 'page')}: {folder / 'index.html'}")


def examples_in(engine: Engine, place: str | None, folder: Path) -> list[Example]:
    """The workflows of a folder, each run."""
    if place is None:
        return []
    if why_missing(Path(place)) or not Path(place).is_dir():
        raise UsageError(f"there is no folder of examples at {place}")
    return [_example(engine, path, folder) for path in sorted(Path(place).glob("*.json"))]


def _example(engine: Engine, path: Path, folder: Path) -> Example:
    """The example, run with its quick inputs; its pictures are written below ``folder``."""
    workflow = Workflow.read(path)
    result = engine.run(engine.plan(engine.settle(workflow, quick=True)))
    if not result.ok:
        raise MusegraphError(f"the example {path} does not run; 'musegraph run {path}' says why")
    pictures = []
    for name, value in result.outputs().items():
        if isinstance(value, Image):
            target = folder / "pictures" / f"{path.stem}-{name}.png"
            _write(value, target)
            pictures.append(target.relative_to(folder).as_posix())
    texts = path.parent / "texts"
    return Example(path.stem, path.as_posix(), workflow, tuple(pictures), texts)


def _write(image: Image, target: Path) -> None:
    from PIL import Image as PilImage

    target.parent.mkdir(parents=True, exist_ok=True)
    levels = (image.data[0].clamp(0, 1) * 255).round().byte().cpu().numpy()
    PilImage.fromarray(levels).save(target, optimize=True)
