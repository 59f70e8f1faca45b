"""The instruments of General MIDI by name, and others for the parts of a score."""

from __future__ import annotations

import difflib
from typing import Annotated

from pydantic import Field

from musegraph import Message, NodeError, Score, Track, node

DRUMS = 9
MOST_PARTS = 256

PROGRAMS: tuple[str, ...] = (
    "Acoustic Grand Piano", "Bright Acoustic Piano", "Electric Grand Piano", "Honky-tonk Piano",
    "Electric Piano 1", "Electric Piano 2", "Harpsichord", "Clavinet",
    "Celesta", "Glockenspiel", "Music Box", "Vibraphone",
    "Marimba", "Xylophone", "Tubular Bells", "Dulcimer",
    "Drawbar Organ", "Percussive Organ", "Rock Organ", "Church Organ",
    "Reed Organ", "Accordion", "Harmonica", "Bandoneon",
    "Nylon Guitar", "Steel Guitar", "Jazz Guitar", "Clean Guitar",
    "Muted Guitar", "Overdriven Guitar", "Distortion Guitar", "Guitar Harmonics",
    "Acoustic Bass", "Fingered Bass", "Picked Bass", "Fretless Bass",
    "Slap Bass 1", "Slap Bass 2", "Synth Bass 1", "Synth Bass 2",
    "Violin", "Viola", "Cello", "Contrabass",
    "Tremolo Strings", "Pizzicato Strings", "Harp", "Timpani",
    "String Ensemble 1", "String Ensemble 2", "Synth Strings 1", "Synth Strings 2",
    "Choir Aahs", "Voice Oohs", "Synth Voice", "Orchestra Hit",
    "Trumpet", "Trombone", "Tuba", "Muted Trumpet",
    "French Horn", "Brass Section", "Synth Brass 1", "Synth Brass 2",
    "Soprano Saxophone", "Alto Saxophone", "Tenor Saxophone", "Baritone Saxophone",
    "Oboe", "English Horn", "Bassoon", "Clarinet",
    "Piccolo", "Flute", "Recorder", "Pan Flute",
    "Blown Bottle", "Shakuhachi", "Whistle", "Ocarina",
    "Square Lead", "Sawtooth Lead", "Calliope Lead", "Chiff Lead",
    "Charang Lead", "Voice Lead", "Fifths Lead", "Bass and Lead",
    "New Age Pad", "Warm Pad", "Polysynth Pad", "Choir Pad",
    "Bowed Pad", "Metallic Pad", "Halo Pad", "Sweep Pad",
    "Rain", "Soundtrack", "Crystal", "Atmosphere",
    "Brightness", "Goblins", "Echoes", "Science Fiction",
    "Sitar", "Banjo", "Shamisen", "Koto",
    "Kalimba", "Bagpipe", "Fiddle", "Shanai",
    "Tinkle Bell", "Agogo", "Steel Drums", "Woodblock",
    "Taiko", "Melodic Tom", "Synth Drum", "Reverse Cymbal",
    "Fret Noise", "Breath Noise", "Seashore", "Bird Tweet",
    "Telephone", "Helicopter", "Applause", "Gunshot",
)  # fmt: skip
"""By program, counted from 0."""

_SHORT = {
    "piano": 0, "electric piano": 4, "e-piano": 4, "rhodes": 4, "bells": 14, "organ": 16,
    "guitar": 24, "acoustic guitar": 25, "electric guitar": 27, "bass": 33, "electric bass": 33,
    "double bass": 43, "strings": 48, "string ensemble": 48, "choir": 52, "voice": 53, "horn": 60,
    "brass": 61, "sax": 65, "saxophone": 65, "lead": 80, "pad": 89,
}  # fmt: skip

DRUM_NAMES: dict[int, str] = {
    35: "Acoustic Bass Drum", 36: "Bass Drum", 37: "Side Stick", 38: "Acoustic Snare",
    39: "Hand Clap", 40: "Electric Snare", 41: "Low Floor Tom", 42: "Closed Hi-Hat",
    43: "High Floor Tom", 44: "Pedal Hi-Hat", 45: "Low Tom", 46: "Open Hi-Hat",
    47: "Low-Mid Tom", 48: "Hi-Mid Tom", 49: "Crash Cymbal 1", 50: "High Tom",
    51: "Ride Cymbal 1", 52: "Chinese Cymbal", 53: "Ride Bell", 54: "Tambourine",
    55: "Splash Cymbal", 56: "Cowbell", 57: "Crash Cymbal 2", 58: "Vibraslap",
    59: "Ride Cymbal 2", 60: "High Bongo", 61: "Low Bongo", 62: "Mute High Conga",
    63: "Open High Conga", 64: "Low Conga", 65: "High Timbale", 66: "Low Timbale",
    67: "High Agogo", 68: "Low Agogo", 69: "Cabasa", 70: "Maracas", 71: "Short Whistle",
    72: "Long Whistle", 73: "Short Guiro", 74: "Long Guiro", 75: "Claves",
    76: "High Wood Block", 77: "Low Wood Block", 78: "Mute Cuica", 79: "Open Cuica",
    80: "Mute Triangle", 81: "Open Triangle",
}  # fmt: skip
"""By pitch, what a drum of channel 10 is."""

_BY_NAME = {name.lower(): program for program, name in enumerate(PROGRAMS)}


def program_of(text: str) -> int:
    """A program by its name in General MIDI, a part of one, an everyday name or its number."""
    asked = " ".join(text.lower().split())
    if asked.isdecimal() and len(asked) < 4 and int(asked) < 128:
        return int(asked)
    for names in (_BY_NAME, _SHORT):
        if asked in names:
            return names[asked]
    within = [program for name, program in _BY_NAME.items() if asked and asked in name]
    if len(within) == 1:
        return within[0]
    near = [PROGRAMS[p] for p in within[:4]] or [
        PROGRAMS[_BY_NAME[name]] for name in difflib.get_close_matches(asked, _BY_NAME, 3, 0.5)
    ]
    hint = f"did you mean {', '.join(near)}?" if near else "write such as Violin, or 0 to 127"
    raise NodeError(f"{text.strip()!r} is no instrument of General MIDI; {hint}")


@node(version="1", title="Choose instruments")
def instruments(
    score: Score,
    names: Annotated[
        str,
        Field(
            max_length=10_000,
            description="Violin, Cello, bass: one for each part; an empty one stays as it is.",
        ),
    ],
) -> Score:
    """Give the parts of a score other instruments, by their names in General MIDI.

    A part is what a track plays on a channel; drums are none. The last name goes for all parts that
    are left. Numbers do as well, 0 to 127.
    """
    asked = [
        program_of(name) if name.strip() else None for name in names.replace("\n", ",").split(",")
    ]
    if len(asked) > MOST_PARTS:
        raise NodeError(f"more than {MOST_PARTS} instruments are no use; leave some out")
    made, count = [], 0
    for track in score.tracks:
        wanted: dict[int, int] = {}
        for channel in track.channels:
            if channel == DRUMS:
                continue
            program = asked[min(count, len(asked) - 1)]
            count += 1
            if program is not None:
                wanted[channel] = program
        made.append(_playing(track, wanted) if wanted else track)
    if not count:
        raise NodeError("the score has no part but drums, which have no instrument to choose")
    return Score(score.resolution, tuple(made), score.tempos, score.meters, score.keys)


def _playing(track: Track, wanted: dict[int, int]) -> Track:
    """A track whose channels play other programs from the start, and change them no more."""
    kept = [
        event
        for event in track.events
        if not (event.data[0] & 0xF0 == 0xC0 and event.data[0] & 0x0F in wanted)
        and not _bank(event, wanted)
    ]
    asked = [Message(0, bytes((0xC0 | channel, program))) for channel, program in wanted.items()]
    return Track.of(track.notes, [*asked, *kept], track.name, track.end)


def _bank(event: Message, wanted: dict[int, int]) -> bool:
    """Whether a message chooses a bank, of which another program may not be meant."""
    status = event.data[0]
    return (
        status & 0xF0 == 0xB0 and status & 0x0F in wanted
        and len(event.data) == 3 and event.data[1] in (0, 32)
    )  # fmt: skip
