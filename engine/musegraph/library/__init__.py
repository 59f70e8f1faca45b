"""The library of models: which there are, what each is, and where one is that was renamed."""

from musegraph.library.facts import PICKLES, WEIGHTS, Facts
from musegraph.library.families import BY_ID, FAMILIES, Family, by_class, title_of
from musegraph.library.folders import Added, default_models, named_folders
from musegraph.library.recognise import Recognised, recognise
from musegraph.library.scan import Entry, Library, Listing
from musegraph.library.walk import MAX_DEPTH, MAX_FILES, SUFFIXES, Root, model_files, preview_of

__all__ = [
    "BY_ID",
    "FAMILIES",
    "MAX_DEPTH",
    "MAX_FILES",
    "PICKLES",
    "SUFFIXES",
    "WEIGHTS",
    "Added",
    "Entry",
    "Facts",
    "Family",
    "Library",
    "Listing",
    "Recognised",
    "Root",
    "by_class",
    "default_models",
    "model_files",
    "named_folders",
    "preview_of",
    "recognise",
    "title_of",
]
