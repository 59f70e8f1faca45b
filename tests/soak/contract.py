"""Requests made from the OpenAPI document: no defect, and nothing that it does not say."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from client import Process

PROMISE = "no status of 500 or above, and none that is not documented"
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_schema_conformance"
)


def main(count: int) -> int:
    """``count`` examples for each operation of the fuzzing phase, and all of the others."""
    program = Path(sys.executable).with_name("schemathesis")
    if not program.exists() and shutil.which("schemathesis") is None:
        print("schemathesis is not installed: pip install -e '.[soak]'")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        process = Process(Path(folder))
        done = subprocess.run(
            [
                str(program), "run", f"{process.url}/api/openapi.json",
                "-H", f"Authorization: Bearer {process.token}",
                "-H", "X-Requested-By: musegraph",
                "--checks", CHECKS, "--exclude-path", "/api/events",
                "--exclude-path", "/api/token/renew",  # nothing after it would come in
                "--max-examples", str(count), "--continue-on-failure", "--no-color",
                "--seed", "20261125",
            ],
            capture_output=True, text=True, check=False, cwd=folder,
        )  # fmt: skip
        code = process.end(signal.SIGTERM)
    cases = re.search(r"(\d[\d,]*) generated", done.stdout)
    found = re.search(r"(\d+) found (\d+) unique failures", done.stdout)
    print("| requests | failures | exit code of the server |\n|--:|--:|--:|")
    print(f"| {cases[1] if cases else '?'} | {found[2] if found else 0} | {code} |")
    if done.returncode:
        print(done.stdout[-6000:], file=sys.stderr)
    return 0 if done.returncode == 0 and code == 0 else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
