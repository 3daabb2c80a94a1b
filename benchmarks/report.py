"""Tables in Markdown, and each bar beside what was measured. Does not know how it was measured."""

from benchmarks.bars import bar
from benchmarks.engines import REFERENCE, EngineTable
from benchmarks.server import ServerTable

BF16 = "openvino bf16"
F32 = "onnxruntime f32"
LARGE = 32


def engine_report(table: EngineTable) -> str:
    batches = sorted(next(iter(table.seconds.values())))
    lines = [
        f"### {table.model}: {table.gflop:.2f} GFLOP a picture, {table.executed_gflop:.2f} executed\n",
        f"bf16 matrix-product peak in the same rounds: {table.peak_tflops:.3f} TFLOP/s\n",
    ]
    columns = " | ".join(f"batch {b}: pictures/s (ms)" for b in batches)
    lines.append(f"| engine | {columns} | share of peak |")
    lines.append("|---|" + "---|" * (len(batches) + 1))
    for contender, seconds in table.seconds.items():
        cells = [f"{table.rate(contender, b):.1f} ({seconds[b] * 1000:.1f})" for b in batches]
        best = max(batches, key=lambda b: table.rate(contender, b))
        share = table.share_of_peak(contender, best, executed=False)
        executed = table.share_of_peak(contender, best, executed=True)
        lines.append(f"| {contender} | " + " | ".join(cells) + f" | {share:.2f} ({executed:.2f} executed) |")
    return "\n".join([*lines, "", *_bars(table)]) + "\n"


def _bars(table: EngineTable) -> list[str]:
    if REFERENCE not in table.seconds:
        best = max(table.share_of_peak(BF16, batch, executed=False) for batch in table.seconds[BF16])
        return [bar("bf16, best batch, share of the peak", best, ">= 0.80")]
    return [
        bar("bf16 batch 32, share of the peak", table.share_of_peak(BF16, LARGE, executed=False), ">= 0.85"),
        bar("bf16 one picture, ms", table.seconds[BF16][1] * 1000, "<= 16"),
        bar("bf16 / ONNX Runtime f32, batch 32", table.rate(BF16, LARGE) / table.rate(F32, LARGE), ">= 2"),
        bar("bf16 / transformers, batch 32", table.rate(BF16, LARGE) / table.rate(REFERENCE, LARGE), ">= 4"),
        bar("bf16 / transformers, one picture", table.rate(BF16, 1) / table.rate(REFERENCE, 1), ">= 5"),
    ]


def server_report(table: EngineTable, served: ServerTable, prepare_ms: float) -> str:
    overhead = served.idle_p50_ms - table.seconds[BF16][1] * 1000 - prepare_ms
    lines = [
        f"### {table.model} over HTTP: JPEG uploads, the client on the same cores\n",
        bar("32 clients / engine batch 32", served.rate / table.rate(BF16, LARGE), ">= 0.80"),
        bar("idle p50 - forward - decode and resize, ms", overhead, "<= 4"),
        bar("start to first vector, s", served.first_vector_s, "<= 2.5"),
        bar("anonymous memory with both towers, MB", served.anonymous_mb, "<= 550"),
        f"- 32 clients: {served.rate:.1f} pictures/s, p95 {served.p95_ms:.0f} ms, {served.failures} failures",
        f"- idle p50 {served.idle_p50_ms:.1f} ms; decode and resize {prepare_ms:.1f} ms on one core",
    ]
    return "\n".join(lines) + "\n"
