"""Hostile links: what is reached, and how long an answer takes."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from support.hostile_network.inside import FETCH_TIMEOUT_S
from support.hostile_network.network import why_not
from support.running import ROOT


def network() -> None:
    """Every hostile URL against the real service, in a network full of canaries."""
    reason = why_not()
    if reason:
        print(f"network: skipped, needs root and Linux namespaces ({reason})")
        return
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "support.hostile_network.inside", folder]
        subprocess.run(["unshare", "--net", "--mount", *command], cwd=ROOT, check=True)
        report = json.loads((Path(folder) / "report.json").read_text())
    outcomes = report["outcomes"]
    slowest = max(outcomes, key=lambda one: one["seconds"])
    print(f"network: {len(outcomes)} URLs, {_count(outcomes, 'must work')} of them ordinary")
    print(f"  connections to forbidden addresses   {len(report['canary'])}")
    print(f"  answers of 500                       {sum(o['status'] == 500 for o in outcomes)}")
    refused = sum(o["status"] != 200 for o in outcomes if o["kind"] == "must work")
    print(f"  ordinary URLs refused                {refused}")
    print(
        f"  slowest answer / FETCH_TIMEOUT_S     {slowest['seconds'] / FETCH_TIMEOUT_S:.2f}"
        f" ({slowest['url']})"
    )


def _count(outcomes: list[dict[str, object]], kind: str) -> int:
    return sum(outcome["kind"] == kind for outcome in outcomes)
