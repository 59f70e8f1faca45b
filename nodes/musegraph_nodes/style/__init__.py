"""Pack `style`: pictures repainted in the manner of others."""

from pathlib import Path

from musegraph import Pack

from .adain import adain, adain_loader
from .fast import apply, fast, load_fast
from .features import features, load_features
from .frames import transfer_frames
from .texture import texture
from .train import train_fast
from .transfer import transfer
from .weave import weave

pack = Pack(
    "style",
    nodes=[
        load_features,
        transfer,
        texture,
        transfer_frames,
        adain,
        weave,
        load_fast,
        apply,
        train_fast,
    ],
    version="1.0.0",
    title="Style",
    loaders={"features": features, "fast": fast, "adain": adain_loader},
    libraries=("torch", "scipy"),
    imports=("scipy",),
    texts=Path(__file__).parent / "texts",
)
