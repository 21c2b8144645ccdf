"""OpenAPI 3.1 from the code: each method says what it takes and answers; this writes it down."""

from api.openapi.document import as_json, build
from api.openapi.operation import Operation, Tag, documented, endpoints

__all__ = ["Operation", "Tag", "as_json", "build", "documented", "endpoints"]
