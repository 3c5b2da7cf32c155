"""The specification as Wapiti can use it: with ids that exist and values that are valid, which it does not find itself."""

import re

import apps
import recipes

METHODS = ("get", "post", "put", "patch", "delete")
# They end the session of the scanner, which would be a stranger from then on.
ENDING = ("log_out", "log_out_everywhere", "leave_for_good")
# What only the server makes; and what Wapiti's `exec` breaks on when there is a body too.
UNUSED = ("cursor", "preview")


def furnish(market):
    """Makes one of everything that has an id."""
    market.get("/v1/me", market.member())
    market.batch()
    market.refund()
    market.dispute()
    recipes.unmatched(market)
    recipes.drafted(market, None)
    apps.app(market)
    apps.key(market)
    market.cancellation(market.funded())


def operations(document):
    return [item[method] for item in document["paths"].values() for method in METHODS if method in item]


def target(document, ids, admin):
    """The part of the document that is for staff, or the one that is for everybody else."""
    paths = {path: item for path, item in document["paths"].items() if path.startswith("/v1/admin/") == admin}
    for path, item in paths.items():
        paths[path] = {method: part for method, part in item.items()
                       if method in METHODS and part["operationId"] not in ENDING}
        for operation in paths[path].values():
            operation["parameters"] = [part for part in operation.get("parameters", []) if part.get("name") not in UNUSED]
    document = {**document, "paths": paths}
    give_values(document, ids)
    return document


def give_values(node, ids):
    for part in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        give_values(part, ids)
    if not isinstance(node, dict):
        return
    if isinstance(node.get("schema"), dict) and "example" in node:
        node["schema"].setdefault("default", node["example"])
    for choice in ("oneOf", "anyOf", "allOf"):
        # It knows none of these, and takes the first that is something.
        if isinstance(node.get(choice), list):
            node.update(next(part for part in node.pop(choice) if part.get("type") != "null"))
    if isinstance(node.get("type"), list):
        node["type"] = next(kind for kind in node["type"] if kind != "null")
    if isinstance(node.get("type"), str):
        value = valid(node, ids)
        if value is not None:
            node.setdefault("default", value)


def valid(schema, ids):
    kind = re.match(r"\^([a-z]+)_\[0-7\]", str(schema.get("pattern")))
    if kind and ids.get(kind[1]):
        return ids[kind[1]][-1]
    if schema.get("format") == "date-time":
        return "2026-01-01T00:00:00Z"
    return schema.get("example", next(iter(schema.get("enum", ())), None))
