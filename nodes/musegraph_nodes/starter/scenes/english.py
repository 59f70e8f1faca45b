"""English words for what specs name, several for most things."""

from __future__ import annotations

NUMBERS = {2: ("two", "a pair of"), 3: ("three",), 4: ("four",), 5: ("five",)}
PLURALS = {
    "cactus": "cactuses",
    "deer": "deer",
    "ferris wheel": "ferris wheels",
    "fox": "foxes",
    "sheep": "sheep",
}
STYLES: dict[str, tuple[str, ...]] = {
    "flat vector": ("flat vector illustration", "flat vector art", "flat design"),
    "watercolor": ("watercolor painting", "watercolor", "watercolour"),
    "ink": ("ink drawing", "ink wash", "ink painting"),
    "pixel art": ("pixel art", "8-bit pixel art"),
    "neon": ("neon synthwave art", "neon art", "glowing neon lines"),
    "ukiyo-e": ("ukiyo-e print", "ukiyo-e woodblock print", "japanese woodblock print"),
    "paper cut": ("paper cut art", "layered paper cut", "papercraft"),
    "oil painting": ("oil painting", "impressionist oil painting", "thick oil paint"),
}
SCENES: dict[str, tuple[str, ...]] = {
    "mountains": ("mountains", "a mountain landscape", "high peaks"),
    "sea": ("the sea", "the ocean", "the open sea"),
    "desert": ("a desert", "desert dunes", "sand dunes"),
    "city": ("a city skyline", "a city", "skyscrapers"),
    "forest": ("a forest", "the woods", "a woodland"),
    "hills": ("green hills", "rolling hills", "hills"),
    "lake": ("a mountain lake", "a lake", "a calm lake"),
    "winter": ("a snowy winter landscape", "snowy mountains", "a winter landscape"),
    "canyon": ("a red canyon", "a canyon with mesas", "a canyon"),
    "beach": ("a sandy beach", "a beach", "a tropical beach"),
    "waterfall": ("a waterfall", "a waterfall between cliffs", "a high waterfall"),
    "fields": ("fields", "farm fields", "rows of crops"),
}
TIMES: dict[str, tuple[str, ...]] = {
    "dawn": ("at dawn", "at sunrise", "in the early morning"),
    "day": ("by day", "in daylight", "at noon"),
    "sunset": ("at sunset", "in the golden hour"),
    "dusk": ("at dusk", "at twilight", "in the evening"),
    "night": ("at night", "by night"),
}
SEASONS: dict[str, tuple[str, ...]] = {
    "spring": ("in spring", "in springtime"),
    "summer": ("in summer",),
    "autumn": ("in autumn", "in the fall"),
}
WEATHERS: dict[str, tuple[str, ...]] = {
    "clear": ("",),
    "cloudy": ("cloudy sky", "clouds", "an overcast sky"),
    "rain": ("rain", "rainy weather", "in the rain"),
    "snow": ("snow falling", "snowfall", "snowflakes"),
    "fog": ("fog", "mist", "foggy"),
    "rainbow": ("a rainbow", "rainbow in the sky"),
    "aurora": ("aurora borealis", "northern lights"),
}
ORBS: dict[str, tuple[str, ...]] = {
    "sun": ("sun", "the sun"),
    "crescent moon": ("crescent moon", "a crescent moon"),
    "full moon": ("full moon", "a full moon"),
}
POSITIONS: dict[str, tuple[str, ...]] = {
    "left": (" on the left", " at the left", " on the left side"),
    "center": ("", " in the middle", " in the center"),
    "right": (" on the right", " at the right", " on the right side"),
}
COLOURS: dict[str, tuple[str, ...]] = {
    "red": ("red", "red", "red", "crimson"),
    "orange": ("orange",),
    "yellow": ("yellow", "yellow", "yellow", "golden yellow"),
    "green": ("green",),
    "teal": ("teal", "teal", "turquoise"),
    "blue": ("blue",),
    "purple": ("purple", "purple", "violet"),
    "pink": ("pink",),
    "white": ("white",),
}
# Other nouns for a subject; its own name counts twice.
SUBJECTS: dict[str, tuple[str, ...]] = {
    "airplane": ("plane",),
    "birds": ("flying birds",),
    "cabin": ("log cabin",),
    "deer": ("stag",),
    "hot air balloon": ("balloon",),
    "house": ("cottage",),
    "parasol": ("beach umbrella",),
    "rowing boat": ("rowboat",),
    "sailboat": ("sailing boat",),
    "pine trees": ("firs",),
    "tower": ("lattice tower",),
}
RELATIONS: dict[str, tuple[str, ...]] = {
    "left of": ("left of", "to the left of"),
    "right of": ("right of", "to the right of"),
    "above": ("above", "over"),
    "below": ("below", "under"),
}
SHAPES: dict[str, tuple[str, ...]] = {
    "circle": ("circle", "circle", "disc"),
    "diamond": ("diamond",),
    "crescent": ("crescent",),
}
