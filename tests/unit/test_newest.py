"""What is made once while many ask, and seldom while it changes."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from sightline.services.atlas.newest import Newest


class Making:
    """Counts how often it is made. gate: closed, nobody gets on."""

    def __init__(self):
        self.times = 0
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, key):
        self.times += 1
        made = f"{key} {self.times}"
        self.gate.wait(10)
        return made


def test_the_same_is_made_once_however_many_ask():
    making = Making()
    newest = Newest(making, kept=2)
    making.gate.clear()
    with ThreadPoolExecutor(10) as pool:
        asked = [pool.submit(newest.of, "a", 1) for _ in range(10)]
        time.sleep(0.1)
        making.gate.set()
        assert {one.result() for one in asked} == {"a 1"}


def test_what_changes_is_made_anew_only_after_a_rest():
    making = Making()
    newest = Newest(making, kept=2, rest=lambda took_s: 0.2)
    assert [newest.of("a", stamp) for stamp in range(5)] == ["a 1"] * 5
    time.sleep(0.3)
    assert newest.of("a", 5) == "a 2"


def test_while_one_makes_it_others_have_the_one_before():
    making = Making()
    newest = Newest(making, kept=2, rest=lambda took_s: 0.0)
    newest.of("a", 1)
    making.gate.clear()
    with ThreadPoolExecutor(1) as pool:
        making_now = pool.submit(newest.of, "a", 2)
        while making.times < 2:
            time.sleep(0.001)
        assert newest.of("a", 2) == "a 1"
        making.gate.set()
        assert making_now.result() == "a 2"


def test_of_another_group_nothing_serves():
    newest = Newest(Making(), kept=2)
    assert newest.of("a", 1, group="one") == "a 1"
    assert newest.of("a", 1, group="two") == "a 2"


def test_only_some_are_kept():
    newest = Newest(Making(), kept=2)
    assert [newest.of(key, 1) for key in "abc"] == ["a 1", "b 2", "c 3"]
    assert newest.of("c", 1) == "c 3"
    assert newest.of("a", 1) == "a 4"
