"""A file or folder is there whole, or as it was before; nothing else is left beside it."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from common.atomic import new_file, new_folder, write_file

ROOT = Path(__file__).resolve().parent.parent.parent
LONG = "n" * 255  # the longest name that Linux takes


@pytest.mark.parametrize("name", ["card.json", "Katz\udcfc.csv", "ß" * 127, LONG])
@pytest.mark.parametrize("before", [None, "old"])
def test_a_file_is_written_or_replaced(tmp_path: Path, name: str, before: str | None) -> None:
    file = tmp_path / name
    if before is not None:
        file.write_text(before)
    write_file(file, "ä new\n")
    assert file.read_bytes() == "ä new\n".encode()
    assert [*tmp_path.iterdir()] == [file]


def test_a_file_may_be_read_by_others_as_the_umask_says(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    write_file(tmp_path / "atomic", b"")
    modes = {(tmp_path / name).stat().st_mode for name in ("plain", "atomic")}
    assert len(modes) == 1


def fill_half(path: Path) -> None:
    path.write_text("half")
    raise ZeroDivisionError


def test_a_file_stays_as_it_was_when_writing_fails(tmp_path: Path) -> None:
    file = tmp_path / "card.json"
    file.write_text("old")
    with pytest.raises(ZeroDivisionError), new_file(file) as temporary:
        fill_half(temporary)
    assert file.read_text() == "old"
    assert [*tmp_path.iterdir()] == [file]


def test_a_file_stays_as_it_was_when_the_process_is_killed(tmp_path: Path) -> None:
    file = tmp_path / "card.json"
    file.write_text("old")
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from common.atomic import new_file\n"
        "with new_file(Path(sys.argv[1])) as temporary:\n"
        "    temporary.write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    result = subprocess.run([sys.executable, "-c", code, file], cwd=ROOT, check=False)
    assert result.returncode == -signal.SIGKILL
    assert file.read_text() == "old"
    assert all(path.name.startswith(".") for path in tmp_path.iterdir() if path != file)


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="absent"):
        write_file(tmp_path / "absent" / "card.json", "")


def test_a_folder_appears_complete(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    with new_folder(folder) as temporary:
        (temporary / "file").write_text("new")
        assert not folder.exists()
    assert (folder / "file").read_text() == "new"
    assert [*folder.parent.iterdir()] == [folder]


def test_a_folder_is_replaced_on_request_only(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "old").touch()
    with pytest.raises(FileExistsError), new_folder(folder):
        pass
    assert (folder / "old").exists()
    with new_folder(folder, overwrite=True) as temporary:
        (temporary / "new").touch()
    assert [path.name for path in folder.iterdir()] == ["new"]
    assert [*tmp_path.iterdir()] == [folder]


def test_a_folder_stays_as_it_was_when_filling_the_new_one_fails(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "old").touch()
    with pytest.raises(ZeroDivisionError), new_folder(folder, overwrite=True) as temporary:
        fill_half(temporary / "file")
    assert [path.name for path in folder.iterdir()] == ["old"]
    assert [*tmp_path.iterdir()] == [folder]
