"""The service does what its OpenAPI document says, whatever is sent to it (Schemathesis)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from eval.drill.real import TEXT, office

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "ignored_auth",
)


def test_calls_answer_as_documented(tmp_path: Path) -> None:
    with office(tmp_path / "home", threads=1) as found:
        with found.client() as client:
            (document,) = client.upload([TEXT]).documents
            assert client.wait(document.id).state == "done"
        run = subprocess.run(
            [
                str(Path(sys.executable).with_name("schemathesis")),
                *("run", f"{found.address}/openapi.json", "--url", found.address),
                *("--header", f"Authorization: Bearer {found.key}", "--no-color"),
                *("--phases", "examples,coverage,fuzzing", "--seed", "1"),
                *("--max-examples", "8", "--checks", ",".join(CHECKS)),
                *("--exclude-path-regex", "/events$"),  # a stream that does not end by itself
                *("--suppress-health-check", "all"),
            ],
            capture_output=True,
            text=True,
            cwd=tmp_path,
        )
        assert found.service.is_alive
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
