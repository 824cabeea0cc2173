"""The least that answers over HTTP: uvicorn, Pillow and one LiteRT network, for comparison.

`python -m benchmarks.peer_classifier PORT NETWORK.tflite`; it takes the bytes of a picture at any
address, and answers with the shape of the features.
"""

from __future__ import annotations

import io
import sys

import numpy as np
import uvicorn
from ai_edge_litert.interpreter import Interpreter
from PIL import Image
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

_interpreter = Interpreter(sys.argv[2])
_input = _interpreter.get_input_details()[0]
_height, _width = _input["shape"][1:3]
_interpreter.resize_tensor_input(_input["index"], [1, _height, _width, 3])
_interpreter.allocate_tensors()


async def answer(request: Request) -> JSONResponse:
    """Return the shape of the features of a picture."""
    data = await request.body()
    if data:
        picture = Image.open(io.BytesIO(data)).convert("RGB").resize((_width, _height))
        _interpreter.set_tensor(_input["index"], np.asarray(picture, np.float32)[np.newaxis])
        _interpreter.invoke()
    return JSONResponse([int(size) for size in _interpreter.get_output_details()[0]["shape"]])


routes = [Route("/{path:path}", answer, methods=["GET", "POST"])]
uvicorn.run(Starlette(routes=routes), port=int(sys.argv[1]), log_level="error")
