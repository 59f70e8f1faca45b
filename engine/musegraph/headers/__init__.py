"""The headers of weights, read and checked before anything else of their files is."""

from musegraph.headers.gguf import read_gguf
from musegraph.headers.safetensors import Header, read_header, read_safetensors

__all__ = ["Header", "read_gguf", "read_header", "read_safetensors"]
