"""Settings in, the whole service out, as one application; `serve` runs it."""

from __future__ import annotations

import logging
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import anyio
import uvicorn
from fastapi import FastAPI
from fastapi.responses import FileResponse, RedirectResponse
from starlette.staticfiles import StaticFiles

from extractor import __version__
from extractor.errors import ServiceError
from extractor.service import logs, problems
from extractor.service.auth import Keys, admin_key_path
from extractor.service.guard import Guard
from extractor.service.jobs import DurableJobs, Jobs
from extractor.service.models import ProblemModel
from extractor.service.rates import Rates
from extractor.service.retention import Retention
from extractor.service.reviews import Reviews
from extractor.service.routes import api, health
from extractor.service.routes.wiring import (
    CSRF_SCHEME,
    CSRF_SCHEME_NAME,
    MAX_UNPACKING,
    SESSION_SCHEME_NAME,
    Service,
)
from extractor.service.sessions import SAFE_METHODS, Sessions
from extractor.service.store import Store, open_store
from extractor.service.webhooks import Sender
from extractor.settings import Settings

MakeJobs = Callable[[Store, Settings], Jobs]

log = logging.getLogger(__name__)

STATIC = Path(__file__).parent / "service" / "static"
PREFIX = "/review"
"""Below which the pages for people are."""
SHUTDOWN_SECONDS = 3
"""Open event streams are cut after that."""
MAX_MESSAGE_BYTES = 1 << 20
"""Of what a page says at once; as much as a body that is no upload."""


def create_app(settings: Settings, *, make_jobs: MakeJobs = DurableJobs) -> FastAPI:
    """Wire the service together. Nothing is opened or started before the application runs.

    Args:
        settings: of the whole process.
        make_jobs: what extracts the documents that are queued.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with open_store(settings) as store:
            keys = Keys(store)
            keys.ensure_admin()
            jobs = make_jobs(store, settings)
            unpacking = anyio.CapacityLimiter(MAX_UNPACKING)
            reviews = Reviews(store, settings)
            sessions = Sessions(store, settings.session_hours)
            app.state.service = Service(
                settings, store, reviews, keys, sessions, Rates(settings), jobs, unpacking
            )
            sender = Sender(store)
            retention = Retention(store, reviews, jobs, settings.keep_days)
            if not settings.webhooks:
                log.warning("webhooks are told nothing, as EXTRACTOR_WEBHOOKS says")
            for part in (jobs, sender, retention) if settings.webhooks else (jobs, retention):
                await anyio.to_thread.run_sync(part.start)
            try:
                yield
            finally:
                for part in (retention, jobs, sender):
                    await anyio.to_thread.run_sync(part.stop)

    app = FastAPI(
        title="Extractor",
        summary="Government-disclosure annual reports in, tables of known reliability out.",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,  # the framework's own page loads its scripts from elsewhere
        redoc_url=None,
    )
    problems.install(app)
    app.add_middleware(Guard)
    app.include_router(api)
    app.include_router(health.router)
    app.include_router(health.router, prefix="/api/v1", include_in_schema=False)
    _add_pages(app)
    _describe(app)
    return app


def _describe(app: FastAPI) -> None:
    """Have the OpenAPI document hold what the framework does not find in any one call: what every
    problem looks like, and that a session needs a CSRF token besides to change something."""
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        document = describe()
        problem = ProblemModel.model_json_schema(ref_template="#/components/schemas/{model}")
        document["components"]["schemas"].setdefault("ProblemModel", problem)
        document["components"]["securitySchemes"][CSRF_SCHEME_NAME] = CSRF_SCHEME
        for calls in document["paths"].values():
            for method, call in calls.items():
                for way in call.get("security", ()):
                    if SESSION_SCHEME_NAME in way and method.upper() not in SAFE_METHODS:
                        way[CSRF_SCHEME_NAME] = []
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def _add_pages(app: FastAPI) -> None:
    """The way to the pages for people, and the page that shows the API, which needs nothing from
    outside."""

    def index() -> RedirectResponse:
        return RedirectResponse(f"{PREFIX}/")

    def docs() -> FileResponse:
        return FileResponse(STATIC / "docs.html")

    app.add_api_route("/", index, include_in_schema=False)
    app.add_api_route("/docs", docs, include_in_schema=False)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    swagger = Path(str(resources.files("fastapi_offline"))) / "static"
    app.mount("/swagger", StaticFiles(directory=swagger), name="swagger")


class _Server(uvicorn.Server):
    """Tells the user where it is, once it is there."""

    def __init__(self, config: uvicorn.Config, greeting: str) -> None:
        super().__init__(config)
        self._greeting = greeting

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            sys.stdout.write(self._greeting)
            sys.stdout.flush()


def serve(settings: Settings) -> None:
    """Run the service until it is interrupted.

    Raises:
        StoreError: the storage cannot be used, or another service uses it.
        ServiceError: the address is taken or not this machine's.
    """
    _check_address(settings)
    logs.configure(settings.log_format)
    with open_store(settings) as store, store.exclusive():
        pass  # said here, it is a message; said while the server starts, a stack trace
    # Imported here: there is one NiceGUI in a process, and whoever has no pages needs none.
    from extractor import review

    app = create_app(settings)
    review.install(app, PREFIX)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http="h11",  # the faster one, which NiceGUI brings along, takes headers without end
        ws_max_size=MAX_MESSAGE_BYTES,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or None,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    _Server(config, _greeting(settings)).run()


def work(settings: Settings) -> None:
    """Extract what is queued on the database of a service until this process is interrupted.

    Raises:
        StoreError: the storage cannot be used.
        ServiceError: no process is to extract.
    """
    if not settings.workers:
        raise ServiceError("a worker without processes does nothing; set EXTRACTOR_WORKERS")
    logs.configure(settings.log_format)
    with open_store(settings) as store:
        jobs = DurableJobs(store, settings, is_service=False)
        try:
            jobs.start()
            log.info("extracts what is queued in %s", settings.home.absolute())
            threading.Event().wait()
        except KeyboardInterrupt:
            log.info("stopping; what is being read is gone on with later")
        finally:
            jobs.stop()


def _check_address(settings: Settings) -> None:
    """Say in words what the server would say in its log."""
    try:
        with socket.create_server((settings.host, settings.port), family=_family(settings.host)):
            pass
    except OSError as error:
        raise ServiceError(
            f"cannot listen on {settings.host}, port {settings.port}: {error.strerror}; stop what "
            "uses it, or choose another with EXTRACTOR_PORT or EXTRACTOR_HOST"
        ) from error


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _greeting(settings: Settings) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return (
        f"\nThe extractor is at http://{host}:{settings.port}/ (its API: /docs)\n"
        f"The key to sign in with is in {admin_key_path(settings.home).absolute()}\n\n"
    )
