"""OpenAPI 3.1 from the code: each method says what it takes and answers; this writes it down."""

from api.openapi.document import build
from api.openapi.operation import FILE, Operation, Tag, documented, endpoints, form

__all__ = ["FILE", "Operation", "Tag", "build", "documented", "endpoints", "form"]
