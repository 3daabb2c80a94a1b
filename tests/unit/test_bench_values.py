import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from sightline.cli.bench.serve import values
from sightline.cli.bench.serve.values import Address, Rate


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("picture", {"picture": 1.0}),
        ("picture=0.8,text=0.2", {"picture": 0.8, "text": 0.2}),
        ("a,b=0.5,c", {"a": 0.25, "b": 0.5, "c": 0.25}),
    ],
)
def test_shares_without_a_number_take_the_rest(text, found):
    assert values.shares(text) == pytest.approx(found)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=8))
def test_shares_come_to_one(weights):
    parts = [f"n{number}={weight / sum(weights) / 2!r}" for number, weight in enumerate(weights)]
    assert sum(values.shares(",".join([*parts, "rest"])).values()) == pytest.approx(1)


@pytest.mark.parametrize("text", ["", "a,a", "a=0.5", "a=0.7,b=0.7", "a=1,b", "a=x", "a=-1,b", "a=nan,b"])
def test_shares_that_do_not_come_to_one_are_refused(text):
    with pytest.raises(typer.BadParameter):
        values.shares(text)


def test_sizes_are_pixels():
    assert values.sizes("400x533,1200x1600=0.2") == pytest.approx({"400x533": 0.8, "1200x1600": 0.2})
    assert values.size_px("400x533") == (400, 533)
    for text in ("400", "0x5", "400x533px", "x", "400x999999"):
        with pytest.raises(typer.BadParameter, match="400x533"):
            values.sizes(text)


def test_rate_is_per_second_or_times_the_peak():
    assert values.rate("2.5") == Rate(2.5, False)
    assert values.rate("5x").per_s(20) == 100
    assert values.rate("100").per_s(20) == 100
    for text in ("0", "x", "-1", "5 x", "inf", ""):
        with pytest.raises(typer.BadParameter):
            values.rate(text)


def test_address_is_plain_http():
    assert values.address("http://127.0.0.1:8000/v1/") == Address("127.0.0.1", 8000, "/v1")
    assert str(values.address("http://a")) == "http://a:80"
    for text in ("https://a", "a:8000", "http://", "http://a:99999", "http://a?b", ""):
        with pytest.raises(typer.BadParameter, match="write http://127"):
            values.address(text)


def test_command_is_words_without_a_shell():
    assert values.command("run 'a b' --port {port}; ls") == ("run", "a b", "--port", "{port};", "ls")
    for text in ("", "run 'a"):
        with pytest.raises(typer.BadParameter):
            values.command(text)
