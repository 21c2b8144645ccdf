"""The whole thing as a visitor meets it: the page behind Apache, the service, and photo servers."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import requests

from support.colour_model import write_colour_model
from support.photo_servers import (
    PhotoServer,
    commons_answer,
    commons_record,
    flickr_answer,
    flickr_record,
    picture,
    serving,
)
from support.running import ROOT, free_port, running_service

APACHE = shutil.which("apache2", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
MODULES = Path("/usr/lib/apache2/modules")
PATIENCE_S = 60

# For the colour model: red is a cat, blue is a dog, grey is neither.
RED, BLUE, GREY = "crimson", "royalblue", "grey"

_HTTPD = """
ServerRoot {folder}
PidFile {folder}/apache.pid
ErrorLog {folder}/apache.log
ServerName localhost
ServerTokens Prod
Listen 127.0.0.1:{port}
{listen}
{modules}
{user}
TypesConfig /etc/mime.types
StartServers 1
ServerLimit 2
ThreadsPerChild 32
MaxRequestWorkers 64
Define DOGORCAT_ROOT {root}
Define DOGORCAT_PORT {port}
Define DOGORCAT_API "{api}"
{defines}
Include {root}/{site}
"""
_MODULES = (
    "mpm_event authz_core dir mime headers rewrite proxy proxy_http reqtimeout brotli deflate"
    " filter substitute unixd alias ssl socache_shmcb"
)


@dataclass(frozen=True)
class Site:
    """Where everything is."""

    url: str
    """The page, behind Apache where there is one."""
    service: str
    photos: PhotoServer
    """A server with pictures at /photo/….jpg; it speaks Flickr, too."""
    commons: PhotoServer
    feedback: Path
    """Where the service keeps what visitors give."""


@contextmanager
def apache(api: str, site: str = "web/apache/dogorcat.conf", **defines: object) -> Iterator[str]:
    """Run the real Apache with the site of web/apache on a free port.

    Args:
        api: where the service answers.
        site: its file.
        defines: what else it is told, without the `DOGORCAT_` in front.
    """
    folder = Path(tempfile.mkdtemp(prefix="dogorcat-apache-"))
    folder.chmod(0o755)  # Apache leaves root behind where it was started by root
    for room in ("web", "deploy"):
        shutil.copytree(ROOT / room, folder / room)
    port = free_port()
    loads = [
        f"LoadModule {name}_module {MODULES}/mod_{name}.so"
        for name in _MODULES.split()
        if (MODULES / f"mod_{name}.so").exists()
    ]
    conf = folder / "httpd.conf"
    conf.write_text(
        _HTTPD.format(
            folder=folder,
            port=port,
            root=folder,
            api=api,
            site=site,
            listen="".join(f"Listen 127.0.0.1:{v}" for k, v in defines.items() if k == "TLS_PORT"),
            defines="\n".join(
                f'Define DOGORCAT_{k} "{v}"' for k, v in {"NAME": "127.0.0.1", **defines}.items()
            ),
            modules="\n".join(loads),
            user="User www-data\nGroup www-data" if os.geteuid() == 0 else "",
        )
    )
    process = subprocess.Popen([str(APACHE), "-f", str(conf), "-DFOREGROUND"])
    url = f"http://127.0.0.1:{port}/"
    try:
        end = time.monotonic() + PATIENCE_S
        while True:
            with suppress(requests.ConnectionError):
                requests.get(url, timeout=PATIENCE_S, allow_redirects=False)
                break
            assert process.poll() is None, (folder / "apache.log").read_text()
            assert time.monotonic() < end, "Apache does not answer"
            time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
        shutil.rmtree(folder)


@contextmanager
def running_site(
    folder: Path,
    *,
    models: Path | None = None,
    photo_folder: Path | None = None,
    **settings: object,
) -> Iterator[Site]:
    """Start photo servers, the service and Apache.

    Args:
        folder: for everything that is written.
        models: a folder of model folders; left out, two colour models.
        photo_folder: left out, a few drawn pictures.
        settings: of the service, besides.
    """
    if models is None:
        models = folder / "models"
        write_colour_model(models / "cat_dog")
        write_colour_model(models / "colours", labels=("red_thing", "blue_thing"))
    if photo_folder is None:
        photo_folder = folder / "photos"
        for name, colour in (("cats/tom", RED), ("cats/tim", "firebrick"), ("dogs/rex", BLUE)):
            file = photo_folder / f"{name}.jpg"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(solid(colour))
    (folder / "feedback").mkdir(exist_ok=True)
    with ExitStack() as stack:
        flickr = stack.enter_context(serving(PhotoServer()))
        commons = stack.enter_context(serving(PhotoServer()))
        flickr.answer = lambda _: flickr_answer([flickr_record(flickr, n) for n in range(5)])
        commons.answer = lambda _: commons_answer([commons_record(commons, n) for n in range(5)])
        service = stack.enter_context(
            running_service(
                folder,
                **{
                    "WEB_CONCURRENCY": 1,
                    "MODEL_DIR": models,
                    "PHOTO_FOLDER": photo_folder,
                    "FEEDBACK_FOLDER": folder / "feedback",
                    "FLICKR_API_KEY": "key",
                    "FLICKR_API_SECRET": "secret",
                    "FLICKR_API_URL": f"{flickr.url}/services/rest/",
                    "COMMONS_API_URL": f"{commons.url}/w/api.php",
                    "FETCH_ALLOWED_NETWORKS": "127.0.0.0/8",
                    "FETCH_ALLOWED_PORTS": f"{flickr.port},{commons.port}",
                    "FETCH_TIMEOUT_S": PATIENCE_S,
                    "REQUEST_TIMEOUT_S": 2 * PATIENCE_S,
                    "RATE_LIMIT": "100000 per minute",
                    "TRUSTED_PROXIES": 1 if APACHE else 0,
                    **settings,
                },
            )
        )
        url = stack.enter_context(apache(service.url)) if APACHE else f"{service.url}/"
        yield Site(url, service.url, flickr, commons, folder / "feedback")


def solid(colour: str, format: str = "JPEG") -> bytes:
    """A picture that is wholly of one colour but for a pale frame."""
    import io

    from PIL import Image, ImageOps

    out = io.BytesIO()
    image = ImageOps.expand(Image.new("RGB", (480, 320), colour), 8, "white")
    image.save(out, format)
    return out.getvalue()


__all__ = ["APACHE", "BLUE", "GREY", "RED", "Site", "apache", "picture", "running_site", "solid"]
