"""Pack `style`: pictures repainted in the manner of others."""

from pathlib import Path

from musegraph import Pack

from .features import features, load_features
from .frames import transfer_frames
from .texture import texture
from .transfer import transfer

pack = Pack(
    "style",
    nodes=[load_features, transfer, texture, transfer_frames],
    version="1.0.0",
    title="Style",
    loaders={"features": features},
    libraries=("torch", "scipy"),
    texts=Path(__file__).parent / "texts",
)
