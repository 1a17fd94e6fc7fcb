from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI(title="Casks")


class Cask(BaseModel):
    name: str
    litres: int


CASKS = [Cask(name="firkin", litres=41), Cask(name="kilderkin", litres=82), Cask(name="barrel", litres=164)]


@app.get("/")
def casks() -> dict[str, int]:
    return {"casks": len(CASKS)}


@app.get("/casks/{name}")
def cask(name: str) -> Cask | None:
    return next((each for each in CASKS if each.name == name), None)
