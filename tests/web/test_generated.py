"""Nodes that a program made by the hundred: they are found, and never in the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from documents import SKY, card, opened
from harness import Served, press

NewPage = Callable[..., Any]
VIDEO = {
    "musegraph": 1,
    "name": "Video",
    "nodes": {
        "model": {"type": "pipelines.load", "values": {"source": "some/model"}},
        "video": {"type": "pipelines.wan", "links": {"model": "model.out"}},
    },
}


def test_pipelines_stand_under_closed_headings_and_after_nodes_made_by_hand(
    new_page: NewPage, server: Served
) -> None:
    made = server.ask("POST", "/api/workflows", {"workflow": SKY, "name": "sky"})["id"]
    page = opened(new_page(path=f"/#w={made}"))
    card(page, "sky").wait_for()
    page.get_by_role("button", name="Nodes", exact=True).click()
    headings = page.locator("section > button[aria-expanded]")
    page.get_by_role("button", name="Pipelines: video").wait_for()
    open_now = {one.inner_text(): one.get_attribute("aria-expanded") for one in headings.all()}
    closed = {title for title, value in open_now.items() if value == "false"}
    assert "Pipelines: video" in closed
    assert all(title.startswith("Pipelines: ") for title in closed)
    assert open_now["Image"] == "true"

    page.locator("main").focus()
    press(page, "Shift+A")
    page.keyboard.type("load")
    found = page.locator('[role="dialog"] [role="option"]')
    found.first.wait_for()
    page.wait_for_function(
        """() => document.querySelector('[role="dialog"] [role="option"]')
              .textContent.includes('Load')"""
    )
    titles = [one.inner_text() for one in found.all()]
    hand = [at for at, title in enumerate(titles) if "Pipelines: " not in title]
    generated = [at for at, title in enumerate(titles) if "Pipelines: " in title]
    assert hand
    assert not generated or max(hand) < min(generated)
    page.keyboard.press("Control+a")
    page.keyboard.type("wan text")
    page.wait_for_function(
        """() => document.querySelector('[role="dialog"] [role="option"]')
              .textContent.includes('Wan text to video')"""
    )


def test_the_form_of_a_pipeline_has_its_defaults_and_speaks_chinese(
    new_page: NewPage, server: Served
) -> None:
    made = server.ask("POST", "/api/workflows", {"workflow": VIDEO, "name": "video"})["id"]
    page = opened(new_page(path=f"/#w={made}", locale="zh-CN"))
    video = card(page, "video")
    video.wait_for()
    assert "Wan 文生视频" in video.inner_text()
    assert "提示词" in video.inner_text()
    assert "帧数" in video.inner_text()
