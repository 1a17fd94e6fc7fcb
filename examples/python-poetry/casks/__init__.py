from flask import Flask

CASKS = {"firkin": 41, "kilderkin": 82, "barrel": 164}


def create_app() -> Flask:
    app = Flask(__name__)

    @app.get("/")
    def casks() -> dict[str, int]:
        return {"casks": len(CASKS)}

    return app
