"""Reads JSON as strictly as a platform might, and checks it with the project's copies of the platforms' schemas."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

SCHEMAS = Path(__file__).resolve().parent.parent / "grader" / "export" / "schemas"


def strict_loads(text: str) -> Any:
    """Parse JSON; raises ValueError for NaN, an infinity or a key that occurs twice."""

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} isn't JSON")

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        if len(set(keys)) < len(keys):
            raise ValueError(f"a key occurs twice: {sorted(key for key in keys if keys.count(key) > 1)}")
        return dict(pairs)

    return json.loads(text, parse_constant=refuse, object_pairs_hook=unique)


def validate(schema: str, value: Any) -> None:
    """Raise jsonschema.ValidationError where a value isn't what the schema asks for."""
    _validator(schema).validate(value)


@cache
def _validator(schema: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads((SCHEMAS / f"{schema}.schema.json").read_text("utf-8")))
