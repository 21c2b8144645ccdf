"""GET /healthz and /readyz, for whoever runs the service; not meant for the public."""

from typing import Any

from flask_restful import Resource

from api.routes.endpoint import ServiceResource


class Health(Resource):  # type: ignore[misc]  # Flask-RESTful has no types
    """GET /healthz: this process answers."""

    internal = True

    def get(self) -> dict[str, str]:
        return {"status": "ok"}


class Ready(ServiceResource):
    """GET /readyz: the models are loaded, verified and warm."""

    internal = True

    def get(self) -> dict[str, Any]:
        return {
            "status": "ready",
            "models": list(self.service.models.current),
        }
