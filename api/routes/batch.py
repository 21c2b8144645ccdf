"""POST /api/v1/classify/batch: several pictures; one bad one spoils nothing."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from flask import Response, request

from api import errors, memory_budget, request_body, schemas
from api.deadline import Deadline
from api.openapi import Tag, documented
from api.routes.resource import ServiceResource, answer
from common.errors import FetchBusy

MOST = 32
PAUSE_S = 0.05


class ClassifyBatch(ServiceResource):
    """Several pictures, by upload or address."""

    @documented(
        name="classify_batch",
        tag=Tag.CLASSIFY,
        answered="A result or a problem for each picture, in their order.",
        query=schemas.ResultQuery,
        body={
            "multipart/form-data": request_body.SEVERAL_UPLOADS,
            "application/json": schemas.UrlsBody,
        },
        answer=schemas.BatchAnswer,
        problems=(
            "model_not_found",
            "image_too_large",
            "unsupported_media_type",
            "deadline_exceeded",
        ),
    )
    def post(self) -> Response:
        """Classify up to 32 pictures.

        Send a form with several `image` fields, or JSON with a list of links. The results come in
        their order; a picture that cannot be classified has a problem in place of a result.
        """
        deadline = self.service.deadline()
        options = request_body.query(schemas.ResultQuery)
        self.service.registry.get(options.model)  # a wrong name spoils all of them
        sources: Sequence[bytes | str]
        if request.mimetype == "application/json":
            sources = request_body.json_body(schemas.UrlsBody, deadline).urls
        elif request.mimetype == "multipart/form-data":
            largest = self.service.settings.max_batch_mb * 2**20
            sources = request_body.pictures(deadline, largest, most=MOST)
        else:
            raise errors.Problem(
                "unsupported_media_type",
                "Send several pictures as multipart/form-data, or as application/json "
                '{"urls": […]}.',
            )
        width = min(len(sources), self.service.settings.fetch_concurrency)
        with self.service.lane.place(), ThreadPoolExecutor(width) as pool:
            # Addresses are fetched side by side; decoding and inference wait for their turn.
            # Each item runs within this request: the same models, one line in the log.
            contexts = [copy_context() for _ in sources]
            items = pool.map(
                lambda context, source: context.run(self._item, source, options, deadline),
                contexts,
                sources,
            )
            return answer(schemas.BatchAnswer(results=tuple(items)))

    def _item(
        self, source: bytes | str, options: schemas.ResultQuery, deadline: Deadline
    ) -> schemas.Result | schemas.BatchError:
        try:
            data, fetch_ms = self._load(source, deadline)
            try:
                return self.service.infer(data, fetch_ms, options, deadline)
            finally:
                if isinstance(source, str):
                    memory_budget.done_with(len(data))
        except Exception as error:
            problem = errors.answer(errors.to_problem(error))
            return schemas.BatchError(error=schemas.ProblemDetails.model_validate(problem))

    def _load(self, source: bytes | str, deadline: Deadline) -> tuple[bytes, float]:
        """Like `Service.load`, but patient: many pictures of a batch may be of the same host."""
        while True:
            try:
                return self.service.load(source, deadline)
            except FetchBusy:
                if deadline.remaining() < PAUSE_S:
                    raise
                time.sleep(PAUSE_S)
