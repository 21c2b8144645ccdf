"""GET /api/v1/models and /api/v1/models/<name>: the cards of the models that are served."""

from flask import Response, request

from api.model_store.registry import Registry
from api.openapi import Tag, documented
from api.parsing import body
from api.routes.resource import ServiceResource, answer
from api.schemas import answers, requests
from common.classifier import Classifier


class Models(ServiceResource):
    """Every model that is served."""

    @documented(
        name="list_models",
        tag=Tag.MODELS,
        answered="The card of every model; `default` marks the one that answers if none is named.",
        query=requests.NoQuery,
        answer=answers.ModelList,
        counted=False,
        revalidated=True,
    )
    def get(self) -> Response:
        """List the models.

        Each with its card: labels, metrics and how they were measured, provenance and licence.
        """
        body.query(requests.NoQuery)
        registry = self.service.models.current
        entries = tuple(_entry(model, registry) for model in registry)
        models = answers.ModelList(
            models=entries,
            random=bool(self.service.photos.names),
            feedback=self.service.feedback is not None,
        )
        return _revalidated(answer(models))


class Model(ServiceResource):
    """One model."""

    @documented(
        name="get_model",
        tag=Tag.MODELS,
        answered="The model's card.",
        query=requests.NoQuery,
        path={"name": ("Name of the model.", "cat_dog")},
        answer=answers.ModelEntry,
        counted=False,
        revalidated=True,
        problems=("model_not_found",),
    )
    def get(self, name: str) -> Response:
        """Read one model's card.

        What it was trained on, how well it does and how that was measured.
        """
        body.query(requests.NoQuery)
        registry = self.service.models.current
        return _revalidated(answer(_entry(registry.get(name), registry)))


def _entry(model: Classifier, registry: Registry) -> answers.ModelEntry:
    card = model.card.model_dump(exclude={"golden", "int8"})
    return answers.ModelEntry(**card, default=card["name"] == registry.default)


def _revalidated(response: Response) -> Response:
    """May be kept, but is asked for again each time: a reload may bring another model."""
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    return response.make_conditional(request)  # type: ignore[return-value]
