"""Reads every setting of the service, one environment variable each, and checks it at the start."""

import os
import re
import tempfile
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal, Self

import limits
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from api.middleware.cors import origin
from api.parsing.validation import in_words
from common.cpus import usable_cpus
from common.errors import DogorcatError
from common.model.card import Precision

UNIX = "unix:"
ROOT = Path(__file__).resolve().parent.parent


class SettingsError(DogorcatError):
    """An environment variable has a value the service cannot start with."""


def _split(value: object) -> object:
    """`"a, b"` -> `["a", "b"]`; what is no text is left to pydantic."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _networks(value: object) -> object:
    parts = _split(value)
    try:
        return [ip_network(part) for part in parts] if isinstance(parts, list) else parts
    except ValueError:
        raise ValueError("is no list of networks such as `10.0.0.0/8,fd00::/8`") from None


def _rate(value: str) -> str:
    try:
        limits.parse_many(value)
    except ValueError:
        raise ValueError("is no rate such as `60 per minute` or `1000/day;10/second`") from None
    return value


_AS_LIST = (NoDecode, BeforeValidator(_split))

Port = Annotated[int, Field(ge=1, le=65535)]
Megabytes = Annotated[int, Field(ge=1, le=1024)]
Seconds = Annotated[float, Field(gt=0, le=600)]
PhotoSource = Literal["flickr", "commons", "folder"]


def workers_for(cpus: int) -> int:
    """Worker processes for a machine: one for every two CPUs (docs/decisions/stock-server.md)."""
    return max(1, cpus // 2)


class Settings(BaseSettings):
    """The service's settings; the README's table says the same in words, and a test keeps it so."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True)

    host: str = Field(
        "127.0.0.1", description="Address to listen on, or `unix:/path/of/a.sock` without a port."
    )
    port: Port = Field(8000, description="Port to listen on.")
    web_concurrency: int = Field(
        default_factory=lambda: workers_for(usable_cpus()),
        ge=1,
        le=256,
        description="Worker processes, which share the CPUs.",
    )
    threads: int = Field(
        64,
        ge=1,
        le=1024,
        description="Threads of a worker: requests that it takes on at once.",
    )
    model_dir: Path = Field(Path("models"), description="Folder of model folders; all are served.")
    default_model: str = Field(
        "cat_dog", description="Name of the model that answers if none is named."
    )
    precision: Precision | None = Field(
        None,
        description="`float32` or `int8`: which file of a model; the quicker one here if empty.",
    )
    max_upload_mb: Megabytes = Field(10, description="Largest picture, uploaded or fetched.")
    max_batch_mb: Megabytes = Field(64, description="Largest upload of several pictures.")
    request_timeout_s: Seconds = Field(30, description="Seconds after which a request is given up.")
    fetch_timeout_s: Seconds = Field(10, description="Seconds that fetching a picture may take.")
    fetch_concurrency: int = Field(
        16, ge=1, le=1024, description="Pictures that a worker fetches at the same time."
    )
    fetch_allowed_ports: Annotated[tuple[Port, ...], *_AS_LIST] = Field(
        (80, 443), description="Ports from which pictures are fetched."
    )
    fetch_allowed_networks: Annotated[
        tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_networks)
    ] = Field((), description="Networks (CIDR) to fetch from besides the public internet.")
    rate_limit: Annotated[str, AfterValidator(_rate)] = Field(
        "60 per minute", description="Requests of one client; a known API key lifts it."
    )
    rate_limit_storage_url: str = Field(
        "memory://",
        pattern=r"^(memory|redis|rediss|redis\+unix)://",
        description="Where they are counted: in memory (each worker for itself) or in Redis.",
    )
    api_keys_file: Path | None = Field(
        None, description="File with the hashes of API keys; `python -m api key NAME` makes a key."
    )
    cors_origins: Annotated[tuple[Annotated[str, AfterValidator(origin)], ...], *_AS_LIST] = Field(
        (), description="Origins whose pages may call the API (`https://app.example.org`), or `*`."
    )
    trusted_proxies: int = Field(
        0, ge=0, le=8, description="Proxies in front whose forwarding headers are believed."
    )
    photo_sources: Annotated[tuple[PhotoSource, ...], *_AS_LIST] = Field(
        ("flickr", "commons", "folder"),
        description="Where Random looks for photos, in this order; what is not set up is left out.",
    )
    flickr_api_key: str | None = Field(None, repr=False, description="Flickr API key.")
    flickr_api_secret: str | None = Field(None, repr=False, description="Flickr API secret.")
    flickr_keys_file: Path | None = Field(
        None, description="JSON file with the key as `public` and the secret as `secret`."
    )
    flickr_api_url: str = Field(
        "https://api.flickr.com/services/rest/", description="Where Flickr's API answers."
    )
    commons_api_url: str = Field(
        "https://commons.wikimedia.org/w/api.php",
        description="Where the API of Wikimedia Commons answers.",
    )
    contact: str | None = Field(
        None,
        pattern=r"^[\x21-\x7e][\x20-\x7e]{0,199}$",
        description="Address of who runs this, told in the `User-Agent` of every request that is "
        "sent; Wikimedia refuses those without.",
    )
    photo_folder: Path | None = Field(None, description="Folder of photos for Random.")
    feedback_folder: Path | None = Field(
        None,
        description="Folder for photos that visitors give to learn from; none are taken if empty.",
    )
    feedback_max_files: int = Field(
        1000, ge=1, le=1_000_000, description="Photos that are kept in it."
    )
    feedback_max_mb: int = Field(
        200, ge=1, le=1_000_000, description="Size of all photos in it together."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least level that is logged; `debug` also logs probes."
    )
    runtime_dir: Path | None = Field(
        None,
        description="Folder for the files of a running service: copies of its models, metrics, "
        "process id. Left out, one below `/tmp` that is named after user, address and port.",
    )

    @cached_property
    def max_upload_bytes(self) -> int:
        """MAX_UPLOAD_MB in bytes."""
        return self.max_upload_mb * 2**20

    @cached_property
    def max_batch_bytes(self) -> int:
        """MAX_BATCH_MB in bytes."""
        return self.max_batch_mb * 2**20

    @property
    def address(self) -> str:
        """What gunicorn binds to."""
        return self.host if self.host.startswith(UNIX) else f"{self.host}:{self.port}"

    @property
    def runtime_folder(self) -> Path:
        """RUNTIME_DIR, or where it is if it is left out."""
        if self.runtime_dir:
            return self.runtime_dir
        name = re.sub(r"[^\w.-]+", "-", f"dogorcat-{os.getuid()}-{self.address}")
        return Path(tempfile.gettempdir(), name)

    @classmethod
    def load(cls) -> Self:
        """Read the environment.

        Raises:
            SettingsError: naming the variable and what is wrong with it, in one line.
        """
        try:
            return cls()
        except ValidationError as error:
            first = error.errors()[0]
            name = str(first["loc"][0]).upper() if first["loc"] else "settings"
            raise SettingsError(f"{name}={first['input']}: this {in_words(first)}.") from None
