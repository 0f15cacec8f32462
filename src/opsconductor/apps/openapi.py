"""The core's API as a document: `python -m opsconductor.apps.openapi > docs/reference/openapi.json`."""

import json
import sys
from typing import Any

from opsconductor.apps.core import create_app
from opsconductor.kit.settings import Settings


def document() -> dict[str, Any]:
    """Return the OpenAPI document; the same code gives the same document, whatever the environment."""
    return create_app(Settings.model_construct(enable_workflow_api=True)).openapi()


if __name__ == "__main__":
    json.dump(document(), sys.stdout, indent=1, ensure_ascii=False, sort_keys=True)
    sys.stdout.write("\n")
