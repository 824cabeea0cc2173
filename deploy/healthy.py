"""Exit with 0 if the server on this computer answers: `python healthy.py [PORT]`."""

import os
import sys
import urllib.request
from http import HTTPStatus

port = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("PORT", "8501")
with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/health", timeout=5) as answer:
    sys.exit(answer.status != HTTPStatus.OK)
