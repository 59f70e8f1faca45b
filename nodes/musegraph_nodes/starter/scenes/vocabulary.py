"""The words that pictures and captions share, and the colours they stand for."""

from __future__ import annotations

from musegraph_nodes.starter.scenes.colour import Colour

STYLES = ("flat vector", "watercolor", "ink", "pixel art", "neon", "ukiyo-e")
TIMES = ("dawn", "day", "sunset", "dusk", "night")
WEATHERS = ("clear", "cloudy", "rain", "snow", "fog")
POSITIONS = ("left", "center", "right")
SHAPES = ("circle", "square", "triangle", "star", "heart", "flower")
RELATIONS = ("single", "left of", "right of", "above", "below", "count")
SUNNY_TIMES = ("dawn", "day", "sunset")

SUBJECTS: dict[str, tuple[str, ...]] = {
    "mountains": ("cabin", "pine trees", "hot air balloon", "castle", "birds"),
    "sea": ("sailboat", "lighthouse", "whale", "birds", "island"),
    "desert": ("cactus", "pyramid", "camel", "hot air balloon", "tent"),
    "city": ("bridge", "hot air balloon", "birds", "tower", "train"),
    "forest": ("cabin", "deer", "tent", "castle", "mushrooms"),
    "hills": ("house", "windmill", "trees", "hot air balloon", "flowers"),
    "lake": ("sailboat", "cabin", "trees", "swan", "birds"),
    "winter": ("cabin", "pine trees", "snowman", "deer", "house"),
}
SCENES = tuple(SUBJECTS)
COLOURED = frozenset(
    {
        "cabin",
        "castle",
        "flowers",
        "hot air balloon",
        "house",
        "lighthouse",
        "mushrooms",
        "sailboat",
        "tent",
        "train",
        "windmill",
    }
)
COUNTED = frozenset(
    {
        "cabin",
        "cactus",
        "camel",
        "deer",
        "hot air balloon",
        "house",
        "sailboat",
        "snowman",
        "swan",
        "tent",
        "windmill",
    }
)
ALREADY_PLURAL = frozenset({"birds", "flowers", "mushrooms", "pine trees", "trees"})

COLOURS: dict[str, Colour] = {
    "red": (216, 48, 44),
    "orange": (242, 134, 34),
    "yellow": (248, 210, 56),
    "green": (58, 164, 78),
    "teal": (28, 166, 164),
    "blue": (46, 98, 214),
    "purple": (130, 66, 184),
    "pink": (240, 112, 168),
    "white": (247, 245, 240),
}
# A tube of gas shines in purer, lighter colours than paint has.
NEON_COLOURS: dict[str, Colour] = {
    "red": (255, 48, 44),
    "orange": (255, 138, 24),
    "yellow": (255, 232, 50),
    "green": (52, 255, 92),
    "teal": (24, 240, 226),
    "blue": (52, 112, 255),
    "purple": (172, 76, 255),
    "pink": (255, 112, 186),
    "white": (250, 250, 255),
}

HELD_OUT_SCENES = frozenset({("neon", "desert"), ("watercolor", "city"), ("ukiyo-e", "forest")})
HELD_OUT_SUBJECTS = frozenset({("purple", "sailboat"), ("green", "hot air balloon")})
HELD_OUT_SHAPES = frozenset({("red", "star"), ("blue", "heart"), ("green", "triangle")})

NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five"}
PLURALS = {"deer": "deer", "cactus": "cactuses"}
STYLE_PHRASES: dict[str, tuple[str, ...]] = {
    "flat vector": ("flat vector illustration", "flat vector art"),
    "watercolor": ("watercolor painting", "watercolor"),
    "ink": ("ink drawing", "ink wash"),
    "pixel art": ("pixel art",),
    "neon": ("neon synthwave art", "neon art"),
    "ukiyo-e": ("ukiyo-e print", "ukiyo-e woodblock print"),
}
SCENE_PHRASES: dict[str, tuple[str, ...]] = {
    "mountains": ("mountains", "a mountain landscape"),
    "sea": ("the sea", "the ocean"),
    "desert": ("a desert", "desert dunes"),
    "city": ("a city skyline", "a city"),
    "forest": ("a forest", "a pine forest"),
    "hills": ("green hills", "rolling hills"),
    "lake": ("a mountain lake", "a lake"),
    "winter": ("a snowy winter landscape", "snowy mountains"),
}
TIME_PHRASES: dict[str, tuple[str, ...]] = {
    "dawn": ("at dawn", "at sunrise"),
    "day": ("by day", "in daylight"),
    "sunset": ("at sunset",),
    "dusk": ("at dusk", "at twilight"),
    "night": ("at night",),
}
WEATHER_PHRASES: dict[str, str] = {
    "clear": "",
    "cloudy": "cloudy sky",
    "rain": "rain",
    "snow": "snow falling",
    "fog": "fog",
}
