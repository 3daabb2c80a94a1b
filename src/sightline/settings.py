"""Every knob once: name, default, unit, help. Does not know what the parts do with them, or who sets them.

profile=tuned-embedder brings that system's defaults.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from sightline.domain.errors import SettingsError
from sightline.spellings import FORMATS, LEVELS, PRECISIONS, DeviceNumber, Factors, Names, pairs, word

RouteGroup = Literal[
    "embed", "search", "ingest"
]  # routes that share an objective; web/objectives.py says which
P95_MS: dict[RouteGroup, int] = {"embed": 1000, "search": 1000, "ingest": 5000}

PROFILES: dict[str, dict[str, object]] = {
    "none": {},
    "tuned-embedder": {"models": ("siglip-so400m-384",), "five_crops": True, "multi_scale": True},
}


class Settings(BaseModel):
    """Made by read_settings, once, by the command line or the server's start."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, protected_namespaces=())

    profile: Annotated[Literal["none", "tuned-embedder"], word()] = Field(
        "none", description="Defaults of a whole system: tuned-embedder averages crops and serves its model."
    )
    # where
    host: str = Field(
        "127.0.0.1", description="Address to listen on. 0.0.0.0 is every address of the machine."
    )
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes any that is free.")
    api_key: SecretStr | None = Field(
        None,
        min_length=8,
        description="If set, every request but probes must carry `Authorization: Bearer <key>`.",
    )
    # the library
    home: str | None = Field(
        None,
        description="Folder of the library: record, views, uploads, thumbnails. ~/.local/share/sightline if "
        "not set.",
    )
    keep_uploads: bool = Field(
        True,
        description="Keep what is put in item by item, in the library's folder `pictures`, for as long as an "
        "item names it: thumbnails are drawn and another model's vectors computed from it. If off, only its "
        "vector and its thumbnail stay.",
    )
    store: str | None = Field(
        None,
        min_length=1,
        description="Where vectors are searched: duckdb, memory, qdrant://host:6333 or "
        "postgresql://user@host/database; duckdb, or what `sightline store switch` chose, if not set.",
    )
    qdrant_api_key: SecretStr | None = Field(None, description="Key that Qdrant asks for.")
    postgres_schema: str = Field("sightline", description="Schema of the tables in PostgreSQL.")
    store_timeout_s: int = Field(30, ge=1, le=3600, description="Time for one call to a store's server.")
    source_roots: Names = Field(
        (),
        description="Folders, by comma, below which requests may name sources; each folder in one is a data "
        "set of the explorer's routes. The command line may name any.",
    )
    # models
    models: Names = Field(
        ("mini",), min_length=1,
        description="Models to serve, by comma: card names, folders or hub ids. The first is the default.",
    )  # fmt: skip
    stock_model: str | None = Field(
        None, description="Model behind /embed-image; the default model if not set."
    )
    tuned_model: str | None = Field(
        None, description="Model behind /embed/...; the default model if not set."
    )
    fashion_model: str | None = Field(
        None, description="Model behind /api/ai/...; the default model if not set."
    )
    engine: Annotated[Literal["auto", "openvino", "onnx", "fake"], word()] = Field(
        "auto",
        description="Runtime. auto: openvino where it is installed, else onnx. fake: no weights, for tests.",
    )
    device: Annotated[Literal["auto", "cpu", "cuda"], word()] = Field(
        "auto", description="Where the model runs. auto: CUDA where the engine has it, else the CPU."
    )
    precision: Annotated[Literal["auto", "f32", "bf16"], word(PRECISIONS)] = Field(
        "auto",
        description="Arithmetic. auto: bf16 where the processor has it, else f32. fp16 reads as auto.",
    )
    cuda_device: DeviceNumber = Field(0, ge=0, description="Number of the CUDA device, where one is used.")
    require_cuda: bool = Field(False, description="Refuse to start where the model would not run on CUDA.")
    matmul_precision: Annotated[Literal["highest", "high", "medium"], word()] = Field(
        "highest",
        description="Rounding in float32 products on CUDA: high and medium allow TF32.",
    )
    image_size_px: int | None = Field(
        None, ge=1, description="The side the model must take; starting with another model is refused."
    )
    cache_dir: str | None = Field(
        None, description="Folder for fetched checkpoints; the hub's own cache if not set."
    )
    hf_token: SecretStr | None = Field(None, description="Token for gated or private models of the hub.")
    offline: bool = Field(False, description="Never open a connection to fetch a model.")
    # averaging of crops
    five_crops: bool = Field(
        False, description="Average the vectors of five crops of each picture (ENABLE_TTA)."
    )
    multi_scale: bool = Field(False, description="Average over the scales in scale_factors.")
    scale_factors: Factors = Field(
        (1.0, 1.35), min_length=1, max_length=8, description="Scales of multi_scale, by comma."
    )
    max_dim_px: int = Field(
        1536, ge=1, le=16_384, description="Longest side of an enlarged picture in multi_scale."
    )
    panorama_max_ratio: float = Field(
        2.6, gt=1, description="Pictures longer than this, side to side, are averaged over tiles."
    )
    crop_size_px: int | None = Field(
        None, ge=1, description="Side of a crop; the model's own size if not set."
    )
    # what a request may be
    max_image_bytes: int = Field(20_000_000, ge=1, description="Largest encoded picture, in bytes.")
    max_pixels: int = Field(50_000_000, ge=1, description="Largest picture, in pixels.")
    max_side_px: int = Field(16_384, ge=1, description="Longest side of a picture.")
    max_decode_bytes: int = Field(
        600_000_000, ge=1, description="Most memory for decoding one picture, in bytes."
    )
    max_aspect: float = Field(
        200.0, ge=1, description="Longest side through shortest side of a picture, at most."
    )
    max_request_bytes: int = Field(32_000_000, ge=1024, description="Largest request body, in bytes.")
    max_items: int = Field(2048, ge=1, description="Most pictures and texts in one request.")
    max_text_chars: int = Field(32_768, ge=1, description="Longest text, in characters.")
    timeout_ms: int = Field(30_000, ge=1, description="Time for one request, from its body to its answer.")
    # pictures by their address on the web
    fetch_mode: Annotated[Literal["off", "allowlist", "public"], word()] = Field(
        "off",
        description="Which URLs are read. allowlist: of fetch_hosts. public: of the public internet.",
    )
    fetch_hosts: Names = Field(
        (),
        description="The hosts of allowlist, by comma: host, *.host or host:port. A private or loopback one "
        "counts only with its port.",
    )
    fetch_timeout_s: float = Field(
        10.0, gt=0, le=300, description="Longest time for one URL, with redirects and tries."
    )
    fetch_at_once: int = Field(16, ge=1, le=256, description="Most URLs read at once.")
    fetch_per_host: int = Field(6, ge=1, le=256, description="Most of them from one host.")
    # how work is batched
    max_batch_rows: int = Field(32, ge=1, le=1024, description="Most squares or texts in one forward.")
    max_batch_cost: int = Field(
        4096, ge=1, description="Most tokens in one forward; a picture has 50 (ViT-B/32) to 729 (So400M)."
    )
    max_wait_ms: float = Field(
        0.0, ge=0, le=20, description="How long an idle device waits for a fuller batch; for accelerators."
    )
    max_queue_ms: int = Field(
        4000, ge=1, description="Longest wait for a turn, where 32 or more wait; beyond it requests get 429."
    )
    max_queue_cost: int = Field(
        65_536, ge=1, description="Most tokens under way; beyond it requests get 429."
    )
    cache_bytes: int = Field(
        0, ge=0, description="Memory for vectors of what was sent before, by content; 0 keeps none."
    )
    decode_threads: int = Field(0, ge=0, le=256, description="Pictures decoded at once; 0 is one per core.")
    # how it starts, ends and reports
    drain_ms: int = Field(
        500, ge=0, description="After SIGTERM, time in which /readyz says 503 before the port is closed."
    )
    shutdown_grace_s: int = Field(15, ge=0, description="After that, time for requests under way to finish.")
    ready_within_s: float = Field(
        30.0, gt=0, description="/readyz runs a forward of its own where none succeeded for this long."
    )
    slo_availability: float = Field(
        0.995,
        gt=0,
        lt=1,
        description="Share of requests that shall be answered; the rest is the error budget.",
    )
    slo_p95_ms: Annotated[Mapping[RouteGroup, Annotated[int, Field(ge=1)]], pairs(P95_MS)] = Field(
        P95_MS, description="Time within which 95 % of a route group's answers shall be there, by group."
    )
    slo_window_days: int = Field(
        30,
        ge=3,
        le=90,
        description="Rolling window of the error budgets; kept in memory, 1.4 MB per 30 days.",
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], word(LEVELS)] = Field(
        "info", description="Least important events that are logged."
    )
    log_format: Annotated[Literal["auto", "json", "human"], word(FORMATS)] = Field(
        "auto", description="auto: for reading on a terminal, JSON lines elsewhere."
    )

    @model_validator(mode="after")
    def _refuse_contradictions(self) -> Self:
        if len(set(self.models)) < len(self.models):
            raise ValueError(f"models={','.join(self.models)} names one twice; name each once")
        for route in ("stock_model", "tuned_model", "fashion_model"):
            name = getattr(self, route)
            if name is not None and name not in self.models:
                raise ValueError(f"{route}={name} is not in models={','.join(self.models)}; add it there")
        for wish, is_wished in (
            ("require_cuda=true", self.require_cuda),
            ("device=cuda", self.device == "cuda"),
        ):
            if is_wished and self.engine in ("openvino", "fake"):
                raise ValueError(
                    f"{wish} contradicts engine={self.engine}, which has no CUDA; drop one of them"
                )
        if self.require_cuda and self.device == "cpu":
            raise ValueError("require_cuda=true contradicts device=cpu; drop one of them")
        if (self.fetch_mode == "allowlist") != bool(self.fetch_hosts):
            hosts = ",".join(self.fetch_hosts) or "(none)"
            raise ValueError(
                f"fetch_mode={self.fetch_mode} contradicts fetch_hosts={hosts}; only allowlist has hosts, "
                "and it needs some"
            )
        if self.max_request_bytes < self.max_image_bytes:
            raise ValueError(
                f"max_request_bytes={self.max_request_bytes} is less than "
                f"max_image_bytes={self.max_image_bytes}, so such a picture could never arrive; raise the "
                "first or lower the second"
            )
        return self

    def check_model(self, name: str, *, size_px: int, engine: str, device: str) -> None:
        """Raises SettingsError: the model that was loaded is not what the settings insist on."""
        if self.require_cuda and not device.startswith("cuda"):
            raise SettingsError(
                f"require_cuda=true, but engine={engine} runs {name} on {device}; install an engine with "
                "CUDA, or set require_cuda=false"
            )
        if self.image_size_px not in (None, size_px):
            raise SettingsError(
                f"image_size_px={self.image_size_px} (VISION_SIZE), but the model {name} takes {size_px} px; "
                "correct one"
            )
