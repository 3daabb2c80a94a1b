"""Whether traces are sent, and where: the standard OTEL_* variables. Does not know what a trace tells."""

import logging
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from sightline.observe.traces import Traces

log = logging.getLogger(__name__)

INSTALL = "pip install 'sightline[otel]'"
EXPORTERS = {  # protocol -> module, and what installs it
    "http/protobuf": ("opentelemetry.exporter.otlp.proto.http.trace_exporter", INSTALL),
    "grpc": (
        "opentelemetry.exporter.otlp.proto.grpc.trace_exporter",
        f"{INSTALL} opentelemetry-exporter-otlp-proto-grpc; or set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
    ),
}
COMPLAINT_EVERY_S = 60.0


def configure_traces(environ: Mapping[str, str], version: str) -> Traces | None:
    """Send traces where the environment says; None where it names no endpoint, or they cannot be sent.

    OpenTelemetry itself reads the rest from the process's environment: headers, certificates, the sampler.
    What is wrong is logged; a server is not stopped by how it is watched.
    """
    if not _is_wanted(environ):
        return None
    variable, protocol = _protocol(environ)
    if protocol not in EXPORTERS:
        _tell_off(f"{variable} is {protocol!r}; there are {', '.join(EXPORTERS)}")
        return None
    module, install = EXPORTERS[protocol]
    Complaints().listen()  # first: a header that is misspelt is complained about with its key
    try:
        traces = _traces_to(module, version)
    except ImportError:
        _tell_off(f"what sends them by {protocol} is not installed; run: {install}")
        return None
    except (ValueError, RuntimeError) as error:  # a size that is no size, a credential provider that is none
        _tell_off(f"an OTEL_ variable was refused: {error}")
        return None
    log.info("traces are sent", extra={"fields": {"protocol": protocol}})
    return traces


def _is_wanted(environ: Mapping[str, str]) -> bool:
    names = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
    if not any(environ.get(name) for name in names):
        return False
    if environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    exporters = {name.strip() for name in environ.get("OTEL_TRACES_EXPORTER", "").split(",")} - {""}
    if exporters - {"none"} and "otlp" not in exporters:
        _tell_off(f"OTEL_TRACES_EXPORTER is {','.join(sorted(exporters))!r}; there are otlp and none")
    return not exporters or "otlp" in exporters


def _protocol(environ: Mapping[str, str]) -> tuple[str, str]:
    """The name of the variable that decides, and its value."""
    own, general = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"
    variable = own if environ.get(own) else general
    return variable, environ.get(variable) or "http/protobuf"


def _traces_to(module: str, version: str) -> Traces:
    exporter: Any = import_module(module)
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    from sightline.observe.spans import SpanTraces

    return SpanTraces(BatchSpanProcessor(exporter.OTLPSpanExporter()), version)


def _tell_off(reason: str) -> None:
    log.warning("traces are off", extra={"fields": {"reason": reason}})


class Complaints(logging.Handler):
    """What OpenTelemetry has to say, in our log: a line a minute, however long a collector is down.

    Its texts may carry a key: an endpoint's address in an exception, a header that it could not read. So of
    an exception only its class is told, and of what reads the environment not the value.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(logging.WARNING)
        self._clock = clock
        self._next_at = 0.0
        self._unsaid = 0

    def listen(self) -> None:
        """From now on, instead of whoever did."""
        logger = logging.getLogger("opentelemetry")
        logger.handlers[:] = [self]
        logger.propagate = False

    def emit(self, record: logging.LogRecord) -> None:
        now = self._clock()
        if now < self._next_at:
            self._unsaid += 1
            return
        fields = {"reason": _said(record), "unsaid": self._unsaid}
        self._next_at, self._unsaid = now + COMPLAINT_EVERY_S, 0
        log.warning("traces are not sent as they should be", extra={"fields": fields})


def _said(record: logging.LogRecord) -> str:
    text = str(record.msg)
    if isinstance(record.args, tuple) and not record.name.startswith("opentelemetry.util"):
        args = (type(arg).__name__ if isinstance(arg, BaseException) else arg for arg in record.args)
        text = text % tuple(args)
    if record.exc_info and record.exc_info[0] is not None:
        text += f" {record.exc_info[0].__name__}"
    return text
