"""Is the process alive, and is it ready? For whoever runs the service; not meant for the public."""

from typing import Any

from flask_restful import Resource

from api.classification import Service


class Health(Resource):  # type: ignore[misc]  # Flask-RESTful has no types
    """GET /healthz: this process answers."""

    internal = True

    def get(self) -> dict[str, str]:
        return {"status": "ok"}


class Ready(Resource):  # type: ignore[misc]
    """GET /readyz: the models are loaded, verified and warm."""

    internal = True

    def __init__(self, service: Service) -> None:
        self.service = service

    def get(self) -> dict[str, Any]:
        return {
            "status": "ready",
            "models": list(self.service.models.current),
        }
