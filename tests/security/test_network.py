"""From outside, in a network where every address has a canary: nothing inside is ever dialled."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from api.settings import Settings
from common.fetch.fetcher import Fetcher
from support.hostile_network import urls
from support.hostile_network.inside import CROWD, FETCH_TIMEOUT_S, WORKERS
from support.hostile_network.network import why_not

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What became of every URL, asked once."""
    reason = why_not()
    if reason:
        pytest.skip(f"needs root and Linux namespaces: {reason}")
    folder = tmp_path_factory.mktemp("inside")
    command = [
        "unshare",
        "--net",
        "--mount",
        sys.executable,
        "-m",
        "support.hostile_network.inside",
        folder,
    ]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    found: dict[str, Any] = json.loads((folder / "report.json").read_text())
    return found


def of_kind(report: dict[str, Any], *kinds: str) -> list[dict[str, Any]]:
    found = [one for one in report["outcomes"] if one["kind"] in kinds]
    assert found
    return found


def test_nothing_but_the_public_server_was_dialled(report: dict[str, Any]) -> None:
    assert report["canary"] == []


def test_no_answer_is_our_fault(report: dict[str, Any]) -> None:
    assert [one for one in report["outcomes"] if one["status"] == 500] == []
    assert "Traceback" not in report["log"]


def test_every_answer_comes_in_time(report: dict[str, Any]) -> None:
    """Generous, since other tests may keep the machine busy; `bench/security/` measures it."""
    late = [one for one in report["outcomes"] if one["seconds"] > FETCH_TIMEOUT_S + 30]
    assert late == []


def test_what_must_work_works(report: dict[str, Any]) -> None:
    outcomes = of_kind(report, "must work")
    assert len(outcomes) == len(urls.MUST_WORK)
    assert [one for one in outcomes if one["status"] != 200] == []


def test_inside_and_nowhere_are_answered_with_the_same_words(report: dict[str, Any]) -> None:
    outcomes = of_kind(report, "inside", "inside, redirected")
    assert len(outcomes) == 2 * len(urls.INSIDE)
    wrong = [
        one for one in outcomes if one["status"] != 400 or one["body"]["code"] != "url_not_allowed"
    ]
    assert wrong == []
    said = [one["body"] | {"request_id": ""} for one in outcomes]  # that one is drawn by lot
    assert len({json.dumps(body, sort_keys=True) for body in said}) == 1


def test_malformed(report: dict[str, Any]) -> None:
    outcomes = of_kind(report, "malformed")
    wrong = [
        one for one in outcomes if one["status"] != 400 or one["body"]["code"] != "invalid_request"
    ]
    assert wrong == []


@pytest.mark.parametrize("path", urls.BAD_SERVERS)
def test_bad_servers(report: dict[str, Any], path: str) -> None:
    (outcome,) = (
        one for one in of_kind(report, "bad server") if one["url"] == f"http://pub.example{path}"
    )
    assert outcome["status"] in urls.BAD_SERVERS[path], outcome


def test_rebinding_gets_the_public_answer_or_none(report: dict[str, Any]) -> None:
    statuses = {(one["status"], one["body"].get("code")) for one in of_kind(report, "rebinding")}
    assert statuses == {(200, None), (400, "url_not_allowed")}


def test_a_silent_name_server_is_given_up(report: dict[str, Any]) -> None:
    (outcome,) = of_kind(report, "silent name server")
    assert (outcome["status"], outcome["body"]["code"]) == (504, "fetch_timeout")


def test_a_crowd_at_one_host_is_told_to_come_back(report: dict[str, Any]) -> None:
    outcomes = of_kind(report, "crowd")
    waited = [one for one in outcomes if one["status"] == 504]
    refused = [one for one in outcomes if one["status"] == 503]
    assert len(waited) + len(refused) == len(outcomes) == CROWD
    per_worker = Fetcher(
        timeout_s=1, max_bytes=1, concurrency=Settings().fetch_concurrency, allowed_ports=[]
    ).per_host
    assert 0 < len(waited) <= WORKERS * per_worker
    assert all(one["body"]["code"] == "overloaded" for one in refused)
    assert all(int(one["retry_after"]) >= 1 for one in refused)
