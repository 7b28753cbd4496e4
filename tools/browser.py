"""A real Chromium without a window, driven through chromedriver: how a page looks, and what it complains about."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import closing, contextmanager
from http.client import OK, HTTPConnection
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip
_SECONDS = 60


def missing() -> str | None:
    """What is not there, if anything: a reason to skip."""
    wanted = [name for name, found in (("chromedriver", _driver()), ("chromium", _browser())) if found is None]
    return f"there is no {' and no '.join(wanted)} on the path" if wanted else None


def _driver() -> str | None:
    return shutil.which("chromedriver")


def _browser() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((path for path in map(shutil.which, names) if path), None)


class Browser:
    """One window of a browser."""

    def __init__(self, port: int, session: str) -> None:
        self._port = port
        self._session = session

    def open(self, page: Path) -> None:
        """Show a file, and wait until it is there with its fonts."""
        self._post("/url", {"url": page.resolve().as_uri()})
        self.run("await document.fonts.ready")

    def resize(self, width: int, height: int = 900, *, dark: bool = False, scale: float = 1) -> None:
        """The screen: its width in CSS pixels, and whether its owner likes dark pages."""
        screen = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": width < 600}
        self.command("Emulation.setDeviceMetricsOverride", **screen)
        feature = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.command("Emulation.setEmulatedMedia", media="", features=[feature])

    def run(self, script: str) -> Any:
        """The value of a script's `return`."""
        source = f"const done = arguments[0]; (async () => {{ {script} }})().then(done, e => done('' + e));"
        return self._post("/execute/async", {"script": source, "args": []})

    def complaints(self) -> list[str]:
        """Errors and warnings that the console has."""
        return [entry["message"] for entry in self._post("/se/log", {"type": "browser"})]

    def screenshot(self, *, whole: bool = False) -> bytes:
        """The screen, or the whole page, as PNG."""
        found = self.command("Page.captureScreenshot", captureBeyondViewport=whole, format="png")
        return base64.b64decode(found["data"])

    def print(self) -> bytes:
        """The page as it is printed, as PDF."""
        a4 = {"paperWidth": 8.27, "paperHeight": 11.69}
        found = self.command("Page.printToPDF", preferCSSPageSize=True, printBackground=True, **a4)
        return base64.b64decode(found["data"])

    def command(self, name: str, **parameters: Any) -> Any:
        """A command of the DevTools protocol."""
        return self._post("/goog/cdp/execute", {"cmd": name, "params": parameters})

    def _post(self, path: str, data: Any) -> Any:
        return _call(self._port, "POST", f"/session/{self._session}{path}", data)


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser with a profile of its own, closed at the end."""
    driver, chromium = _driver(), _browser()
    assert driver is not None
    assert chromium is not None
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with tempfile.TemporaryDirectory() as profile, subprocess.Popen([driver, f"--port={port}"], **quiet) as process:
        try:
            _wait(port)
            options = {"binary": chromium, "args": [*_FLAGS, f"--user-data-dir={profile}"]}
            wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
            session = _call(port, "POST", "/session", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]
            try:
                yield Browser(port, session)
            finally:
                _call(port, "DELETE", f"/session/{session}")
        finally:
            process.terminate()


def _wait(port: int) -> None:
    """Until the driver answers."""
    last = time.monotonic() + _SECONDS
    while True:
        try:
            if _call(port, "GET", "/status")["ready"]:
                return
        except OSError:
            if time.monotonic() > last:
                raise
        time.sleep(0.05)


def _call(port: int, method: str, path: str, data: Any = None) -> Any:
    """One request of the WebDriver protocol."""
    body = None if data is None else json.dumps(data)
    with closing(HTTPConnection("127.0.0.1", port, timeout=_SECONDS)) as connection:
        connection.request(method, path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        value = json.load(answer)["value"]
    if answer.status != OK:
        raise RuntimeError(value["message"])
    return value
