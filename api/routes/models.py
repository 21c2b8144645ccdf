"""GET /api/v1/models and /api/v1/models/<name>: the cards of the models that are served."""

from api.openapi import Tag
from api.routes.endpoint import ServiceResource, endpoint
from api.schemas import answers, requests
from common.model.classifier import Classifier


class _Cards(ServiceResource):
    def entry(self, model: Classifier) -> answers.ModelEntry:
        card = model.card.model_dump(exclude={"golden", "int8"})
        is_default = model.card.name == self.service.settings.default_model
        return answers.ModelEntry(**card, default=is_default)


class Models(_Cards):
    """Every model that is served."""

    @endpoint(
        name="list_models",
        tag=Tag.MODELS,
        answered="The card of every model; `default` marks the one that answers if none is named.",
        counted=False,
        revalidated=True,
    )
    def get(self, options: requests.NoQuery) -> answers.ModelList:
        """List the models.

        Each with its card: labels, metrics and how they were measured, provenance and licence.
        """
        return answers.ModelList(
            models=tuple(self.entry(model) for model in self.service.models.current.values()),
            random=bool(self.service.photos.names),
            feedback=self.service.feedback is not None,
        )


class Model(_Cards):
    """One model."""

    @endpoint(
        name="get_model",
        tag=Tag.MODELS,
        answered="The model's card.",
        path={"name": ("Name of the model.", "cat_dog")},
        counted=False,
        revalidated=True,
        problems=("model_not_found",),
    )
    def get(self, name: str, options: requests.NoQuery) -> answers.ModelEntry:
        """Read one model's card.

        What it was trained on, how well it does and how that was measured.
        """
        return self.entry(self.service.model(name))
