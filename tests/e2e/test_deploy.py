"""What deploy/ gives an operator: rules and a dashboard that can be read, and ask only for what there is."""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path

import promql_parser
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from sightline.web.state import PROBES
from tests.e2e.serving import running
from tests.fakes import png

DEPLOY = Path(__file__).parents[2] / "deploy"
RULES = yaml.safe_load((DEPLOY / "prometheus" / "sightline-rules.yml").read_text())
DASHBOARD = json.loads((DEPLOY / "grafana" / "sightline.json").read_text())
RULE_LIST = [rule for group in RULES["groups"] for rule in group["rules"]]
TARGET_LABELS = {"job", "instance"}  # Prometheus puts them on whatever it scrapes
RECORDED = [rule["record"] for rule in RULE_LIST if "record" in rule]
RECORDED_LABELS = ("job", "group", "sli")  # as their names begin
GUIDE = (DEPLOY.parent / "docs" / "guide" / "operating.md").read_text()
GRID_COLUMNS = 24

Labels = dict[str, set[str]]  # by label its values


def named(rule: Mapping[str, str]) -> str:
    return rule.get("record") or rule["alert"]


def asked() -> Iterator[object]:
    """Every expression of the rules and the dashboard, with Grafana's own range replaced by one."""
    for rule in RULE_LIST:
        yield pytest.param(rule["expr"], id=named(rule))
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", ()):
            expr = target["expr"].replace("$__rate_interval", "5m")
            yield pytest.param(expr, id=f"{panel['title']} {target['refId']}")
    for variable in DASHBOARD["templating"]["list"]:
        if variable["type"] == "query":
            inside = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"]["query"])
            yield pytest.param(f"max by ({inside[2]}) ({inside[1]})", id=f"variable {variable['name']}")


def uses(expr: str) -> dict[str, Labels]:
    """The labels that an expression asks of each metric, with the values that it names outright."""
    found: dict[str, Labels] = {}

    def look(node: promql_parser.Expr, grouped: set[str]) -> None:
        if isinstance(node, promql_parser.AggregateExpr):
            look(node.expr, set(node.modifier.labels) if node.modifier else set())
        elif isinstance(node, promql_parser.Call):
            for argument in node.args:
                look(argument, grouped)
        elif isinstance(node, promql_parser.BinaryExpr):
            joins = node.modifier and node.modifier.matching
            for side in (node.lhs, node.rhs):
                look(side, grouped | set(joins.labels if joins else ()))
        elif isinstance(node, promql_parser.ParenExpr):
            look(node.expr, grouped)
        elif isinstance(node, promql_parser.MatrixSelector):
            look(node.vector_selector, grouped)
        elif isinstance(node, promql_parser.VectorSelector):
            labels = found.setdefault(node.name, {})
            for label in grouped:
                labels.setdefault(label, set())
            for matcher in node.matchers.matchers:
                is_named = matcher.op == promql_parser.MatchOp.Equal
                labels.setdefault(matcher.name, set()).update([matcher.value] if is_named else [])
        else:
            assert isinstance(node, promql_parser.NumberLiteral), f"teach this test about {node!r}"

    look(promql_parser.parse(expr), set())
    return found


@pytest.fixture(scope="module")
def there() -> dict[str, Labels]:
    """The labels of every series, and their values, that a server shows after good requests and bad ones."""
    with running(api_key="a-key-of-some-length") as server:
        key = {"authorization": "Bearer a-key-of-some-length"}
        server.client.post("/embed-image", files={"file": png()}, headers=key).raise_for_status()
        server.client.post("/embed/text", json={"text": "a red shoe"}, headers=key).raise_for_status()
        server.client.post("/embed-image", files={"file": b"no picture"}, headers=key)
        server.client.post("/embed-image", files={"file": png()})
        text = server.client.get("/metrics").text
    found: dict[str, Labels] = {name: {label: set() for label in RECORDED_LABELS} for name in RECORDED}
    found["up"] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = found.setdefault(sample.name, {})
            for label, value in sample.labels.items():
                labels.setdefault(label, set()).add(value)
    return found


@pytest.mark.parametrize("expr", list(asked()))
def test_every_metric_that_is_asked_for_exists_with_its_labels(there: dict[str, Labels], expr: str) -> None:
    """A counter with labels has no series before it counted. Where the values of its labels are known it must
    begin at 0: Prometheus, too, sees no growth from nothing to 1.
    """
    for metric, labels in uses(expr).items():
        assert metric in there, f"no series is called {metric}"
        for label in labels.keys() - TARGET_LABELS:
            assert label in there[metric], f"{metric} has no label {label}"
            assert labels[label] <= there[metric][label], f"{metric} has no such {label}"


def test_an_expression_is_read_with_the_labels_it_groups_joins_and_selects_by() -> None:
    quantile = 'histogram_quantile(0.9, sum by (le, x) (rate(a_bucket{y="1",z=~"2.*"}[5m])))'
    assert uses(f"{quantile} / on (x) (1 - max by (x) (b)) > 2") == {
        "a_bucket": {"le": set(), "x": set(), "y": {"1"}, "z": set()},
        "b": {"x": set()},
    }


def test_the_guide_names_every_metric_and_no_other() -> None:
    with running() as server:
        families = text_string_to_metric_families(server.client.get("/metrics").text)
        shown = {f"{family.name}_total" if family.type == "counter" else family.name for family in families}
    ours = {name for name in shown if name.startswith("sightline_") and not name.endswith("_created")}
    assert set(re.findall(r"`(sightline_\w+)`", GUIDE)) == ours


def test_rules_have_the_shape_that_prometheus_reads() -> None:
    names = [group["name"] for group in RULES["groups"]]
    assert len(set(names)) == len(names)
    for group in RULES["groups"]:
        assert set(group) <= {"name", "interval", "rules"}
    for rule in RULE_LIST:
        if "record" in rule:
            assert set(rule) == {"record", "expr"}
            assert rule["record"].startswith("_".join(RECORDED_LABELS))
        else:
            assert set(rule) - {"for"} == {"alert", "expr", "labels", "annotations"}
            assert rule["labels"]["severity"] in {"page", "ticket"}
            assert set(rule["annotations"]) == {"summary", "description"}
    assert len({named(rule) for rule in RULE_LIST}) == len(RULE_LIST)


def test_every_alert_is_explained_and_tried_on_a_history() -> None:
    """promtool runs the histories: make promtool."""
    histories = (DEPLOY / "prometheus" / "tests.yml").read_text()
    alerts = [rule["alert"] for rule in RULE_LIST if "alert" in rule]
    assert [name for name in alerts if name not in histories] == []
    assert re.findall(r"^\| `(Sightline\w+)`", GUIDE, re.MULTILINE) == alerts


def test_prometheus_is_told_of_the_rules_and_of_the_job_they_speak_of() -> None:
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    assert all((DEPLOY / "prometheus" / name).exists() for name in config["rule_files"])
    assert [job["job_name"] for job in config["scrape_configs"]] == ["sightline"]


def test_panels_have_their_own_ids_and_places() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = [panel["gridPos"] for panel in panels]
    assert all(place["x"] >= 0 and place["x"] + place["w"] <= GRID_COLUMNS for place in places)
    for one, other in combinations(places, 2):
        apart_x = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        apart_y = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert apart_x or apart_y, f"{one} and {other} overlap"


def test_panels_ask_the_chosen_prometheus() -> None:
    source = {"type": "prometheus", "uid": "${datasource}"}
    variables = DASHBOARD["templating"]["list"]
    assert [variable["name"] for variable in variables] == ["datasource", "job", "instance"]
    for part in [*DASHBOARD["panels"], *variables[1:]]:
        if part["type"] != "row":
            assert part["datasource"] == source
    for panel in DASHBOARD["panels"]:
        names = [target["refId"] for target in panel.get("targets", ())]
        assert len(set(names)) == len(names)


def test_probes_are_left_out_of_what_clients_see() -> None:
    """Asked every few seconds and answered at once, they would make any latency look good."""
    left_out = set(re.findall(r'route!~\\"([^"]+)\\"', json.dumps(DASHBOARD)))
    assert [set(pattern.split("|")) for pattern in left_out] == [PROBES]
