"""Turns errors into RFC 9457 problem details; nothing else makes an HTTP answer of an error."""

import json
import logging
from collections.abc import Callable
from typing import Any

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from api.telemetry import metrics
from common import errors

CONTENT_TYPE = "application/problem+json"

# code -> (status, title). Clients depend on both: a code is never renamed.
PROBLEMS = {
    "invalid_request": (400, "The request is not understood"),
    "url_not_allowed": (400, "The address cannot be fetched"),
    "unauthorized": (401, "The API key is not known"),
    "not_found": (404, "There is nothing here"),
    "model_not_found": (404, "There is no such model"),
    "method_not_allowed": (405, "The method is not allowed here"),
    "image_too_large": (413, "The picture is too large"),
    "unsupported_media_type": (415, "The kind of content is not accepted"),
    "image_unreadable": (422, "The picture cannot be read"),
    "rate_limited": (429, "Too many requests"),
    "internal_error": (500, "Something broke here"),
    "fetch_failed": (502, "The picture could not be fetched"),
    "overloaded": (503, "Too busy"),
    "not_ready": (503, "Not ready yet"),
    "photo_source_unavailable": (503, "No photo to show"),
    "fetch_timeout": (504, "Fetching took too long"),
    "deadline_exceeded": (504, "The request took too long"),
}

_CODE_OF_ERROR: dict[type[errors.DogorcatError], str] = {
    errors.ImageUnreadable: "image_unreadable",
    errors.ImageTooLarge: "image_too_large",
    errors.ImageTypeUnsupported: "unsupported_media_type",
    errors.UrlInvalid: "invalid_request",
    errors.UrlNotAllowed: "url_not_allowed",
    errors.FetchFailed: "fetch_failed",
    errors.FetchTimeout: "fetch_timeout",
    errors.FetchBusy: "overloaded",
    errors.PhotoSourceUnavailable: "photo_source_unavailable",
    errors.ModelNotFound: "model_not_found",
}
# What Flask and Werkzeug refuse: status -> (code, detail)
_OF_STATUS = {
    400: ("invalid_request", "The request is malformed."),
    404: ("not_found", "There is nothing at this path; /api/docs lists what there is."),
    405: (
        "method_not_allowed",
        "This path does not take this method; the header Allow says which it takes.",
    ),
    413: ("image_too_large", "The body is larger than what is accepted."),
    415: ("unsupported_media_type", "The body is of a type that is not accepted."),
}
RETRY_AFTER_S = {"overloaded": 1, "not_ready": 2, "photo_source_unavailable": 60}

_log = logging.getLogger(__name__)


class Problem(Exception):
    """An error that is answered as it is; `code` is a key of `PROBLEMS`."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def to_problem(error: Exception) -> Problem:
    """Any exception as a `Problem`; the details of an unforeseen one are only logged."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, HTTPException) and error.code is not None and error.code < 500:
        return Problem(*_OF_STATUS.get(error.code, _OF_STATUS[400]))
    code = _CODE_OF_ERROR.get(type(error)) if isinstance(error, errors.DogorcatError) else None
    if code:
        return Problem(code, str(error))
    _log.error("Unforeseen error", exc_info=error)
    return Problem("internal_error", "This is our mistake, not yours. It has been logged.")


def body(problem: Problem) -> dict[str, Any]:
    """The members of the problem details object (RFC 9457, section 3.1)."""
    status, title = PROBLEMS[problem.code]
    return {
        "type": f"urn:dogorcat:problem:{problem.code}",
        "title": title,
        "status": status,
        "detail": problem.detail,
        "code": problem.code,
    }


def counted_body(problem: Problem, request_id: str | None) -> dict[str, Any]:
    """The same, with the id of the request that is answered; the problem is counted."""
    metrics.REFUSED.labels(problem.code).inc()
    return body(problem) | {"request_id": request_id}


def problem_response(error: Exception, request_id: str | None) -> Response:
    """The HTTP answer to an exception."""
    problem = to_problem(error)
    status, _ = PROBLEMS[problem.code]
    content = json.dumps(counted_body(problem, request_id))
    response = Response(content, status, content_type=CONTENT_TYPE)
    if problem.code in RETRY_AFTER_S:
        response.headers["Retry-After"] = str(RETRY_AFTER_S[problem.code])
    if isinstance(error, HTTPException):  # a 405 has to say what is allowed
        allow = dict(error.get_headers()).get("Allow")
        if allow:
            response.headers["Allow"] = allow
    return response


def register(app: Flask, request_id: Callable[[], str | None] = lambda: None) -> None:
    """Answer every exception of `app` as a problem.

    Args:
        request_id: says which request is being answered.
    """

    @app.errorhandler(Exception)
    def answer(error: Exception) -> Response:
        return problem_response(error, request_id())
