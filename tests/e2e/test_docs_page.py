"""The page that documents the API works without the internet."""

import re

from tests.e2e.serving import running


def test_docs_page_and_all_it_loads_come_from_the_server_itself() -> None:
    with running() as server:
        page = server.client.get("/docs")
        assert page.status_code == 200
        loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert any(address.endswith(".js") for address in loaded)
        for address in loaded:
            assert address.startswith("/"), f"{address} is fetched from elsewhere"
            assert server.client.get(address).status_code == 200


def test_openapi_document_names_every_route_of_the_overview() -> None:
    with running() as server:
        routes = server.client.get("/").json()["routes"]
        paths = server.client.get("/openapi.json").json()["paths"]
    for route in routes:
        method, path = route.split()
        assert path == "/docs" or method.lower() in paths[path]
