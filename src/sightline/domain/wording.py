"""Numbers of things in a sentence. Does not know the things."""


def counted(count: int, noun: str) -> str:
    """`1 item`, `2 items`; of nouns whose plural ends in s."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
