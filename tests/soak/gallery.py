"""What the models that come along make, as a page: ``python tests/soak/gallery.py [--quick]``.

24 pictures, 6 pieces and 6 dances, by fixed rules and seeds and not by hand: the first sixteen
prompts of the judge that training has shown and the first eight that it has not; the first six
genres and dances with a seed each. The page is ``build/gallery/index.html``, and every file in it
carries its workflow. Started again it goes on with what is missing.
"""

from __future__ import annotations

import argparse
import csv
import html
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from machine import machine, now
from showcase import ROOT, musegraph

from musegraph_nodes.music.composer.styles import STYLES
from musegraph_nodes.starter.training.prompts import load_prompts

OUT = ROOT / "build" / "gallery"
DANCES = (
    ("hip-hop", "lofi", 92),
    ("house", "house", 122),
    ("popping", "pop", 108),
    ("disco", "pop", 118),
    ("salsa", "bossa", 100),
    ("swing", "jazz", 140),
)
"""A dance, the music that it goes to, and beats a minute."""

STYLE = """
:root { color-scheme: light dark; --line: #d5d9e0; --quiet: #4e5664 }
@media (prefers-color-scheme: dark) { :root { --line: #3b414c; --quiet: #a6afbd } }
body { margin: 0 auto; max-width: 1080px; padding: 24px; font: 15px/1.5 system-ui, sans-serif }
h1 { font-size: 28px; margin: 16px 0 4px } h2 { font-size: 19px; margin: 36px 0 12px }
.all { display: grid; gap: 16px; grid-template-columns: repeat(auto-fill, minmax(230px, 1fr)) }
.wide { grid-template-columns: repeat(auto-fill, minmax(320px, 1fr)) }
figure { margin: 0; border: 1px solid var(--line); border-radius: 8px; overflow: hidden }
img, video { display: block; width: 100%; image-rendering: auto }
audio { display: block; width: 100% }
figcaption { padding: 8px 12px; font-size: 13px; color: var(--quiet) }
.quiet { color: var(--quiet) }
"""


@dataclass(frozen=True)
class Part:
    """One workflow, its rows, and what is shown of each."""

    title: str
    example: str
    rows: Sequence[dict[str, object]]
    shown: tuple[str, ...]
    caption: tuple[str, ...]
    about: str


def parts(quick: bool) -> list[Part]:
    """Pictures, pieces and dances; two of each if it is to be quick."""
    prompts = load_prompts()
    seen = [one for one in prompts if not one.held_out][:16]
    pictures = seen + [one for one in prompts if one.held_out][:8]
    most = 2 if quick else None
    return [
        Part(
            "Pictures",
            "text_to_image",
            [{"prompt": one.text, "seed": one.seed} for one in pictures][:most],
            ("picture",),
            ("prompt",),
            "starter/scenes; the last eight combine words that training never showed together",
        ),
        Part(
            "Music",
            "compose_music",
            [{"genre": genre, "seed": at} for at, genre in enumerate(list(STYLES)[:6])][:most],
            ("picture", "sound"),
            ("genre",),
            "starter/music, sixteen bars from nothing",
        ),
        Part(
            "Dance",
            "learned_dance",
            [
                {"style": style, "genre": genre, "tempo": tempo, "seed": at}
                for at, (style, genre, tempo) in enumerate(DANCES)
            ][:most],
            ("film",),
            ("style", "tempo"),
            "starter/dance, to music by rule",
        ),
    ]


def made(part: Part) -> list[dict[str, str]]:
    """The rows of the table of results; raises RuntimeError where one is not done."""
    folder = OUT / part.example
    folder.mkdir(parents=True, exist_ok=True)
    table = folder / "rows.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(part.rows[0]))
        writer.writeheader()
        writer.writerows(part.rows)
    example = ROOT / "workflows" / f"{part.example}.json"
    done = musegraph(
        "run", str(example), "--rows", str(table), "--out", str(folder), "--quiet",
        cache=str(OUT / "cache"),
    )  # fmt: skip
    if done.code:
        raise RuntimeError(f"{part.example}: exit code {done.code}: {done.told}")
    with (folder / "results.csv").open(encoding="utf-8", newline="") as held:
        return list(csv.DictReader(held))


def shown(part: Part, row: dict[str, str]) -> str:
    """A row as a figure."""
    media = []
    for name in part.shown:
        place = html.escape(f"{part.example}/{row[name]}")
        kind = {"film": "video", "sound": "audio"}.get(name)
        place += "#t=1" if kind == "video" else ""  # else some browsers show nothing yet
        media.append(
            f'<{kind} controls loop preload="metadata" src="{place}"></{kind}>'
            if kind
            else f'<img loading="lazy" src="{place}" alt="">'
        )
    caption = ", ".join(row[name] for name in part.caption) + f" · seed {row['seed']}"
    text = html.escape(caption)
    return f"<figure>{''.join(media)}<figcaption>{text}</figcaption></figure>"


def page(done: list[tuple[Part, list[dict[str, str]]]]) -> str:
    """The page, of files that lie beside it."""
    body = [f"<h1>Musegraph</h1><p class=quiet>Made {now()} by {machine()}</p>"]
    for part, rows in done:
        wide = "" if part.shown == ("picture",) else " wide"
        figures = "\n".join(shown(part, row) for row in rows)
        body.append(
            f"<h2>{part.title}</h2><p class=quiet>{html.escape(part.about)}:"
            f" <code>musegraph run workflows/{part.example}.json</code></p>"
            f'<div class="all{wide}">\n{figures}\n</div>'
        )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Musegraph: gallery</title>'
        f"<style>{STYLE}</style></head><body>{''.join(body)}</body></html>\n"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two of each kind")
    done = []
    for part in parts(parser.parse_args().quick):
        print(f"{part.title}: {len(part.rows)}", flush=True)
        done.append((part, made(part)))
    index = OUT / "index.html"
    index.write_text(page(done), encoding="utf-8")
    print(index)
    return 0


if __name__ == "__main__":
    sys.exit(main())
