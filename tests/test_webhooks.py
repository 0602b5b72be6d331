"""Webhooks: who is told what, and what happens when nobody answers."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import itertools
import json
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from extractor.service.auth import Keys
from extractor.service.store import Store
from extractor.service.tables import Delivery, Role
from extractor.service.webhooks import AGAIN_SECONDS, SIGNATURE, Sender
from extractor.settings import Settings
from tests.test_service import API, code_of, make_stub_pool, running, store_of, upload_one, wait_for

HOOKS = "/api/v1/webhooks"


class Receiver:
    """Keeps what it is sent, and answers as it is told."""

    def __init__(self) -> None:
        self.messages: list[tuple[dict[str, str], bytes]] = []
        self.status = 204
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.messages.append((dict(self.headers), body))
                self.send_response(receiver.status)
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
                self.end_headers()

            def log_message(self, *arguments: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/reports"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def events(self) -> list[str]:
        return [json.loads(body)["event"] for _, body in self.messages]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


def test_what_became_of_documents_is_told_and_signed(
    settings: Settings, receiver: Receiver
) -> None:
    with running(settings, make_stub_pool) as client:
        made = client.post(HOOKS, json={"url": receiver.url}).json()
        document_id = upload_one(client, "sound.txt")
        failing = upload_one(client, "raises.txt")
        wait_for(lambda: len(receiver.messages) == 2)
        assert receiver.events == ["document.done", "document.failed"]
        headers, body = receiver.messages[0]
        told = json.loads(body)
        assert (told["document_id"], told["document"]["status"]) == (document_id, "needs_review")
        seconds, signed = (part.split("=", 1)[1] for part in headers[SIGNATURE].split(","))
        expected = hmac.new(
            made["secret"].encode(), f"{seconds}.".encode() + body, hashlib.sha256
        ).hexdigest()
        assert hmac.compare_digest(signed, expected)
        client.delete(f"{API}/{failing}")
        wait_for(lambda: len(receiver.messages) == 3)
        removed = json.loads(receiver.messages[2][1])
        assert (removed["event"], removed["document"]) == ("document.removed", None)
        shown = client.get(HOOKS).json()["webhooks"]
        assert [one["url"] for one in shown] == [receiver.url]
        assert made["secret"] not in client.get(HOOKS).text

        def deliveries() -> list[dict[str, Any]]:
            found = client.get(f"{HOOKS}/{made['id']}/deliveries").json()["deliveries"]
            return list(found)

        # A message has arrived a moment before it is noted that it has.
        wait_for(lambda: [one["attempts"] for one in deliveries()] == [1, 1, 1])
        assert all(one["delivered_at"] and not one["due_at"] for one in deliveries())
        assert client.delete(f"{HOOKS}/{made['id']}").status_code == 204
        upload_one(client, "another.txt")
        assert code_of(client.delete(f"{HOOKS}/{made['id']}")) == "webhook_unknown"
        assert code_of(client.get(f"{HOOKS}/{made['id']}/deliveries")) == "webhook_unknown"
    assert len(receiver.messages) == 3


def test_a_copy_that_is_only_tried_tells_nobody(settings: Settings, receiver: Receiver) -> None:
    quiet = settings.model_copy(update={"webhooks": False})
    with running(quiet) as client:
        client.post(HOOKS, json={"url": receiver.url})
        document_id = upload_one(client, "a.txt")
        assert client.delete(f"{API}/{document_id}").status_code == 204
        assert not [one for one in threading.enumerate() if one.name == "webhooks"]
        assert store_of(client).webhooks.due() is not None
    assert receiver.messages == []
    with running(settings):  # what is due is not lost
        wait_for(lambda: receiver.events == ["document.removed"])


def test_only_administrators_see_webhooks_and_addresses_are_checked(settings: Settings) -> None:
    with running(settings) as client:
        bad = ("ftp://a/b", "file:///etc/passwd", "no address", "http://", "x" * 2000)
        for url in (*bad, "http://a..b/", f"http://{'a' * 64}.example/", "http://me:secret@a/"):
            assert code_of(client.post(HOOKS, json={"url": url})) == "invalid_request", url
        link_local = ("169.254.169.254", "[fe80::1]", "[::ffff:169.254.169.254]", "2852039166")
        for host in link_local:
            answer = client.post(HOOKS, json={"url": f"http://{host}/latest/"})
            assert code_of(answer) == "invalid_request", host
        assert client.post(HOOKS, json={"url": "http://10.0.0.1/reports"}).status_code == 201
        key = Keys(store_of(client)).create("someone", Role.REVIEWER)
        client.headers["Authorization"] = f"Bearer {key}"
        assert code_of(client.get(HOOKS)) == "forbidden"
        assert code_of(client.post(HOOKS, json={"url": "http://a/"})) == "forbidden"


def add_and_remove(store: Store, name: str) -> None:
    with store.files.receive() as folder:
        (folder / "a").write_bytes(b"a")
        document, _ = store.add(f"{name}.txt", name.rjust(64, "0"), folder / "a", key_id="k")
    store.remove(document.id, key_id="k")


def make_due(store: Store) -> None:
    with store._session.begin() as session:
        session.execute(
            update(Delivery)
            .where(Delivery.due_at.is_not(None))
            .values(due_at=datetime.now(UTC) - timedelta(seconds=1))
        )


@pytest.mark.parametrize("trouble", ["refused", "moved", "away"])
def test_what_cannot_be_delivered_is_tried_again_and_given_up(
    settings: Settings, receiver: Receiver, trouble: str
) -> None:
    receiver.status = {"refused": 500, "moved": 302, "away": 500}[trouble]
    if trouble == "away":
        receiver.server.server_close()
        receiver.url = "http://127.0.0.1:1/"
    with Store(settings.home) as store:
        webhook = store.webhooks.add(receiver.url, by="k")
        add_and_remove(store, "a")
        sender = Sender(store)
        for attempt, pause in enumerate((*AGAIN_SECONDS, None), start=1):
            assert sender.send_next()
            assert not sender.send_next()  # not before it is due again
            (delivery,) = store.webhooks.deliveries(webhook.id)
            assert (delivery.attempts, delivery.delivered_at) == (attempt, None)
            assert delivery.error
            if pause is None:
                assert delivery.due_at is None
            else:
                assert delivery.due_at is not None
                wait = (delivery.due_at - datetime.now(UTC)).total_seconds()
                assert pause - 5 < wait <= pause
            make_due(store)
        assert not sender.send_next()
        receiver.status = 200
        sender.stop()


def test_one_that_is_away_holds_up_no_other(settings: Settings, receiver: Receiver) -> None:
    with Store(settings.home) as store:
        away = store.webhooks.add("http://127.0.0.1:1/", by="k")
        odd = store.webhooks.add("http://a..b/", by="k")  # of a version that did not check
        store.webhooks.add(receiver.url, by="k")
        for i in range(3):
            add_and_remove(store, str(i))
        sender = Sender(store)
        while sender.send_next():
            pass
        assert len(receiver.messages) == 3
        for webhook in (away, odd):
            tried = [one.attempts for one in store.webhooks.deliveries(webhook.id)]
            assert sorted(tried) == [0, 0, 1]
        assert len({json.loads(body)["id"] for _, body in receiver.messages}) == 3
        store.webhooks.prune(datetime.now(UTC))
        assert [len(store.webhooks.deliveries(one.id)) for one in store.webhooks.list()] == [
            3,
            3,
            0,
        ]
        trail = [entry.name for entry in store.keys.trail()]
        assert receiver.url not in trail


def test_an_answer_that_drips_is_not_waited_for(settings: Settings) -> None:
    """Each byte comes in time, and the last one never."""
    ending = threading.Event()

    def drip() -> None:
        server.settimeout(30)
        connection, _ = server.accept()
        with connection, contextlib.suppress(OSError):
            connection.recv(65536)
            for byte in itertools.cycle(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"." * 10**6):
                if ending.wait(0.05):
                    return
                connection.sendall(bytes([byte]))

    with Store(settings.home) as store, socket.create_server(("127.0.0.1", 0)) as server:
        webhook = store.webhooks.add(f"http://127.0.0.1:{server.getsockname()[1]}/", by="k")
        add_and_remove(store, "a")
        dripping = threading.Thread(target=drip)
        dripping.start()
        try:
            assert Sender(store, timeout_seconds=0.5).send_next()
        finally:
            ending.set()
            dripping.join()
        (delivery,) = store.webhooks.deliveries(webhook.id)
        assert delivery.error is not None
        assert "has not answered within" in delivery.error


def test_nothing_is_sent_to_a_webhook_that_is_gone(settings: Settings, receiver: Receiver) -> None:
    with Store(settings.home) as store:
        webhook = store.webhooks.add(receiver.url, by="k")
        add_and_remove(store, "a")
        assert store.webhooks.due() is not None
        assert store.webhooks.remove(webhook.id, by="k")
        assert store.webhooks.due() is None
        (delivery,) = store.webhooks.deliveries(webhook.id)
        assert delivery.error == "the webhook was removed"
    assert receiver.messages == []
