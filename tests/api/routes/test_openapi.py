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
from flask import Flask
from openapi_spec_validator import OpenAPIV31SpecValidator

from api import openapi
from api.errors import PROBLEMS
from support.running import ROOT
from tests.api.conftest import RED, World

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
    assert all(operation["summary"] and operation["description"] for operation in operations)
    answers = [operation["responses"]["200"]["description"] for operation in operations]
    assert len(set(answers)) == len(operations)


def test_every_field_and_parameter_says_what_it_is(document: dict[str, Any]) -> None:
    silent: list[str] = []
    open_: list[tuple[str, Any]] = [("", document)]
    while open_:
        place, value = open_.pop()
        if isinstance(value, list):
            open_ += [(f"{place}/{i}", one) for i, one in enumerate(value)]
        elif isinstance(value, dict):
            open_ += [(f"{place}/{key}", one) for key, one in value.items()]
            fields = value.get("properties", {}) if "type" in value else {}
            told = {key: one for key, one in fields.items() if "$ref" not in json.dumps(one)}
            parameter = {"": value} if {"in", "name", "schema"} <= value.keys() else {}
            silent += [
                f"{place}/{key}"
                for key, one in (told | parameter).items()
                if not one.get("description")
            ]
    assert silent == []


def test_what_is_new_comes_first_and_the_first_version_last(document: dict[str, Any]) -> None:
    found = [
        (path, operation["operationId"], operation["tags"], operation.get("deprecated", False))
        for path, operations in document["paths"].items()
        for operation in operations.values()
    ]
    assert found == [
        ("/api/v1/classify", "classify", ["Classify"], False),
        ("/api/v1/classify/batch", "classify_batch", ["Classify"], False),
        ("/api/v1/random", "random_photo", ["Photos"], False),
        ("/api/v1/samples", "list_samples", ["Photos"], False),
        ("/api/v1/samples/{key}", "get_sample", ["Photos"], False),
        ("/api/v1/models", "list_models", ["Models"], False),
        ("/api/v1/models/{name}", "get_model", ["Models"], False),
        ("/api/v1/feedback", "send_feedback", ["Feedback"], False),
        ("/", "page", ["Page"], False),
        ("/", "legacy_dog_probability", ["First version"], True),
        ("/random_image", "legacy_random_image", ["First version"], True),
    ]
    assert [tag["name"] for tag in document["tags"]] == list(
        dict.fromkeys(tag for _, _, (tag,), _ in found)
    )
    assert all(tag["description"] for tag in document["tags"])


def test_it_says_whose_it_is_and_where(document: dict[str, Any]) -> None:
    info = document["info"]
    assert info["description"]
    assert info["contact"]["name"]
    assert [server["url"] for server in document["servers"]] == ["/"]


@pytest.mark.parametrize(
    ("address", "contact"),
    [
        (None, {"name": "Whoever runs this service"}),
        ("ops@example.org", {"name": "Whoever runs this service", "email": "ops@example.org"}),
        ("https://x.example", {"name": "Whoever runs this service", "url": "https://x.example"}),
        ("Ada, room 7", {"name": "Ada, room 7"}),
    ],
)
def test_contact(address: str | None, contact: dict[str, str]) -> None:
    assert openapi.build(Flask(__name__), "1", address)["info"]["contact"] == contact


def test_keys_are_optional_and_asked_for_only_where_they_matter(document: dict[str, Any]) -> None:
    assert "security" not in document
    for path, operations in document["paths"].items():
        for operation in operations.values():
            free = operation["tags"][0] in ("Models", "Page") or "/samples" in path
            assert operation.get("security", [])[:1] == ([] if free else [{}])


def test_problems_have_the_id_of_their_request(document: dict[str, Any]) -> None:
    for media in media_types(document["paths"]):
        for example in media["examples"].values():
            if "code" in example["value"]:
                assert example["value"]["request_id"]


def test_headers_are_as_described(world: World, document: dict[str, Any]) -> None:
    """Those that are said to be there are; all of ours that are there are described."""
    ours = document["components"]["headers"]
    for path, method, kwargs in (
        ("/api/v1/classify", "post", {"files": {"image": RED}}),
        ("/api/v1/classify", "post", {"files": {"image": b"x"}}),
        ("/api/v1/models", "get", {}),
        ("/api/v1/samples", "get", {}),
    ):
        url = world.service.url + path
        answer = requests.request(method, url, timeout=TIMEOUT_S, **kwargs)
        described = document["paths"][path][method]["responses"][str(answer.status_code)]["headers"]
        required = {name for name in described if ours[name].get("required")}
        assert required <= set(answer.headers)
        if answer.ok:
            assert set(ours) & set(answer.headers) <= set(described)


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
    names = [name for media in found for name in media["examples"]]
    assert not [name for name in names if not name.isidentifier()]
    assert all(example["summary"] for media in found for example in media["examples"].values())
    assert not [media for media in found if not media["examples"]]
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
import base64
from dogorcat_client import Client
from dogorcat_client.api.classify import classify
from dogorcat_client.api.models import list_models
from dogorcat_client.models import ClassifyFilesBody, ImageBody, UrlBody
from dogorcat_client.types import File
client = Client({world.service.url!r})
print(len(list_models.sync(client=client).models))
body = ClassifyFilesBody(image=File(open("photo.jpg", "rb"), "photo.jpg"))
print(classify.sync(client=client, body=body).verdict)
print(classify.sync(client=client, body=UrlBody({world.address("red.jpg")!r})).verdict)
image = base64.b64encode(open("photo.jpg", "rb").read()).decode()
print(classify.sync(client=client, body=ImageBody(image)).verdict)
"""
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert run.stdout.split() == ["2", "cat", "cat", "cat"], run.stderr
