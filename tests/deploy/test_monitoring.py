"""The dashboard and the alerts ask for metrics, labels and problems that there are."""

import json
import re
from pathlib import Path

import pytest
import requests
import yaml
from prometheus_client.parser import text_string_to_metric_families

from api.errors import PROBLEMS
from api.telemetry.metrics import STAGES
from support.colour_model import write_colour_model
from support.photo_servers import picture
from support.running import ROOT, running_service

DASHBOARD = ROOT / "deploy" / "grafana-dashboard.json"
ALERTS = ROOT / "deploy" / "prometheus-alerts.yml"
DOCUMENT = ROOT / "docs" / "operations.md"


@pytest.fixture(scope="module")
def exposed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """name of a sample -> its labels, of a service that has answered."""
    folder = tmp_path_factory.mktemp("monitoring")
    write_colour_model(folder / "models" / "cat_dog")
    settings = {"MODEL_DIR": folder / "models", "FEEDBACK_FOLDER": folder}
    with running_service(folder, WEB_CONCURRENCY=1, **settings) as service:
        for body in (picture(), b"none"):
            url = f"{service.url}/api/v1/classify"
            requests.post(url, files={"image": body}, timeout=60)
        url = f"{service.url}/api/v1/feedback"
        requests.post(url, files={"label": (None, "cat")}, timeout=60)
        text = requests.get(f"{service.url}/metrics", timeout=60).text
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def expressions() -> list[str]:
    """Every question that the two files ask Prometheus."""
    dashboard = json.loads(DASHBOARD.read_text("utf-8"))
    rules = yaml.safe_load(ALERTS.read_text("utf-8"))["groups"][0]["rules"]
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    return asked + [rule["expr"] for rule in rules]


@pytest.mark.parametrize("expression", expressions())
def test_a_question_can_be_answered(exposed: dict[str, set[str]], expression: str) -> None:
    names = re.findall(r"\b(dogorcat_\w+)", expression)
    assert set(names) <= set(exposed)
    labels = set().union(*(exposed[name] for name in names)) | {"job"}
    grouped = ", ".join(re.findall(r"\bby \(([^)]*)\)", expression))
    compared = re.findall(r"[{,](\w+)=", expression)
    assert {*re.findall(r"\w+", grouped), *compared} <= labels
    for reasons in re.findall(r'reason=~?"([^"]+)"', expression):
        assert set(reasons.split("|")) <= set(PROBLEMS)
    for stage in re.findall(r'stage="([^"]+)"', expression):
        assert stage in STAGES
    assert expression.count("(") == expression.count(")")


def test_every_metric_is_documented(exposed: dict[str, set[str]]) -> None:
    families = {re.sub(r"_(bucket|count|sum|created)$", "", name) for name in exposed}
    documented = set(re.findall(r"`(dogorcat_\w+)", Path(DOCUMENT).read_text("utf-8")))
    assert families == documented


def test_every_alert_is_documented() -> None:
    text = DOCUMENT.read_text("utf-8")
    for rule in yaml.safe_load(ALERTS.read_text("utf-8"))["groups"][0]["rules"]:
        assert f"`{rule['alert']}`" in text
