"""Which Chromium the tests open."""

from __future__ import annotations

import shutil

# The headless shell draws no window, so a page takes half the processor time of a whole browser's.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser")

CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
