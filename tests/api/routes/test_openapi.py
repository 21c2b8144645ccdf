"""The description of the API is complete, valid and true."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import requests
from openapi_spec_validator import OpenAPIV31SpecValidator

from api import openapi
from api.errors import PROBLEMS
from tests.api.conftest import RED, World
from tests.running import ROOT

TIMEOUT_S = 30


@pytest.fixture(scope="module")
def document(world: World) -> dict[str, Any]:
    answer = requests.get(f"{world.service.url}/api/openapi.json", timeout=TIMEOUT_S)
    assert answer.headers["Content-Type"] == "application/json"
    found: dict[str, Any] = answer.json()
    return found


def test_it_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(document).validate()


def test_it_is_revalidated(world: World) -> None:
    url = f"{world.service.url}/api/openapi.json"
    etag = requests.get(url, timeout=TIMEOUT_S).headers["ETag"]
    again = requests.get(url, headers={"If-None-Match": etag}, timeout=TIMEOUT_S)
    assert again.status_code == 304


def test_an_endpoint_without_documentation_is_refused() -> None:
    from flask import Flask
    from flask_restful import Api, Resource

    class Silent(Resource):  # type: ignore[misc]
        def get(self) -> str:
            return ""

    app = Flask(__name__)
    Api(app).add_resource(Silent, "/silent")
    with pytest.raises(LookupError, match="GET /silent is not documented"):
        openapi.build(app, "1")


def test_every_operation_says_what_it_is_for(document: dict[str, Any]) -> None:
    operations = [op for path in document["paths"].values() for op in path.values()]
    assert len(operations) == 10
    assert all(operation["summary"] and operation["description"] for operation in operations)
    assert len({operation["operationId"] for operation in operations}) == len(operations)


def media_types(node: Any) -> list[dict[str, Any]]:
    """Every media type object of a document: a schema, perhaps with examples."""
    if isinstance(node, list):
        return [found for item in node for found in media_types(item)]
    if not isinstance(node, dict):
        return []
    below = [found for value in node.values() for found in media_types(value)]
    return [node, *below] if "schema" in node and "examples" in node else below


def test_examples_are_valid_and_there_is_one_for_every_json(document: dict[str, Any]) -> None:
    found = media_types(document["paths"])
    assert len(found) > 40
    kinds = [media for media in found if media["schema"].get("type") != "string"]
    assert not [media for media in kinds if not media["examples"]]
    for media in found:
        schema = media["schema"] | {"components": document["components"]}
        for example in media["examples"].values():
            jsonschema.validate(example["value"], schema)


def test_every_problem_has_a_line_in_the_documentation() -> None:
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    for code, (status, _) in PROBLEMS.items():
        assert f"| `{code}` | {status} |" in text


@pytest.mark.slow
def test_schemathesis_finds_nothing(world: World, tmp_path: Path) -> None:
    """Requests made up from the description, right ones and wrong ones, against the service."""
    config = tmp_path / "schemathesis.toml"
    config.write_text("")
    command = [
        Path(sys.executable).with_name("schemathesis"),
        "--config-file", config,
        "run", f"{world.service.url}/api/openapi.json",
        "--max-examples", "15",
        "--seed", "1",
        "--generation-database", "none",
        "--phases", "examples,coverage,fuzzing",
        # An address that is well formed may still lead nowhere.
        "--exclude-checks", "positive_data_acceptance",
    ]  # fmt: skip
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stdout[-6000:]


@pytest.mark.slow
def test_a_generated_client_builds_and_classifies(
    world: World, document: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "openapi.json").write_text(json.dumps(document))
    (tmp_path / "photo.jpg").write_bytes(RED)
    generate = [
        Path(sys.executable).with_name("openapi-python-client"),
        "generate", "--path", "openapi.json", "--meta", "none",
        "--output-path", "dogorcat_client",
    ]  # fmt: skip
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"  # it lays its code out with ruff
    made = subprocess.run(
        generate, cwd=tmp_path, capture_output=True, text=True, timeout=120, env={"PATH": path}
    )
    assert made.returncode == 0, made.stdout + made.stderr
    code = f"""
from dogorcat_client import Client
from dogorcat_client.api.default import get_models, post_classify
from dogorcat_client.models import PostClassifyFilesBody, UrlBody
from dogorcat_client.types import File
client = Client({world.service.url!r})
print(len(get_models.sync(client=client).models))
body = PostClassifyFilesBody(image=File(open("photo.jpg", "rb"), "photo.jpg"))
print(post_classify.sync(client=client, body=body).verdict)
print(post_classify.sync(client=client, body=UrlBody({world.address("red.jpg")!r})).verdict)
"""
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert run.stdout.split() == ["2", "cat", "cat"], run.stderr
