"""Workflows that hypothesis makes; ``make soak`` tries many more of them."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from made import broken, documents, hold

few = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@few
@given(documents(30))
def test_made_workflows_are_checked_planned_written_back_and_run(document: dict[str, Any]) -> None:
    hold(json.dumps(document))


@few
@given(broken(30))
def test_broken_workflows_raise_only_documented_errors(text: str) -> None:
    hold(text)
