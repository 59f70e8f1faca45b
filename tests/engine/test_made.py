"""Workflows that hypothesis makes; ``make soak`` tries many more of them."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from made import broken, documents, hold

from musegraph import Workflow

few = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@few
@given(documents())
def test_made_workflows_are_checked_planned_and_written_back(document: dict[str, Any]) -> None:
    hold(document)
    written = Workflow.parse(json.dumps(document)).json()
    assert written["nodes"] == document["nodes"]


@few
@given(broken())
def test_broken_workflows_raise_only_documented_errors(document: dict[str, Any]) -> None:
    hold(document)
