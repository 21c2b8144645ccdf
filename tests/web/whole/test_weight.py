"""The page is small, and its types hold."""

import re
import subprocess
from pathlib import Path

import pytest

from support.running import ROOT

HERE = Path(__file__).parents[1]
LIMIT = 130_000
WEB = ROOT / "web"
TSC = HERE / "node_modules" / "typescript" / "bin" / "tsc"


def test_the_page_weighs_less_than_130_kb() -> None:
    """All that opening it loads, as it lies on the disk; on the way it is compressed."""
    html = (WEB / "index.html").read_text()
    loaded = {"index.html", *re.findall(r'href="([\w/.-]+\.(?:css|svg|js))"', html), "js/app.js"}
    assert len(loaded) > 25
    assert sum((WEB / name).stat().st_size for name in loaded) < LIMIT


def test_what_is_needed_first_is_loaded_at_once() -> None:
    """Every module that another one imports is announced, so that no round trip is lost."""
    js = WEB / "js"
    wanted, found = ["app.js"], set()
    while wanted:
        name = wanted.pop()
        found.add(name)
        imports = re.findall(r'^import [^"]*"(\.[\w./]+)";', (js / name).read_text(), re.MULTILINE)
        others = {
            str((js / name).parent.joinpath(path).resolve().relative_to(js)) for path in imports
        }
        wanted += others - found
    announced = re.findall(
        r'rel="modulepreload" href="js/([\w./]+)"', (WEB / "index.html").read_text()
    )
    assert {*announced, "app.js"} == found
    assert len(found) > 15


def test_types() -> None:
    if not TSC.is_file():
        pytest.skip("typescript is not installed: npm ci --prefix tests/web")
    done = subprocess.run(
        ["node", str(TSC), "-p", str(HERE / "jsconfig.json")],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout
