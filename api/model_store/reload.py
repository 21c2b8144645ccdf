"""Asks the running service for a reload, and waits for its end: `python -m api reload`."""

import os
import signal
import time

from api.model_store.state_dir import StateDir
from common.errors import DogorcatError

PATIENCE_S = 600.0
TO_BEGIN_S = 60.0
PAUSE_S = 0.05


def request(state: StateDir) -> str:
    """Ask the running service for a reload, and wait until every worker serves the new models.

    Returns:
        one line about it.

    Raises:
        DogorcatError: nothing runs here, or the new models are refused, with the reason.
    """
    master = state.master()
    if master is None:
        raise DogorcatError(f"No service is running with RUNTIME_DIR={state.folder}.")
    asked = time.monotonic()
    try:
        os.kill(master, signal.SIGHUP)
    except PermissionError:
        raise DogorcatError(f"The service (process {master}) belongs to another user.") from None
    while (outcome := state.outcome) is None or outcome.began < asked:
        _wait(state, asked)
        if time.monotonic() - asked > TO_BEGIN_S and not state.busy:
            raise DogorcatError("The reload was interrupted: see the service's log.")
    if outcome.reason:
        raise DogorcatError(f"{outcome.reason} The models from before are still served.")
    while not (reports := state.reports()) or min(reports.values()) < outcome.generation:
        _wait(state, asked)
    return f"Served by {len(reports)} workers: generation {outcome.generation}."


def _wait(state: StateDir, since: float) -> None:
    if state.master() is None:
        raise DogorcatError("The service has ended.")
    if time.monotonic() - since > PATIENCE_S:
        raise DogorcatError(f"Not done within {PATIENCE_S:.0f} seconds: see the service's log.")
    time.sleep(PAUSE_S)
