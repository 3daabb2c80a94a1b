"""What an engine leaves behind in its process. Does not know vectors.

In a process of its own: a signal that goes wrong would end the tests.
"""

import subprocess
import sys

import pytest

DROPPED_ELSEWHERE = """
import gc, signal, threading
from sightline.bootstrap import LoadOptions, load_model

held = [load_model("mini", LoadOptions(engine="{engine}"))]
held[0].embed_texts(["a red circle"])

def drop():
    held.clear()
    gc.collect()

dropping = threading.Thread(target=drop)
dropping.start()
dropping.join()
try:
    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
    signal.pause()
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize("engine", ["openvino", "onnx"])
def test_ctrl_c_is_still_heard_after_another_thread_dropped_the_model(engine: str) -> None:
    """OpenVINO gave the memory of the main thread's stack for signals back: SIGSEGV."""
    script = DROPPED_ELSEWHERE.format(engine=engine)
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.returncode, ended.stdout.strip()) == (0, "interrupted"), ended.stderr[-2000:]
