"""What pictures are made of, by the names that specs use, and the colours that names stand for."""

from __future__ import annotations

from musegraph_nodes.starter.scenes.colour import Colour

STYLES = (
    "flat vector",
    "watercolor",
    "ink",
    "pixel art",
    "neon",
    "ukiyo-e",
    "paper cut",
    "oil painting",
)
TIMES = ("dawn", "day", "sunset", "dusk", "night")
WEATHERS = ("clear", "cloudy", "rain", "snow", "fog", "rainbow", "aurora")
SEASONS = ("spring", "summer", "autumn")
POSITIONS = ("left", "center", "right")
SHAPES = ("circle", "square", "triangle", "star", "heart", "flower", "diamond", "crescent")
RELATIONS = ("single", "left of", "right of", "above", "below", "count")
SUNNY_TIMES = ("dawn", "day", "sunset")

SUBJECTS: dict[str, tuple[str, ...]] = {
    "mountains": ("cabin", "pine trees", "hot air balloon", "castle", "birds", "airplane", "horse"),
    "sea": ("sailboat", "lighthouse", "whale", "birds", "island", "dolphin", "rowing boat"),
    "desert": ("cactus", "pyramid", "camel", "hot air balloon", "tent", "car"),
    "city": ("bridge", "hot air balloon", "birds", "tower", "train", "ferris wheel", "airplane"),
    "forest": ("cabin", "deer", "tent", "castle", "mushrooms", "fox", "bear"),
    "hills": ("house", "windmill", "trees", "hot air balloon", "flowers", "sheep", "kite", "barn"),
    "lake": ("sailboat", "cabin", "trees", "swan", "birds", "rowing boat", "pagoda"),
    "winter": ("cabin", "pine trees", "snowman", "deer", "house", "penguin", "church", "fox"),
    "canyon": ("cactus", "car", "horse", "hot air balloon", "train", "tent"),
    "beach": ("parasol", "palm trees", "sailboat", "kite", "rowing boat", "tent"),
    "waterfall": ("pagoda", "deer", "tent", "bear", "birds", "cabin"),
    "fields": ("windmill", "barn", "house", "sheep", "church", "horse", "car", "kite"),
}
SCENES = tuple(SUBJECTS)
# Where leaves, grass or crops show the season.
SEASONAL = frozenset({"mountains", "forest", "hills", "lake", "waterfall", "fields"})
# Styles whose scenery has colours of its own cannot show it.
SEASONLESS_STYLES = frozenset({"ink", "neon"})
SNOWLESS = frozenset({"desert", "canyon", "beach"})
COLOURED = frozenset(
    {
        "airplane",
        "barn",
        "cabin",
        "car",
        "castle",
        "church",
        "ferris wheel",
        "flowers",
        "hot air balloon",
        "house",
        "kite",
        "lighthouse",
        "mushrooms",
        "pagoda",
        "parasol",
        "rowing boat",
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
        "fox",
        "hot air balloon",
        "house",
        "kite",
        "parasol",
        "penguin",
        "sailboat",
        "sheep",
        "snowman",
        "swan",
        "tent",
        "windmill",
    }
)
ALREADY_PLURAL = frozenset({"birds", "flowers", "mushrooms", "palm trees", "pine trees", "trees"})

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

HELD_OUT_SCENES = frozenset(
    {
        ("neon", "desert"),
        ("watercolor", "city"),
        ("ukiyo-e", "forest"),
        ("paper cut", "lake"),
        ("oil painting", "canyon"),
    }
)
HELD_OUT_SUBJECTS = frozenset(
    {
        ("purple", "sailboat"),
        ("green", "hot air balloon"),
        ("yellow", "car"),
        ("blue", "barn"),
        ("pink", "tent"),
    }
)
HELD_OUT_SHAPES = frozenset({("red", "star"), ("blue", "heart"), ("green", "triangle")})
