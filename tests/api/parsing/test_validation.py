"""What is wrong with a request is said in our own words, and says what would be right."""

import pytest
from pydantic import BaseModel

from api.errors import Problem
from api.parsing.body import check_json, check_query
from api.schemas import requests as schemas

FOREIGN = (  # words of pydantic, Werkzeug and Flask
    "Input", "input", "Value error", "Field required", "Extra", "permitted", "unable to parse",
    "valid string", "valid boolean", "valid integer", "should", "pydantic", "URL manually", "tuple",
)  # fmt: skip


def query(model: type[BaseModel], **values: str) -> str:
    with pytest.raises(Problem) as problem:
        check_query(model, values)
    return problem.value.detail


def json(model: type[BaseModel], data: bytes) -> str:
    with pytest.raises(Problem) as problem:
        check_json(model, data)
    return problem.value.detail


@pytest.mark.parametrize(
    ("model", "values", "detail"),
    [
        (
            schemas.ResultQuery,
            {"topk": "1"},
            "The parameter 'topk' is not known. Did you mean `top`?",
        ),
        (schemas.ResultQuery, {"explian": "1"}, "Did you mean `explain`? Known here: explain, "),
        (schemas.ResultQuery, {"zzz": "1"}, "'zzz' is not known. Known here: explain, min_score, "),
        (schemas.NoQuery, {"x": "1"}, "The parameter 'x' is not known. There are none here."),
        (schemas.ResultQuery, {"explain": "perhaps"}, "'explain' must be true or false."),
        (schemas.ResultQuery, {"explain": ""}, "'explain' must be true or false."),
        (schemas.ResultQuery, {"top": "many"}, "'top' must be a whole number."),
        (schemas.ResultQuery, {"top": "1.5"}, "'top' must be a whole number."),
        (schemas.ResultQuery, {"top": "0"}, "'top' must be at least 1."),
        (schemas.ResultQuery, {"top": "1001"}, "'top' must be at most 1000."),
        (schemas.ResultQuery, {"top": "9" * 5000}, "'top' must be a whole number"),
        (schemas.ResultQuery, {"min_score": "x"}, "'min_score' must be a number."),
        (schemas.ResultQuery, {"min_score": "nan"}, "'min_score' must be"),
        (schemas.ResultQuery, {"min_score": "2"}, "'min_score' must be at most 1"),
        (schemas.RandomQuery, {"subject": ""}, "'subject' must not be empty."),
        (schemas.RandomQuery, {"subject": "x" * 65}, "'subject' must have at most 64 characters."),
        (schemas.SampleQuery, {"size": "huge"}, "'size' must be 'small' or 'large'."),
    ],
)
def test_parameters(model: type[BaseModel], values: dict[str, str], detail: str) -> None:
    said = query(model, **values)
    assert detail in said
    assert not [word for word in FOREIGN if word in said]


@pytest.mark.parametrize(
    ("model", "data", "detail"),
    [
        (schemas.PictureBody, b"{", "The body is not valid JSON."),
        (schemas.PictureBody, b"", "The body is not valid JSON."),
        (schemas.PictureBody, b"\xff", "The body is not valid JSON."),
        (schemas.PictureBody, b"[" * 50000, "The body is not valid JSON."),
        (schemas.PictureBody, b"[]", 'must be a JSON object: {"image": …} or {"url": …}.'),
        (schemas.PictureBody, b'"x"', 'must be a JSON object: {"image": …} or {"url": …}.'),
        (schemas.PictureBody, b"null", 'must be a JSON object: {"image": …} or {"url": …}.'),
        (schemas.PictureBody, b'{"urls": []}', "Did you mean `url`? Known here: image, url."),
        (schemas.PictureBody, b'{"url": 7}', "The member 'url' must be text."),
        (schemas.PictureBody, b'{"url": ""}', "The member 'url' must not be empty."),
        (schemas.PictureBody, b'{"url": "\\ud800"}', "The body is not valid JSON."),
        (schemas.UrlBody, b"{}", "The member 'url' is missing."),
        (schemas.UrlsBody, b'{"urls": "x"}', "The member 'urls' must be a list."),
        (schemas.UrlsBody, b'{"urls": []}', "The member 'urls' must not be empty."),
        (schemas.UrlsBody, b'{"urls": [""]}', "The member 'urls.0' must not be empty."),
        (schemas.UrlsBody, b'{"urls": ["x", 1]}', "The member 'urls.1' must be text."),
        (schemas.UrlsBody, b'{"urls": [%s"x"]}' % (b'"x",' * 32), "must have at most 32 entries."),
    ],
)
def test_members(model: type[BaseModel], data: bytes, detail: str) -> None:
    said = json(model, data)
    assert detail in said
    assert not [word for word in FOREIGN if word in said]


def test_a_byte_order_mark_is_no_mistake() -> None:
    body = check_json(schemas.UrlBody, b'\xef\xbb\xbf{"url": "x"}')
    assert body.url == "x"
