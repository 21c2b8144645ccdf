"""POST /api/v1/feedback: what is really on a picture, and, only if it is sent, the picture."""

from flask import request

from api.context import RequestContext
from api.errors import Problem
from api.feedback import OTHERS
from api.openapi import FILE, Tag, form
from api.parsing import body
from api.routes.endpoint import ServiceResource, endpoint
from api.schemas import answers, requests
from api.telemetry import metrics

FORM = form(
    {
        "label": {
            "type": "string",
            "description": "What is on the picture: a label of the model, `neither` or `several`.",
        },
        "verdict": {"type": "string", "description": "What the answer said."},
        "image": FILE | {"description": "The picture, to learn from."},
    },
    required=["label"],
)
EXAMPLES = {
    "words": {"summary": "Without the picture", "value": {"label": "cat", "verdict": "dog"}}
}


class Feedback(ServiceResource):
    """What visitors say."""

    @endpoint(
        name="send_feedback",
        tag=Tag.FEEDBACK,
        answered="Whether the picture is kept.",
        body={"multipart/form-data": FORM | {"examples": EXAMPLES}},
        problems=(
            "not_found",
            "model_not_found",
            "image_too_large",
            "unsupported_media_type",
            "image_unreadable",
            "deadline_exceeded",
        ),
    )
    def post(
        self, context: RequestContext, options: requests.FeedbackQuery
    ) -> answers.FeedbackAnswer:
        """Say what is on a picture.

        A picture is kept only if it is sent and the service collects pictures to learn from
        (`feedback` in `/api/v1/models`), as a smaller JPEG without metadata; else this is 404.
        """
        store = self.service.feedback
        if store is None:
            raise Problem("not_found", "This service does not collect feedback.")
        card = self.service.model(options.model).card
        if request.mimetype != "multipart/form-data":
            raise Problem("unsupported_media_type", "Send feedback as multipart/form-data.")
        limit = self.service.settings.max_upload_bytes
        sent = body.form(context, limit, most=1, texts=("label", "verdict"))
        known = (*card.labels, *OTHERS)
        label, verdict = sent.texts.get("label", ""), sent.texts.get("verdict")
        for name, value in (("label", label), ("verdict", verdict)):
            if value is not None and value not in known:
                raise Problem(
                    "invalid_request", f"The field '{name}' must be one of {', '.join(known)}."
                )
        kept = False
        for data in sent.pictures:
            kept = store.keep(self.service.rewrite(data, context), card, label)
        metrics.FEEDBACK.labels(card.name, label, verdict or "").inc()
        return answers.FeedbackAnswer(kept=kept)
