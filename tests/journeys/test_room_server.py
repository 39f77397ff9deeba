"""The room's server as a process: it listens, stops cleanly, and loses nothing when it is killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from random import Random

import httpx
import pytest
from click.testing import CliRunner
from room_house import PASSPHRASE

from cleanroom.cli.app import overlap
from cleanroom.room import HttpRequest, card_signer, choose_address, sign_request, verify_answer
from overlap.errors import UsageError
from overlap.keys import Card, PartyKeys

ROOT = Path(__file__).resolve().parents[2]
RANDOM = Random(5)
#: The server is the real command, and opens the room that is made here.
AS_EVERYBODY = True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A server of the room in `root`, as a process."""

    def __init__(self, root: Path) -> None:
        self.root, self.port = root, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        command = [sys.executable, str(ROOT / "cli.py"), "--dir", str(self.root), "room", "serve"]
        self.process = subprocess.Popen(
            [*command, "--insecure-http", "--port", str(self.port)],
            env={**os.environ, "OVERLAP_PASSPHRASE": PASSPHRASE},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert "at http" in self.process.stdout.readline()

    def stop(self, sign: int = signal.SIGTERM) -> int:
        self.process.send_signal(sign)
        code = self.process.wait(30)
        assert self.process.stdout is not None
        self.rest = self.process.stdout.read()
        self.process.stdout.close()
        return code

    def call(self, keys: PartyKeys, method: str, path: str, body: bytes = b"", **more: str) -> httpx.Response:
        fields = {name.replace("_", "-"): text for name, text in more.items()}
        signer = card_signer(keys)
        made = sign_request(method, self.url + path, body, signer, int(time.time()), os.urandom(16), fields)
        sent = {**fields, **made}
        reply = httpx.request(method, self.url + path, content=body, headers=sent, timeout=30)
        request = HttpRequest.of(method, self.url + path, sent.items())
        room = Card.from_bytes((self.root / "keys" / "card").read_bytes())
        verify_answer(reply.status_code, reply.headers.multi_items(), reply.content, request, room)
        return reply


def run(*words: str) -> str:
    done = CliRunner().invoke(overlap, words, env={"OVERLAP_PASSPHRASE": PASSPHRASE})
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    root = tmp_path / "room"
    run("--dir", str(root), "room", "init", "--name", "lobby")
    made = Server(root)
    yield made
    if made.process.poll() is None:
        made.stop(signal.SIGKILL)


def joined(server: Server, name: str) -> PartyKeys:
    keys = PartyKeys.generate(name, RANDOM.randbytes)
    digest = keys.card.digest.hex()
    run("--dir", str(server.root), "room", "invite", digest)
    for _ in range(100):
        if server.call(keys, "PUT", f"/v1/cards/{digest}", keys.card.to_bytes()).status_code == 201:
            return keys
        time.sleep(0.1)
    raise AssertionError("the invitation was not taken in")


@pytest.mark.slow
def test_what_was_acknowledged_outlives_a_kill_and_a_stop_is_clean(server: Server) -> None:
    one, other = joined(server, "northwind"), joined(server, "contoso")
    data = RANDOM.randbytes(50_000)
    document = (
        f'{{"recipient":"{other.card.digest.hex()}","kind":"frame","size":{len(data)},'
        f'"sha256":"{sha256(data).hexdigest()}"}}'
    ).encode()
    announced = server.call(one, "POST", "/v1/messages", document, Content_Type="application/json").json()
    place = f"/v1/messages/{announced['id']}"
    assert server.call(one, "PATCH", place, data[:20_000], Upload_Offset="0").status_code == 204
    server.stop(signal.SIGKILL)
    server.start()
    again = server.call(one, "POST", "/v1/messages", document, Content_Type="application/json").json()
    assert again == {"id": announced["id"], "offset": 20_000}
    assert server.call(one, "PATCH", place, data[20_000:], Upload_Offset="20000").status_code == 204
    server.stop(signal.SIGKILL)
    server.start()
    assert server.call(other, "GET", place).content == data
    entries = server.call(other, "GET", f"/v1/logs/{one.card.digest.hex()}/entries").json()
    assert entries["size"] == 1
    assert server.stop() == 0
    assert server.rest.endswith("stopped\n")
    server.start()
    assert server.stop(signal.SIGINT) == 0
    assert "fingerprint" in run("--dir", str(server.root), "room", "card")
    out = server.root.with_name("saved")
    assert "the vault is in no backup" in run("room", "backup", str(server.root), "--out", str(out))
    assert "restored" in run("room", "restore", str(server.root.with_name("new")), "--from", str(out))


def test_plain_http_is_for_this_machine_only(tmp_path: Path) -> None:
    pem = tmp_path / "x.pem"
    assert choose_address("127.0.0.1", 1, "", None, None, True).url == "http://127.0.0.1:1"
    assert choose_address("::1", 1, "", None, None, True).url == "http://[::1]:1"
    assert choose_address("0.0.0.0", 1, "https://r.example/", pem, pem, False).url == "https://r.example"
    for words in (
        ("0.0.0.0", 1, "", None, None, True),
        ("room.example", 1, "", None, None, True),
        ("127.0.0.1", 1, "", None, None, False),
        ("127.0.0.1", 1, "", pem, None, False),
        ("127.0.0.1", 1, "", pem, pem, True),
        ("127.0.0.1", 1, "https://room.example/path", None, None, True),
        ("127.0.0.1", 1, "room.example", None, None, True),
    ):
        with pytest.raises(UsageError):
            choose_address(*words)
