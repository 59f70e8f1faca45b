"""Texts made to keep a pattern, a template or a search busy: each is over in 100 ms."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable
from contextlib import suppress
from time import thread_time
from typing import Any

import pytest
from PIL import Image as Pillow

from musegraph import Workflow
from musegraph.errors import MusegraphError
from musegraph.hub.names import read_source
from musegraph.inputs import parse_argument
from musegraph.shortage import device_lost, shortage_of
from musegraph.values import File, parse, parse_type
from musegraph.values.embedding import embed
from musegraph.values.files import plain_name
from musegraph_nodes.core.fields import get, parse_json
from musegraph_nodes.core.strings import compare_texts, replace, template

MOST = 0.1
"""Seconds of CPU time for one text."""

SIZE = 20_000
STARTS = ("a", "{", "{{", "{a", "(", "[", '"', "\\", "/", "~1", ".", "-", "0", "1e", " ", "\t",
          "\n", "<a", "é", "\u0301", "%", "hf:", "list[", '"\\', "https://huggingface.co/",
          "CUDA error ", "tried to allocate ", "com1.", "_", ":")  # fmt: skip


def texts() -> list[str]:
    """200 and more: one part again and again, with ends that suit it and that do not."""
    ends = ("", "!", "}", "]", '"', "/x", "\0")
    return [start * (SIZE // len(start)) + end for start, end in itertools.product(STARTS, ends)]


def webp(packet: str) -> File:
    stream = io.BytesIO()
    Pillow.new("RGB", (2, 2)).save(stream, "WEBP", xmp=packet.encode())
    return File(stream.getvalue(), "a.webp")


OPENED = '<rdf:Description rdf:about="" xmlns:musegraph="urn:musegraph:facts">'

READERS: dict[str, Callable[[str], Any]] = {
    "a template": lambda text: template(text, {}),
    "what is replaced": lambda text: replace(text, text[:20], "x"),
    "what is looked for": lambda text: compare_texts("a" * SIZE, text[: SIZE // 2], "contains"),
    "a path": lambda text: get({}, "/" + text),
    "a text as JSON": parse_json,
    "a document as JSON": parse,
    "a workflow": lambda text: Workflow.parse({"musegraph": 1, "nodes": {text: {"type": text}}}),
    "a type": parse_type,
    "a file name": plain_name,
    "a name on the hub": read_source,
    "a value on the command line": lambda text: parse_argument(text, parse_type("Number")),
    "an error": lambda text: (shortage_of(RuntimeError(text)), device_lost(text)),
    "the facts of a picture": lambda text: embed(webp(text.replace("\0", "")), {"a": 1}),
}


@pytest.mark.parametrize("name", READERS)
def test_a_text_made_to_keep_it_busy_does_not(name: str) -> None:
    assert len(texts()) >= 200
    slow = {}
    more = [OPENED * 5000] if name == "the facts of a picture" else []
    for text in [*texts(), *more]:
        start = thread_time()
        with suppress(MusegraphError, ValueError):
            READERS[name](text)
        if (seconds := thread_time() - start) > MOST:
            slow[text[:30] + "…" + text[-3:]] = seconds
    assert slow == {}
