"""OpenAPI 3.1 from the code: each method says what it takes and answers; this writes it down."""

from api.openapi.document import as_json, build
from api.openapi.operation import FILE, Operation, Tag, documented, endpoints, form

__all__ = ["FILE", "Operation", "Tag", "as_json", "build", "documented", "endpoints", "form"]
