"""The process for suspicious pictures: it stops when told to, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from common.errors import ImageTooLarge, ImageTypeUnsupported, ImageUnreadable
from common.images.inspect import inspect
from common.images.render import render
from common.images.sandbox import Sandbox
from support.hostile_pictures import avif_sized, picture, plain, scan_bomb

PATIENCE_S = 120
ROOT = Path(__file__).resolve().parent.parent.parent.parent


@pytest.fixture
def process() -> Iterator[Sandbox]:
    mine = Sandbox(limit_s=30, stuck_s=PATIENCE_S)
    yield mine
    mine.stop()


def pid_of(process: Sandbox) -> int:
    assert process.pid is not None
    return process.pid


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def wait_until_gone(pid: int) -> None:
    end = time.monotonic() + PATIENCE_S
    while is_running(pid):
        assert time.monotonic() < end, f"process {pid} is still there"
        time.sleep(0.02)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("size", [(32, 40), 50, 5000])
def test_decodes_like_here(process: Sandbox, kind: str, size: tuple[int, int] | int) -> None:
    data = picture(kind)
    there, original = process.render(data, size)
    here, _ = render(inspect(data), size)
    assert original == (64, 48)
    assert np.array_equal(there, here)


def test_one_process_for_many_pictures(process: Sandbox) -> None:
    process.render(picture("AVIF"), 40)
    first = pid_of(process)
    with pytest.raises(ImageUnreadable):
        process.render(picture("AVIF")[:-50], 40)
    with pytest.raises(ImageTypeUnsupported, match="TIFF"):
        process.render(picture("TIFF"), 40)
    with pytest.raises(ImageTooLarge, match="400 megapixels"):
        process.render(avif_sized(20_000, 20_000), 40)
    process.render(picture("PNG"), 40)
    assert pid_of(process) == first


def test_what_takes_too_long_is_stopped() -> None:
    """Processor time counts: an ordinary picture has enough of it on a busy machine, too."""
    hasty = Sandbox(limit_s=0.1)
    hasty.render(picture("PNG"), 40)
    pid = pid_of(hasty)
    with pytest.raises(ImageTooLarge, match="too long"):
        hasty.render(scan_bomb(2000, 450), 2000)
    wait_until_gone(pid)
    assert hasty.render(picture("PNG"), 40)[1] == (64, 48)
    hasty.stop()


def test_what_waits_for_ever_is_stopped(process: Sandbox) -> None:
    process.render(picture("PNG"), 40)
    process.stuck_s = 0.1
    os.kill(pid_of(process), signal.SIGSTOP)
    with pytest.raises(ImageTooLarge, match="too long"):
        process.render(picture("PNG"), 40)
    process.stuck_s = PATIENCE_S
    assert process.render(picture("PNG"), 40)[1] == (64, 48)


def test_more_memory_inside_than_the_container_says(process: Sandbox) -> None:
    with pytest.raises(ImageUnreadable):
        process.render(avif_sized(8, 8, plain("AVIF", 8000, 8000, speed=10)), 40)
    assert process.render(picture("AVIF"), 40)[1] == (64, 48)


def test_a_crash_is_the_pictures_fault_and_the_next_one_is_read(process: Sandbox) -> None:
    process.render(picture("PNG"), 40)
    os.kill(pid_of(process), signal.SIGKILL)
    with pytest.raises(ImageUnreadable):
        process.render(picture("PNG"), 40)
    assert process.render(picture("PNG"), 40)[1] == (64, 48)


def test_given_up_when_idle(process: Sandbox) -> None:
    process.idle_s = 0.2
    process.render(picture("PNG"), 40)
    end = time.monotonic() + PATIENCE_S
    while process.pid is not None:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert process.render(picture("PNG"), 40)[1] == (64, 48)


def test_gets_no_secrets(process: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLICKR_API_SECRET", "hush")
    process.render(picture("PNG"), 40)
    assert b"hush" not in Path(f"/proc/{pid_of(process)}/environ").read_bytes()


def test_imports_no_inference_runtime() -> None:
    code = (
        "import sys, common.images.sandbox_worker\n"
        "print([name for name in ('onnxruntime', 'tensorflow', 'keras', 'flask', 'pydantic')"
        " if name in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize("end", ["sys.exit()", "os._exit(1)", "os.kill(os.getpid(), 9)"])
def test_nothing_is_left_when_the_parent_ends(end: str) -> None:
    code = (
        "import os, sys\n"
        "from common.images.sandbox import Sandbox\n"
        "from support.hostile_pictures import picture\n"
        "process = Sandbox(30)\n"
        "process.render(picture('PNG'), 40)\n"
        f"print(process.pid, flush=True)\n{end}"
    )
    parent = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S
    )
    wait_until_gone(int(parent.stdout))


def test_nothing_goes_on_when_the_parent_is_killed_meanwhile() -> None:
    code = (
        "from common.images.sandbox import Sandbox\n"
        "from support.hostile_pictures import picture, scan_bomb\n"
        "process = Sandbox(limit_s=1)\n"
        "process.render(picture('PNG'), 40)\n"
        "print(process.pid, flush=True)\n"
        "process.render(scan_bomb(2000, 450), 2000)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    with parent.stdout:
        child = int(parent.stdout.readline())
        parent.kill()
        parent.wait()
    wait_until_gone(child)


def test_a_fork_has_a_process_of_its_own(process: Sandbox) -> None:
    process.render(picture("PNG"), 40)
    mine = pid_of(process)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            process.render(picture("PNG"), 40)
            os.write(writer, str(pid_of(process)).encode())
            process.stop()
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        theirs = int(pipe.read())
    os.waitpid(child, 0)
    assert theirs != mine
    wait_until_gone(theirs)
    assert is_running(mine)
