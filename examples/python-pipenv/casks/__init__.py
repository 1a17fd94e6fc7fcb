from quart import Quart

CASKS = {"firkin": 41, "kilderkin": 82, "barrel": 164}


def create_app() -> Quart:
    app = Quart(__name__)

    @app.get("/")
    async def casks() -> dict[str, int]:
        return {"casks": len(CASKS)}

    return app
