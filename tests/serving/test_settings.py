from __future__ import annotations

import pytest

from fracture_widgets.errors import FractureWidgetsError
from fracture_widgets.serving.settings import choose_access, is_loopback, normal_prefix


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "localhost", "::1"])
def test_on_this_computer_alone_no_word_is_asked_for(host):
    assert is_loopback(host)
    assert not choose_access(host).locked


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "radiology.example"])  # noqa: S104
def test_elsewhere_a_long_token_is_made_anew_each_time(host):
    first, second = choose_access(host), choose_access(host)
    assert first.made
    assert len(first.token) >= 24
    assert first.token != second.token


def test_elsewhere_it_is_open_only_when_that_is_said():
    assert not choose_access("0.0.0.0", open_to_all=True).locked  # noqa: S104


def test_a_word_of_ones_own_locks_this_computer_too_and_is_never_shown():
    access = choose_access("127.0.0.1", token="open", password="sesame")
    assert (access.locked, access.made) == (True, False)
    assert "'open'" not in repr(access)
    assert "sesame" not in repr(access)


@pytest.mark.parametrize("words", [{"token": " "}, {"password": ""}])
def test_an_empty_word_is_a_sentence(words):
    with pytest.raises(FractureWidgetsError, match="is empty: give one"):
        choose_access("127.0.0.1", **words)


def test_a_word_and_none_at_once_is_a_sentence():
    with pytest.raises(FractureWidgetsError, match="--no-token opens the dashboard to everyone"):
        choose_access("127.0.0.1", token="open", open_to_all=True)


@pytest.mark.parametrize(
    ("text", "prefix"),
    [("", "/"), ("/", "/"), ("x", "/x/"), ("/a/b", "/a/b/"), ("//a//b//", "/a/b/")],
)
def test_a_prefix_has_a_slash_at_either_end(text, prefix):
    assert normal_prefix(text) == prefix


@pytest.mark.parametrize("text", ["/../etc/", "a b", "/x?y", 'a"b', "(.*)"])
def test_what_is_no_path_is_a_sentence(text):
    with pytest.raises(FractureWidgetsError, match="is no path"):
        normal_prefix(text)
