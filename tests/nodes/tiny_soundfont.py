"""SoundFonts of a few kilobytes, made number by number."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np

RATE = 22_050
Zone = dict[int, int]


def sine(hertz: float, seconds: float, rate: int = RATE) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def chunk(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def listed(kind: bytes, *chunks: bytes) -> bytes:
    return chunk(b"LIST", kind + b"".join(chunks))


def soundfont(
    samples: Sequence[tuple[np.ndarray, int, int]],
    instruments: Sequence[Sequence[Zone]],
    presets: Sequence[tuple[int, int, Sequence[Zone]]],
    kind: int = 1,
) -> bytes:
    """Samples with their pitch and where they begin to go round; zones by generator number.

    The last generator of a zone, 53 of an instrument and 41 of a preset, names what it plays.
    """
    pool, heads = b"", b""
    for wave, pitch, loop in samples:
        start = len(pool) // 2
        pool += np.round(wave * 32_767).astype("<i2").tobytes() + bytes(92)
        end = start + len(wave)
        heads += struct.pack("<20sIIIIIBbHH", b"one", start, end, start + loop, end, RATE, pitch, 0,
                             0, kind)  # fmt: skip
    heads += struct.pack("<20sIIIIIBbHH", b"EOS", *(0,) * 9)
    inst, ibag, igen = _tables([(b"one",)] * len(instruments), "<20sH", instruments)
    rows = [(b"preset %d" % program, program, bank) for bank, program, _ in presets]
    phdr, pbag, pgen = _tables(rows, "<20sHHH", [zones for _, _, zones in presets], bytes(12))
    empty = bytes(10)
    body = (
        b"sfbk"
        + listed(b"INFO", chunk(b"ifil", struct.pack("<HH", 2, 4)))
        + listed(b"sdta", chunk(b"smpl", pool))
        + listed(
            b"pdta",
            chunk(b"phdr", phdr),
            chunk(b"pbag", pbag),
            chunk(b"pmod", empty),
            chunk(b"pgen", pgen),
            chunk(b"inst", inst),
            chunk(b"ibag", ibag),
            chunk(b"imod", empty),
            chunk(b"igen", igen),
            chunk(b"shdr", heads),
        )
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _tables(
    rows: Sequence[tuple[object, ...]],
    layout: str,
    zones: Sequence[Sequence[Zone]],
    more: bytes = b"",
) -> tuple[bytes, bytes, bytes]:
    heads, bags, gens = b"", b"", b""
    bag = gen = 0
    if layout == "<20sH":
        rows = [(*row,) for row in rows]
    for row, own in zip(rows, zones, strict=True):
        heads += struct.pack(layout, *row, bag) + more
        for zone in own:
            bags += struct.pack("<HH", gen, 0)
            bag += 1
            for number, value in zone.items():
                gens += struct.pack("<HH", number, value & 0xFFFF)
                gen += 1
    last = (b"EOP", *(0,) * (len(rows[0]) - 1))
    heads += struct.pack(layout, *last, bag) + more
    return heads, bags + struct.pack("<HH", gen, 0), gens + bytes(4)


def plain(*, kind: int = 1) -> bytes:
    """A looped sine for program 0, one that is let go at once, and a drum that ends by itself."""
    tone = sine(441, 1.0)  # 50 samples a turn
    return soundfont(
        [(tone, 69, 50), (sine(882, 0.3) * np.linspace(1, 0, round(0.3 * RATE)), 60, 0)],
        [[{54: 1, 52: -4, 53: 0}], [{53: 1}]],
        [(0, 0, [{41: 0}]), (128, 0, [{41: 1}])],
        kind,
    )
