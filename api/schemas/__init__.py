"""Types what is sent and answered: these models check requests and form answers."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Score = Annotated[float, Field(ge=0, le=1)]


class Wire(BaseModel):
    """Unknown members are refused by name: a typing error is not silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
