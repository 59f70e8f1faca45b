"""Builds the example packs and their index, which are kept in ``wheels``.

A wheel whose contents are those of the one that is kept stays as it is: how bytes are compressed
differs between builds of zlib.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from musegraph.packs.describe import describe
from musegraph.packs.index import write_index
from musegraph.packs.project import read_project
from musegraph.packs.wheel import Wheel, build, read_wheel

HERE = Path(__file__).parent
EXAMPLES, WHEELS = HERE / "examples", HERE / "wheels"


def built(folder: Path) -> list[Wheel]:
    """The wheels of all examples, built anew."""
    made = []
    for place in sorted(EXAMPLES.iterdir()):
        project = read_project(place)
        made.append(read_wheel(build(project, folder, describe(project)["nodes"])))
    return made


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        made = built(Path(folder))
        WHEELS.mkdir(exist_ok=True)
        for old in WHEELS.glob("*.whl"):
            if old.name not in {one.place.name for one in made}:
                old.unlink()
        for one in made:
            kept = WHEELS / one.place.name
            if not kept.is_file() or read_wheel(kept).content != one.content:
                shutil.copyfile(one.place, kept)
                print(f"{kept.name} is another now")
    place, index = write_index(WHEELS)
    print(f"{place.relative_to(HERE)}: {', '.join(index.packs)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
