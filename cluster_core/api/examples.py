"""Programs that use the API, for people to copy; the tests run them."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

KEY_PLACEHOLDER = "YOUR_KEY"

_CURL = """\
curl {address} \\
  --header "Authorization: Bearer {key}" \\
  --form files=@picture.jpg --form files=@another.jpg
"""
_PYTHON = """\
import json
import urllib.request
from pathlib import Path

request = urllib.request.Request(
    "{address}",
    data=Path("picture.jpg").read_bytes(),
    headers={{"Authorization": "Bearer {key}", "Content-Type": "image/jpeg"}},
)
with urllib.request.urlopen(request) as response:
    answer = json.load(response)["answers"][0]
print(answer["label"], answer["verdict"], answer["score"])
"""
_JAVASCRIPT = """\
// For Node.js. In a web page, the body is the file of an <input type="file">.
import {{ readFile }} from "node:fs/promises";

const response = await fetch("{address}", {{
  method: "POST",
  headers: {{ Authorization: "Bearer {key}", "Content-Type": "image/jpeg" }},
  body: await readFile("picture.jpg"),
}});
const {{ answers, detail }} = await response.json();
console.log(answers ? answers[0] : detail);
"""


def make_examples(address: str, model_id: str, *, needs_key: bool = True) -> Mapping[str, str]:
    """Return a program in each language that labels `picture.jpg`.

    Parameters
    ----------
    address : str
        Where the API is, such as http://localhost:8501/api/v1.
    model_id : str
        The model that answers.
    needs_key : bool
        Whether the programs send an API key.

    Returns
    -------
    mapping of str to str
        Programs by the name of their language: curl, Python and JavaScript. `KEY_PLACEHOLDER`
        stands for the API key.
    """
    whole = f"{address}/models/{quote(model_id, safe='')}/classify"
    return {
        language: (program if needs_key else _leave_out_key(program)).format(
            address=whole, key=KEY_PLACEHOLDER
        )
        for language, program in (
            ("curl", _CURL),
            ("Python", _PYTHON),
            ("JavaScript", _JAVASCRIPT),
        )
    }


def _leave_out_key(program: str) -> str:
    for sent in (
        '  --header "Authorization: Bearer {key}" \\\n',
        '"Authorization": "Bearer {key}", ',
        'Authorization: "Bearer {key}", ',
    ):
        program = program.replace(sent, "")
    return program
