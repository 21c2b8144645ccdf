"""Prepares new models for a running service: copies, verifies, and only then publishes them.

The master starts this module as a process of its own when it gets SIGHUP, so that a bad model
folder cannot harm the workers that serve.
"""

import logging.config
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

from api.model_store.registry import load_models
from api.model_store.state_dir import Outcome, StateDir, copy_models, relabel_errors
from api.settings import Settings
from api.telemetry import logs
from common.errors import DogorcatError

_log = logging.getLogger("api.model_store.verify")


def prepare(settings: Settings, state: StateDir) -> bool:
    """Copy MODEL_DIR, verify the copy and publish it; whatever happens, write down how it went.

    Returns:
        whether there are new models.
    """
    with state.reloading():
        began, now, last = time.monotonic(), state.generation, state.outcome
        accepted, refused = (last.accepted, last.refused) if last else (0, 0)
        target = state.models(now + 1)
        reason = _in_a_child(lambda: _verify(settings, target))
        if reason:
            _log.error("the new models are refused: %s", reason)
            shutil.rmtree(target, ignore_errors=True)
            state.outcome = Outcome(now, reason, began, accepted=accepted, refused=refused + 1)
        else:
            state.publish(now + 1)
            state.outcome = Outcome(now + 1, None, began, accepted=accepted + 1, refused=refused)
        return not reason


def _verify(settings: Settings, target: Path) -> str:
    """What is wrong with the models of MODEL_DIR, after copying them; empty if nothing is."""
    try:
        copy_models(settings.model_dir, target)
        with relabel_errors(settings.model_dir, target):
            models = load_models(target, settings)
    except (DogorcatError, OSError, MemoryError) as error:
        return str(error) or "There is not enough memory."
    cards = [model.card for model in models.values()]
    _log.info("new models: %s", ", ".join(f"{card.name} {card.version}" for card in cards))
    return ""


def _in_a_child(work: Callable[[], str]) -> str:
    """What `work` returns; a sentence where its process does not live to return it."""
    out, into = os.pipe()
    child = os.fork()
    if not child:
        with open(into, "w") as pipe:
            pipe.write(work())
        os._exit(0)
    os.close(into)
    with open(out) as pipe:
        answer = pipe.read()
    _, status = os.waitpid(child, 0)
    return answer if not status else f"Loading them ended a process (status {status})."


if __name__ == "__main__":
    settings = Settings.load()
    logging.config.dictConfig(logs.configuration(settings.log_level))
    try:
        done = prepare(settings, StateDir(settings.runtime_folder))
    except OSError as error:  # no room even for the outcome
        _log.error("the reload was interrupted: %s", error)
        done = False
    sys.exit(not done)
