import os

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from stock import CASKS


async def casks(request: Request) -> JSONResponse:
    return JSONResponse({"casks": len(CASKS)})


def main() -> None:
    app = Starlette(routes=[Route("/", casks)])
    uvicorn.run(app, host="0.0.0.0", port=int(os.environ.get("PORT", "8080")))
