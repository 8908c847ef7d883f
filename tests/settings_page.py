"""Prints the tables of docs/settings.md from the schemas: `python tests/settings_page.py`."""

import json
from pathlib import Path
from typing import Any

SCHEMAS = Path(__file__).resolve().parents[1] / "grader" / "schemas"


def table(title: str, schema: dict[str, Any]) -> list[str]:
    """A heading and the rows of one table of settings."""
    required = schema.get("required", [])
    lines = [f"## {title}", "", "| setting | default | what |", "|---|---|---|"]
    for name, value in schema["properties"].items():
        if value.get("type") == "object" or value.get("items", {}).get("type") == "object":
            continue
        escaped = value["description"].replace("*", "\\*")
        default = "required" if name in required else f"`{json.dumps(value['default'])}`" if "default" in value else ""
        lines.append(f"| `{name}` | {default} | {escaped} |")
    return [*lines, ""]


def tables() -> str:
    """All tables."""
    settings = json.loads((SCHEMAS / "assignment.schema.json").read_text("utf-8"))
    variants = json.loads((SCHEMAS / "variants.schema.json").read_text("utf-8"))
    lines = table("assignment.toml", settings)
    for name, value in settings["properties"].items():
        if name == "parts":
            lines += table("[parts.NAME]", value["additionalProperties"])
        elif value.get("type") == "object":
            lines += table(f"[{name}]", value)
    lines += table("variants.toml", variants)
    for name, value in variants["properties"].items():
        if "items" in value:
            lines += table(f"[[{name}]] in variants.toml", value["items"])
    return "\n".join(lines)


if __name__ == "__main__":
    print(tables(), end="")
