"""One measured value beside the bar it should hold. Does not know how it was measured."""


def bar(what: str, value: float, wanted: str) -> str:
    sign, limit = wanted.split()
    held = value >= float(limit) if sign == ">=" else value <= float(limit)
    return f"- {what}: **{value:.2f}** (wanted {wanted}: {'holds' if held else 'DOES NOT HOLD'})"
