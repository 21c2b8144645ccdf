"""POST /api/v1/classify/batch: several pictures; one that is wrong does not fail the others."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from flask import request

from api import errors
from api.classification import Loaded
from api.context import RequestContext
from api.openapi import FILE, Tag, form
from api.parsing import body
from api.routes.endpoint import ServiceResource, endpoint
from api.schemas import answers, requests
from common.errors import FetchBusy
from common.model.classifier import Classifier

MOST = 32
FILES = {
    "type": "array",
    "items": FILE,
    "minItems": 1,
    "maxItems": MOST,
    "description": "Several fields of this name, a picture each.",
}
PAUSE_S = 0.05
"""Until a link is tried again whose host is busy with other links of the batch."""


class ClassifyBatch(ServiceResource):
    """Several pictures, by upload or address."""

    @endpoint(
        name="classify_batch",
        tag=Tag.CLASSIFY,
        answered="A result or a problem for each picture, in their order.",
        body={
            "multipart/form-data": form({"image": FILES}, required=["image"]),
            "application/json": requests.UrlsBody,
        },
        problems=(
            "model_not_found",
            "image_too_large",
            "unsupported_media_type",
            "deadline_exceeded",
        ),
    )
    def post(self, context: RequestContext, options: requests.ResultQuery) -> answers.BatchAnswer:
        """Classify up to 32 pictures.

        Send a form with several `image` fields, or JSON with a list of links. The results come in
        their order; a picture that cannot be classified has a problem in place of a result.
        """
        model = self.service.model(options.model)
        sources: Sequence[bytes | str]
        if request.mimetype == "application/json":
            sources = body.json_body(requests.UrlsBody, context).urls
        elif request.mimetype == "multipart/form-data":
            limit = self.service.settings.max_batch_bytes
            sources = body.pictures(context, limit, most=MOST)
        else:
            raise errors.Problem(
                "unsupported_media_type",
                "Send several pictures as multipart/form-data, or as application/json "
                '{"urls": […]}.',
            )
        width = min(len(sources), self.service.settings.fetch_concurrency)
        classify = partial(self._item, model=model, options=options, context=context)
        with self.service.queue.admit(), ThreadPoolExecutor(width) as pool:
            # Links are fetched side by side; decoding and inference wait for their turn. Each
            # picture is a part of this request: its stages and verdicts are logged together.
            items = [pool.submit(classify, source) for source in sources]
            return answers.BatchAnswer(results=tuple(item.result() for item in items))

    def _item(
        self,
        source: bytes | str,
        model: Classifier,
        options: requests.ResultQuery,
        context: RequestContext,
    ) -> answers.Result | answers.BatchError:
        try:
            loaded = self._load(source, context)
            try:
                return self.service.infer(loaded, model, options, context)
            finally:
                if loaded.source is not None:
                    context.budget.give_back(len(loaded.data))
        except Exception as error:
            problem = errors.counted_body(errors.to_problem(error), context.id)
            return answers.BatchError(error=answers.ProblemDetails.model_validate(problem))

    def _load(self, source: bytes | str, context: RequestContext) -> Loaded:
        """Like `Service.load`, but wait while a host is busy with other links of the batch."""
        while True:
            try:
                return self.service.load(source, context)
            except FetchBusy:
                if context.deadline.remaining() < PAUSE_S:
                    raise
                time.sleep(PAUSE_S)
