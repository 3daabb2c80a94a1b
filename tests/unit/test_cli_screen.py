import pytest

from sightline.cli.screen import printable, show_table, size_of


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (10_473_656, "10.5 MB"),
        (605_000_000, "605 MB"),
        (3.5e12, "3.5 TB"),
    ],
)
def test_sizes_have_the_digits_one_chooses_by(count, shown):
    assert size_of(count) == shown


def test_names_cannot_steer_the_terminal():
    assert printable("bläu e.png") == "bläu e.png"
    assert "\x1b" not in printable("\x1b]0;gotcha\x07.png")


def test_table_in_a_pipe_keeps_long_cells_whole(capsys):
    show_table(("name", ">value"), [("n" * 90, "[red]1[/red]")])
    out = capsys.readouterr().out
    assert "n" * 90 in out
    assert "[red]1[/red]" in out
