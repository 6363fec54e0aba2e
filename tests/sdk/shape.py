"""Compares an answer with what the SDK's model and the API's documentation say of it.

Three questions, each with a list of complaints as its answer:

* `lost`: did the typed model keep everything that arrived? A field that it does not know is a field no API has.
* `mistyped`: is every typed value of the type that the model declares?
* `paths` against the documented fields: is everything there that the API documents?
"""

import typing

SCALARS = {"str": str, "int": int, "bool": bool, "float": (int, float)}


def lost(raw, kept, path=""):
    """What arrived and is not in the model, or not with the same value."""
    if isinstance(raw, dict) and isinstance(kept, dict):
        complaints = []
        for name, value in raw.items():
            where = f"{path}.{name}" if path else name
            if name not in kept:
                complaints.append(f"{where} is unknown to the SDK")
            else:
                complaints += lost(value, kept[name], where)
        return complaints
    if isinstance(raw, list) and isinstance(kept, list):
        if len(raw) != len(kept):
            return [f"{path} has {len(raw)} elements, {len(kept)} in the model"]
        return [complaint for one, other in zip(raw, kept) for complaint in lost(one, other, f"{path}[]")]
    return [] if raw == kept else [f"{path} is {raw!r}, {kept!r} in the model"]


def mistyped(model, path=""):
    """Values that are not of the type that the model's constructor declares."""
    complaints = []
    for name, declared in typing.get_type_hints(type(model).__init__).items():
        if name != "return":
            complaints += against(declared, getattr(model, name), f"{path}.{name}" if path else name)
    return complaints


def against(declared, value, path):
    """Complaints about one value."""
    if value is None or declared is typing.Any:
        return []
    origin, inner = typing.get_origin(declared), typing.get_args(declared)
    if origin is list:
        if not isinstance(value, list):
            return [f"{path} is {type(value).__name__}, not a list"]
        return [complaint for item in value for complaint in against(inner[0], item, f"{path}[]")]
    if origin is dict:
        return [] if isinstance(value, dict) else [f"{path} is {type(value).__name__}, not a map"]
    if hasattr(value, "to_map"):
        return mistyped(value, path)
    expected = (int, float) if declared is float else declared
    right = isinstance(value, expected) and (declared is bool or not isinstance(value, bool))
    return [] if right else [f"{path} is {type(value).__name__}, not {declared.__name__}"]


def paths(value, path=""):
    """Every path that an answer has, with `[]` for the elements of lists. Empty lists have their own path only."""
    found = {path} if path else set()
    if isinstance(value, dict):
        for name, inner in value.items():
            found |= paths(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for item in value:
            found |= paths(item, f"{path}[]")
    return found


def documented(spec, path=""):
    """Every path that the documentation of an answer has, leaves and branches, with the type of the leaves."""
    if isinstance(spec, dict):
        found = {path: None} if path else {}
        for name, inner in spec.items():
            found |= documented(inner, f"{path}.{name}" if path else name)
        return found
    if isinstance(spec, list):
        return {path: None} | documented(spec[0], f"{path}[]")
    return {path: spec}


def wrong_leaves(raw, spec, path=""):
    """Values whose JSON type is not the documented one: the model's declarations and the table must agree."""
    if raw is None:
        return []
    if isinstance(spec, dict):
        if not isinstance(raw, dict):
            return [f"{path} is no object"]
        return [
            complaint
            for name, inner in spec.items()
            if name in raw
            for complaint in wrong_leaves(raw[name], inner, f"{path}.{name}" if path else name)
        ]
    if isinstance(spec, list):
        if not isinstance(raw, list):
            return [f"{path} is no list"]
        return [complaint for item in raw for complaint in wrong_leaves(item, spec[0], f"{path}[]")]
    if spec in SCALARS:
        right = isinstance(raw, SCALARS[spec]) and (spec == "bool" or not isinstance(raw, bool))
        return [] if right else [f"{path} is {type(raw).__name__}, documented as {spec}"]
    if spec.startswith("List[") and not isinstance(raw, list):
        return [f"{path} is {type(raw).__name__}, documented as {spec}"]
    return []
