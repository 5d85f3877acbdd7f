"""The code that we tell people to copy: it works as it stands, and the documentation shows the same."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from liebian.events.install import FOLDER, HOST, KEY, PLACES, fill, read_samples
from tests.live.server import ROOT, LiveServer, live_server

GUIDE = ROOT / "docs/how-to/send-events-from-your-code.md"
# Their libraries come from registries that the set-up does not use.
NOT_RUN_HERE = {"java", "go", "php", "ruby"}
IN_THE_BROWSER = {"web", "web-click", "web-consent", "web-early"}  # tests/browser/test_web_snippet.py


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with live_server(tmp_path_factory.mktemp("home")) as found:
        yield found


@pytest.fixture
def run(server: LiveServer, tmp_path: Path) -> Callable[..., list[dict[str, Any]]]:
    """Runs a sample with a source's own key in it; answers what the log says then."""

    def run_sample(place: str, file: str, *command: str, before: str = "", after: str = "") -> list[dict[str, Any]]:
        (sample,) = read_samples(place, host=server.url, key=server.add_source(place))
        (tmp_path / file).write_text(before + sample.code + after, encoding="utf-8")
        environment = {**os.environ, "NODE_PATH": str(ROOT / "node_modules")}
        done = subprocess.run(
            [*command, file], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return server.read_log(place)

    return run_sample


def expect_customer_and_order(rows: list[dict[str, Any]]) -> None:
    identify, order = rows
    assert (identify["user_id"], identify["personal"], identify["body"]["traits"]) == (
        "u-1001",
        {"name": "林晚秋"},
        {"city": "杭州"},
    )
    assert (order["name"], order["body"]["properties"]) == (
        "Order Completed",
        {"order_id": "5001", "total": 128, "currency": "CNY"},
    )


def test_python(run: Callable[..., list[dict[str, Any]]]) -> None:
    expect_customer_and_order(run("python", "sample.py", sys.executable))


def test_node(run: Callable[..., list[dict[str, Any]]]) -> None:
    if not (node := shutil.which("node")) or not (ROOT / "node_modules/@segment/analytics-node").exists():
        pytest.skip("needs Node and the packages of package-lock.json (`npm ci`)")
    expect_customer_and_order(run("node", "sample.js", node))


def test_curl(run: Callable[..., list[dict[str, Any]]]) -> None:
    if not shutil.which("curl"):
        pytest.skip("needs curl")
    (order,) = run("curl", "sample.sh", "sh")
    assert (order["user_id"], order["name"]) == ("u-1001", "Order Completed")


def test_wechat(run: Callable[..., list[dict[str, Any]]], tmp_path: Path) -> None:
    if not (node := shutil.which("node")):
        pytest.skip("needs Node")
    shutil.copy(ROOT / "sdk/wechat/liebian.js", tmp_path)
    phone = """
      const kept = {}
      global.wx = { getStorageSync: (k) => kept[k] || '', setStorageSync: (k, v) => { kept[k] = v }, removeStorageSync: (k) => { delete kept[k] },
        getLaunchOptionsSync: () => ({ path: 'pages/home', query: {}, scene: 1001 }),
        getPrivacySetting: ({ success }) => setTimeout(() => success({ needAuthorization: false })),
        request: ({ url, method, header, data, success, fail }) => fetch(url, { method, headers: header, body: data }).then((r) => success({ statusCode: r.status, header: {} }), fail) }
      global.App = (app) => app.onLaunch()
      global.Page = (page) => page
    """
    (viewed,) = run("wechat", "app.js", node, before=phone)
    assert (viewed["name"], viewed["body"]["properties"]["product_id"]) == ("Product Viewed", "T01")


def test_every_sample_is_run_or_listed_as_not_run() -> None:
    run_here = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    samples = {sample for _name, names in PLACES.values() for sample in names}
    assert samples == {path.stem for path in FOLDER.glob("*.txt")}
    assert samples - run_here - IN_THE_BROWSER == NOT_RUN_HERE
    table = GUIDE.read_text(encoding="utf-8").rpartition("## Which samples are run")[2]
    told = re.findall(r"^\| ([\w ,.]+?) \| (.+?) \|$", table, re.M)
    unrun = {place for names, how in told[1:] if "tests/" not in how for place in names.lower().split(", ")}
    assert unrun == NOT_RUN_HERE


def test_the_guide_shows_the_samples_as_they_are() -> None:
    blocks = {block.rstrip("\n") for block in re.findall(r"```\w+\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.S)}
    assert blocks == {path.read_text(encoding="utf-8").rstrip("\n") for path in FOLDER.glob("*.txt")}


@pytest.mark.parametrize("host", ["http://127.0.0.1:8000", "https://shop.example.com", "https://shop.example.com:8443"])
@pytest.mark.parametrize("place", PLACES)
def test_address_and_key_are_put_in_everywhere(place: str, host: str) -> None:
    for sample in read_samples(place, host=host, key="k-1"):
        assert KEY not in sample.code
        assert "liebian.example" not in sample.code
        if "src=" in sample.code:
            assert f'src="{host}/liebian.js"' in sample.code


@pytest.mark.parametrize(("host", "name", "port"), [("https://shop.example.com", "shop.example.com", 443), ("https://127.0.0.1:8443", "127.0.0.1", 8443)])  # fmt: skip
def test_libraries_that_take_a_bare_host_are_told_the_port(host: str, name: str, port: int) -> None:
    ruby = fill((FOLDER / "ruby.txt").read_text(encoding="utf-8"), host=host, key="k")
    assert f"host: '{name}', port: {port})" in ruby
    php = fill((FOLDER / "php.txt").read_text(encoding="utf-8"), host=host, key="k")
    assert f"['host' => '{host.removeprefix('https://')}']" in php
    assert HOST not in json.dumps([php, ruby])


@pytest.mark.parametrize(("place", "options"), [("php", ("tls", "ssl")), ("ruby", ("ssl",))])
def test_samples_name_no_option_that_their_library_does_not_read(place: str, options: tuple[str, ...]) -> None:
    """Both libraries speak https whatever they are told, so a sample must not look as if it chose."""
    (sample,) = read_samples(place, host="http://127.0.0.1:8000", key="k")
    assert not [option for option in options if re.search(rf"['\"]?\b{option}\b['\"]?\s*(=>|:)", sample.code)]
    assert "https" in sample.code
