"""What all errors have in common. Does not know what went wrong."""


class SightlineError(Exception):
    """Root of the tree. The message may be shown to whoever asked: no paths of ours, no driver's text."""

    code = "internal"


class InputError(SightlineError):
    code = "invalid_request"
