import json
import os
from importlib.resources import files

import waitress
from bottle import Bottle

CASKS = json.loads(files(__name__).joinpath("casks.json").read_text())

app = Bottle()


@app.get("/")
def casks() -> dict[str, int]:
    return {"casks": len(CASKS)}


def main() -> None:
    waitress.serve(app, listen=f"*:{os.environ.get('PORT', '8080')}")
