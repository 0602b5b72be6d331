"""Asks for every page as nobody and in every role, in a process of its own; `test_access` judges.

python -m tests.pages_probe HOME > JSON
"""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path
from typing import Any

from fastapi import Response
from fastapi.responses import RedirectResponse
from nicegui import Client, core, run
from starlette.routing import Mount
from starlette.testclient import TestClient

from extractor import review
from extractor.app import PREFIX, create_app
from extractor.review.frame import missing
from extractor.review.site import Site
from extractor.review.visitor import Visitor
from extractor.service.sessions import COOKIE
from extractor.service.tables import Role
from extractor.settings import Settings
from tests.test_service import NoJobs

NICEGUI = "/_nicegui/{path}"
ERRORS = (
    ("POST", "/"),
    ("GET", "/_nicegui/no/such/part"),
    ("GET", "/static/none.js"),
    ("GET", "/favicon.ico"),
)
AWAY, SLOW = "/away", "/slow"
BUILD_SECONDS = 0.2
_answered = threading.Event()


async def _away(visitor: Visitor) -> Response:
    """A page that only leads elsewhere."""
    return RedirectResponse(visitor.page("help"))


async def _slow(visitor: Visitor) -> None:
    """A page that reads from a database that does not answer."""
    if not await run.io_bound(_answered.wait):
        missing(visitor, "There is no such document.")


def paths() -> set[str]:
    """Of all that is defined below the pages; NiceGUI's own parts count as one."""
    found = set()
    for route in core.app.routes:
        path = str(getattr(route, "path", ""))
        if path.startswith("/_nicegui_ws"):
            continue
        if path.startswith("/_nicegui"):
            path = NICEGUI
        elif isinstance(route, Mount):
            path += "/{path}"
        found.add(path.replace(":path}", "}"))
    return found - {AWAY, SLOW}


def main(home: Path) -> None:
    app = create_app(Settings(home=home, calls_per_minute=0), make_jobs=NoJobs)
    Site(app).page(AWAY)(_away)
    Site(app, BUILD_SECONDS).page(SLOW)(_slow)
    review.install(app, PREFIX)
    with TestClient(app, follow_redirects=False, raise_server_exceptions=False) as client:
        service = app.state.service
        without_policy = []

        def ask(method: str, path: str, token: str | None = None) -> Response:
            client.cookies.clear()
            headers = {"Cookie": f"{COOKIE}={token}"} if token else {}
            answer: Any = client.request(method, f"{PREFIX}{path}", headers=headers)
            if "script-src 'self'" not in answer.headers.get("content-security-policy", ""):
                without_policy.append(f"{method} {path}")
            return answer

        keys = {role: service.keys.create(f"the {role}", role) for role in Role}
        tokens = {
            role: service.sessions.begin(service.keys.check(key))[0] for role, key in keys.items()
        }
        pages: list[dict[str, Any]] = []
        for path in sorted(paths()):
            asked = path.replace("{", "").replace("}", "")
            answer = ask("GET", asked)
            nobody = [answer.status_code, answer.headers.get("location")]
            pages.append({"path": PREFIX + path, "asked": PREFIX + asked, "nobody": nobody})
        errors = {f"{how} {PREFIX}{path}": ask(how, path).status_code for how, path in ERRORS}
        ask("GET", "/help", "made up")
        kept = {"strangers": len(Client.instances)}
        assert ask("GET", AWAY, tokens[Role.ADMIN]).headers["location"] == f"{PREFIX}/help"
        kept["redirect"] = len(Client.instances)
        assert ask("GET", "/help", tokens[Role.ADMIN]).status_code == 200
        kept["page"] = len(Client.instances)
        slow = ask("GET", SLOW, tokens[Role.ADMIN]).status_code
        _answered.set()
        for page in pages:
            path = page["asked"].removeprefix(PREFIX)
            page["statuses"] = {
                role: ask("GET", path, token).status_code for role, token in tokens.items()
            }
    found = {"pages": pages, "errors": errors, "kept": kept, "slow": slow}
    found["without_policy"] = without_policy
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
