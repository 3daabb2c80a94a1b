"""What a person does with a page that no click does: drop files, paste one. Knows not what comes of it."""

import base64
from collections.abc import Mapping

from playwright.sync_api import Page

FILES = """(files) => {
    const transfer = new DataTransfer();
    for (const [name, [data, type]] of Object.entries(files))
        transfer.items.add(new File([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))], name, {type}));
    return transfer;
}"""


def drop(page: Page, files: Mapping[str, bytes], onto: str = "body") -> None:
    """Files as they come from a desktop. onto: what they are let go over."""
    transfer = page.evaluate_handle(FILES, _encoded(files))
    page.dispatch_event("body", "dragenter", {"dataTransfer": transfer})
    page.dispatch_event(onto, "drop", {"dataTransfer": transfer})


def paste(page: Page, files: Mapping[str, bytes]) -> None:
    transfer = page.evaluate_handle(FILES, _encoded(files))
    page.evaluate(
        "(data) => document.body.dispatchEvent("
        "new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true}))",
        transfer,
    )


def _encoded(files: Mapping[str, bytes]) -> dict[str, list[str]]:
    types = {"jpg": "image/jpeg", "png": "image/png", "zip": "application/zip"}
    return {
        name: [base64.b64encode(data).decode(), types.get(name.rpartition(".")[2], "")]
        for name, data in files.items()
    }
