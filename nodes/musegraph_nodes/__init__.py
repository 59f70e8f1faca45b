"""The packs that come with Musegraph."""
