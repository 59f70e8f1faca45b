"""The table of routes: everything that can be asked of the server."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field, StringConstraints

from musegraph.server import api, shapes
from musegraph.server.handlers import (
    assets,
    facts,
    library,
    limits,
    runs,
    templates,
    values,
)
from musegraph.server.routes import Route

Limit = Annotated[int, Field(ge=1, le=1000)]
Offset = Annotated[int, Field(ge=0, le=1 << 31)]
Number = Annotated[int, Field(ge=0, le=1 << 53)]
Moment = Annotated[float, Field(ge=0, le=1e12)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
Epoch = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
FileName = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Bins = Annotated[int, Field(ge=1, le=8192)]
NodePath = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
PortName = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Count = Annotated[int, Field(ge=1, le=200)]
ModelName = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Size = Annotated[int, Field(ge=16, le=2048)]

ID = {"id": api.Identifier}
DIGEST = {"digest": api.Digest}
TEMPLATE = {"id": Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,64}$")]}
CONFLICT = {409: "It contradicts what is there; the sentence says how."}
FULL = {429: "There are too many already; Retry-After says when to try again."}

_RUNS = (
    Route("POST", "/api/runs", runs.submit_run, "Put a run into the queue.", "runs",
          takes=api.Submit, gives=api.Run, status=201, errors=CONFLICT | FULL,
          also={200: "The same submission was known already."}),
    Route("POST", "/api/runs/batch", runs.submit_runs, "Put many runs into the queue, or none.",
          "runs", takes=api.SubmitMany, gives=api.Runs, status=201, errors=CONFLICT | FULL),
    Route("GET", "/api/runs", runs.list_runs, "The history: runs that have ended, latest first.",
          "runs", gives=api.Runs,
          query={"limit": Limit, "before": Moment, "state": api.State}),
    Route("POST", "/api/runs/cancel", runs.cancel_runs, "Cancel some runs, or all.", "runs",
          takes=api.Cancel, gives=api.Cancelled),
    Route("GET", "/api/runs/{id}", runs.get_run, "A run, with its document and its record.",
          "runs", gives=shapes.WholeRun, path_types=ID),
    Route("GET", "/api/runs/{id}/state", values.get_state, "The state of each of its steps.",
          "runs", gives=shapes.RunState, path_types=ID),
    Route("GET", "/api/runs/{id}/value", values.get_value,
          "What stood at an output of a step, as far as it is kept.", "runs",
          gives=shapes.WireValue, path_types=ID,
          query={"node": NodePath, "port": PortName, "first": Offset, "count": Count},
          required=("node",),
          errors={404: "There is no such run, step or value; or it is kept no longer (evicted).",
                  409: "The step has not got so far."}),
    Route("DELETE", "/api/runs/{id}", runs.forget_run, "Take a run out of the history.", "runs",
          status=204, path_types=ID, errors=CONFLICT),
    Route("POST", "/api/runs/{id}/move", runs.move_run, "Give a waiting run another turn.", "runs",
          takes=api.Move, gives=api.Run, path_types=ID, errors=CONFLICT),
    Route("GET", "/api/queue", runs.get_queue, "What runs, and what waits.", "runs",
          gives=api.Queue, query={"limit": Limit, "offset": Offset}),
    Route("PUT", "/api/queue", runs.pause_queue, "Pause the queue, or go on.", "runs",
          takes=api.Pause, gives=api.Queue),
)  # fmt: skip

_WORKFLOWS = (
    Route("POST", "/api/check", runs.check_workflow, "Every problem of a workflow.", "workflows",
          takes=api.Document, gives=api.Problems),
    Route("POST", "/api/forward", runs.forward_workflow,
          "A workflow that other versions of packs saved, as it is to be read here.", "workflows",
          takes=api.Document, gives=shapes.Forward),
    Route("POST", "/api/plan", runs.plan_workflow, "What running a workflow would do.",
          "workflows", takes=api.Wanted, gives=api.Planned),
    Route("GET", "/api/workflows", library.list_workflows, "The library, or its bin.", "workflows",
          gives=api.Library, query={"deleted": bool}),
    Route("POST", "/api/workflows", library.save_workflow, "Keep a workflow in the library.",
          "workflows", takes=api.Save, gives=api.Saved, status=201,
          errors=CONFLICT),
    Route("POST", "/api/workflows/read", templates.read_workflow,
          "The workflow that a file carries: a document, a bundle, or a picture made by one.",
          "workflows", takes=shapes.FileToRead, gives=shapes.ReadDocument,
          errors={404: "There is no such file, or it carries no workflow (no-workflow)."}),
    Route("GET", "/api/workflows/{id}", library.get_workflow, "A workflow of the library.",
          "workflows", gives=api.SavedDocument, path_types=ID, query={"version": Number}),
    Route("PUT", "/api/workflows/{id}", library.update_workflow, "Save a new version.",
          "workflows", takes=api.NewVersion, gives=api.Saved, path_types=ID, errors=CONFLICT),
    Route("DELETE", "/api/workflows/{id}", library.delete_workflow,
          "Move a workflow to the bin, or out of it for good.", "workflows", status=204,
          path_types=ID),
    Route("POST", "/api/workflows/{id}/rename", library.rename_workflow, "Give another name.",
          "workflows", takes=api.Rename, gives=api.Saved, path_types=ID, errors=CONFLICT),
    Route("POST", "/api/workflows/{id}/duplicate", library.duplicate_workflow,
          "Copy the latest version under another name.", "workflows", takes=api.Rename,
          gives=api.Saved, status=201, path_types=ID, errors=CONFLICT),
    Route("POST", "/api/workflows/{id}/restore", library.restore_workflow,
          "Take a workflow back from the bin.", "workflows", gives=api.Saved, path_types=ID,
          errors=CONFLICT),
    Route("GET", "/api/workflows/{id}/versions", library.list_versions, "All its versions.",
          "workflows", gives=api.Versions, path_types=ID),
)  # fmt: skip

_TEMPLATES = (
    Route("GET", "/api/templates", templates.list_templates,
          "The examples that come with Musegraph.", "templates", gives=shapes.Templates,
          query={"language": Language}),
    Route("GET", "/api/templates/{id}/picture", templates.get_template_picture,
          "What an example makes.", "templates", media="image/png", path_types=TEMPLATE,
          also={206: "A part of the bytes.", 304: "It has not changed."},
          errors={416: "There is no such range."}),
    Route("POST", "/api/templates/{id}/open", templates.open_template,
          "An example to work on, its files taken in as assets.", "templates",
          gives=shapes.ReadDocument, path_types=TEMPLATE),
)  # fmt: skip

_ASSETS = (
    Route("POST", "/api/assets", assets.upload_asset, "Take in a file.", "assets",
          gives=api.Asset, status=201, body="application/octet-stream",
          query={"name": FileName}, errors=FULL),
    Route("GET", "/api/assets/{digest}", assets.get_asset, "The bytes of a file, also in ranges.",
          "assets", media="application/octet-stream", path_types=DIGEST,
          also={206: "A part of the bytes.", 304: "It has not changed."},
          errors={416: "There is no such range."}),
    Route("GET", "/api/assets/{digest}/thumbnail", assets.get_thumbnail,
          "A small picture of a picture.", "assets", media="image/webp", path_types=DIGEST,
          query={"size": Size}, also={206: "A part of the bytes.", 304: "It has not changed."},
          errors={415: "It is no picture.", 416: "There is no such range."}),
    Route("GET", "/api/assets/{digest}/peaks", assets.get_peaks, "What a waveform is drawn from.",
          "assets", gives=api.Peaks, path_types=DIGEST, query={"bins": Bins},
          errors={415: "It is no sound."}),
    Route("GET", "/api/assets/{digest}/score", assets.get_score, "What a piano roll is drawn from.",
          "assets", gives=api.ScoreRoll, path_types=DIGEST, errors={415: "It is no score."}),
)  # fmt: skip

_FACTS = (
    Route("GET", "/healthz", facts.healthz, "Whether the server answers.", "server",
          gives=api.Fine),
    Route("POST", "/api/session", facts.open_session, "A cookie for a token.", "server",
          gives=api.Fine),
    Route("POST", "/api/token/renew", facts.renew_token,
          "Make the token worthless, and a new one in the folder of the server.", "server",
          takes=facts.Renew, gives=api.Cancelled),
    Route("GET", "/api/status", facts.get_status, "How the server is.", "server",
          gives=api.Status),
    Route("GET", "/metrics", facts.get_metrics, "Figures for Prometheus.", "server",
          media="text/plain"),
    Route("GET", "/api/nodes", facts.get_catalogue, "All packs and nodes.", "catalogue",
          gives=shapes.Catalogue, query={"language": Language}),
    Route("GET", "/api/models", facts.list_models, "The models that a source can name.",
          "catalogue", gives=shapes.Models),
    Route("GET", "/api/models/picture", assets.get_model_picture,
          "The picture that lies beside a model, made small.", "catalogue", media="image/webp",
          query={"source": ModelName, "size": Size}, required=("source",),
          also={206: "A part of the bytes.", 304: "It has not changed."},
          errors={416: "There is no such range."}),
    Route("GET", "/api/cache", facts.get_cache, "What the cache holds, by node type.", "server",
          gives=api.Cache),
    Route("GET", "/api/preferences", facts.get_preferences, "What the canvas keeps for its user.",
          "server", gives=api.Preferences),
    Route("PATCH", "/api/preferences", facts.set_preferences, "Change some of it.", "server",
          takes=api.Preferences, gives=api.Preferences),
    Route("GET", "/api/limits", limits.get_limits, "What a step may take, by node type.",
          "server", gives=api.Limits),
    Route("PATCH", "/api/limits", limits.set_limits, "Change some of it.", "server",
          takes=api.SetLimits, gives=api.Limits, errors=CONFLICT),
    Route("GET", "/api/openapi.json", facts.get_openapi, "This document.", "server",
          media="application/json"),
    Route("GET", "/api/events", facts.listen_to_events, "What happens, over a WebSocket.",
          "server", status=101, query={"epoch": Epoch, "after": Number, "run": api.Identifier},
          errors={426: "This address is a WebSocket."}),
)  # fmt: skip

ROUTES: Final[tuple[Route, ...]] = (
    *_RUNS,
    *_WORKFLOWS,
    *_TEMPLATES,
    *_ASSETS,
    *_FACTS,
)
"""The order matters where a fixed word and a parameter stand in the same place."""
