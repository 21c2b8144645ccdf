"""The tests of the HTTP contract, unchanged, against the service on a cluster of three nodes."""

from tests.api.routes.test_batch import *  # noqa: F403
from tests.api.routes.test_classify import *  # noqa: F403
from tests.api.routes.test_endpoints import *  # noqa: F403
from tests.api.routes.test_openapi import document, test_it_is_openapi_3_1, test_it_is_revalidated

__all__ = ["document", "test_it_is_openapi_3_1", "test_it_is_revalidated"]
