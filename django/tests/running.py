"""Runs the application's processes as a task does."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

DEADLINE = 30


def manage(tree: Path, environment: dict[str, str], *arguments: str, code: int = 0) -> str:
    """Runs a management command, demands its exit code, and returns all that it printed."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=tree,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == code, f"{arguments} ended with {done.returncode}, not {code}:\n{done.stdout}"
    return done.stdout


def wait_for(condition: Callable[[], bool]) -> None:
    """Returns as soon as it is so; fails if the deadline passed."""
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, "the deadline passed"
        time.sleep(0.02)


def free_port() -> int:
    """A port that nobody listens to."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Served:
    """The application, served by gunicorn in a process of its own."""

    def __init__(self, tree: Path, environment: dict[str, str]) -> None:
        self.port = free_port()
        self.log = tree / "served.log"
        start = json.loads((tree / "release.json").read_text())["start"]
        path = os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", "")])
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                start,
                cwd=tree,
                env={**environment, "PATH": path, "HOST": "127.0.0.1", "PORT": str(self.port)},
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def ask(self, path: str, method: str = "GET", form: str | None = None, **headers: str) -> tuple[HTTPResponse, str]:
        """One request on a connection of its own; the answer and its body."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            if form is not None:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            connection.request(method, path, form, headers)
            response = connection.getresponse()
            return response, response.read().decode()
        finally:
            connection.close()

    def status(self, path: str) -> int:
        """The status that a path answers."""
        return self.ask(path)[0].status

    def wait_until_listening(self) -> "Served":
        """Returns as soon as the process takes connections; fails if it ended or the deadline passed."""
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            assert self.process.poll() is None, f"ended with {self.process.returncode}:\n{self.log.read_text()}"
            try:
                self.ask("/livez")
            except OSError:
                time.sleep(0.02)
            else:
                return self
        raise AssertionError(f"not listening:\n{self.log.read_text()}")

    def stop(self) -> int:
        """Sends SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(DEADLINE)

    def end(self) -> None:
        """Ends the process if it still runs, at once; killing it would leave its worker behind."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(DEADLINE)
