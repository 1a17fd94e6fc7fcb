from flask import Flask

app = Flask(__name__)


@app.get("/")
def casks():
    return {"casks": 3}
