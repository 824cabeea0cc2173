"""The peer of `benchmarks.api`: Starlette, Pillow and LiteRT, and nothing else."""

from __future__ import annotations

import io
import sys

import numpy as np
import uvicorn
from ai_edge_litert.interpreter import Interpreter
from PIL import Image
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from cluster_core.model.backbones.registry import get_backbone
from cluster_core.model.backbones.shipped import load_shipped_record

SIZE_PX = 128


def main(port: int) -> None:
    """Serve one address that answers with the features of the network `sky`."""
    content = load_shipped_record(get_backbone("sky")).read_litert()
    idle: list[Interpreter] = []

    def label(data: bytes) -> list[float]:
        picture = Image.open(io.BytesIO(data)).convert("RGB").resize((SIZE_PX, SIZE_PX))
        interpreter = idle.pop() if idle else Interpreter(model_content=content, num_threads=1)
        interpreter.allocate_tensors()
        pixels = np.asarray(picture, np.float32)[np.newaxis] / 255
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], pixels)
        interpreter.invoke()
        features = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0]
        idle.append(interpreter)
        return [float(features.mean()), float(features.std())]

    async def answer(request: Request) -> JSONResponse:
        return JSONResponse({"scores": await run_in_threadpool(label, await request.body())})

    app = Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False)


if __name__ == "__main__":
    main(int(sys.argv[1]))
