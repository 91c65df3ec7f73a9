import os
import threading
from pathlib import Path

import pytest

import prepare


@pytest.fixture
def built(monkeypatch) -> list[str]:
    """Lets environments be made without the package index: what was made."""
    made: list[str] = []

    def run(command, trouble, environment=None):
        if "venv" in command:
            Path(command[-1]).mkdir(parents=True)
            made.append(command[-1])

    monkeypatch.setattr(prepare, "run", run)
    return made


def test_an_environment_is_made_once(tmp_path, built):
    assert prepare.python_environment(tmp_path) == prepare.python_environment(tmp_path)
    assert len(built) == 1


def test_other_requirements_get_another(tmp_path, built, monkeypatch):
    first = prepare.python_environment(tmp_path)
    (tmp_path / "requirements.txt").write_text("Django==5.2\n")
    monkeypatch.setattr(prepare, "TREE", tmp_path)
    assert prepare.python_environment(tmp_path) != first


def test_a_half_made_one_is_made_anew(tmp_path, built):
    environment = prepare.python_environment(tmp_path)
    (environment / "complete").unlink()
    (environment / "rest").touch()
    assert prepare.python_environment(tmp_path) == environment
    assert not (environment / "rest").exists()
    assert len(built) == 2


def test_two_at_once_make_one(tmp_path, built):
    both = [threading.Thread(target=prepare.python_environment, args=(tmp_path,)) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert len(built) == 1


def test_a_link_that_is_there_is_replaced(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    prepare.link(tmp_path / ".venv", tmp_path / "a")
    prepare.link(tmp_path / ".venv", tmp_path / "b")
    assert os.readlink(tmp_path / ".venv") == str(tmp_path / "b")


def test_it_says_what_is_missing(monkeypatch):
    monkeypatch.delenv("FAROL_CACHE", raising=False)
    with pytest.raises(SystemExit, match="FAROL_CACHE is not set"):
        prepare.main()
    monkeypatch.setattr(prepare.sys, "version_info", (3, 9))
    with pytest.raises(SystemExit, match=r"Python 3\.10 or newer is needed"):
        prepare.main()


def test_a_step_that_fails_is_named():
    with pytest.raises(SystemExit, match="The step failed: false ended with exit code 1"):
        prepare.run(["false"], "The step failed")
