"""Notes what a page must not do: ask elsewhere, complain, break its rules. Does not know what it shows."""

from playwright.sync_api import ConsoleMessage, Page, Request

INSIDE = ("data:", "blob:")
READ_BACK = "GPU stall due to ReadPixels"  # Chromium of itself, where it draws WebGL without a graphics card
RULES = """addEventListener("securitypolicyviolation", (event) =>
    console.error(`rules broken: ${event.violatedDirective} by ${event.blockedURI}`))"""


class Watch:
    """tolerated: parts of messages that a test has provoked, as of an answer that is no success."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page = page
        self.tolerated: list[str] = [READ_BACK]
        self.strangers: list[str] = []
        self.complaints: list[str] = []
        self._origin = origin
        page.add_init_script(RULES)
        page.on("request", self._look_at)
        page.on("console", self._listen_to)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def require_silence(self) -> None:
        assert not self.strangers, f"the page asked another origin: {self.strangers}"
        loud = [one for one in self.complaints if not any(part in one for part in self.tolerated)]
        assert not loud, f"the page complained: {loud}"

    def _look_at(self, request: Request) -> None:
        if not request.url.startswith((f"{self._origin}/", *INSIDE)):
            self.strangers.append(request.url)

    def _listen_to(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.text} ({message.location.get('url', '')})")
