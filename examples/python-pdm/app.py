import falcon

CASKS = {"firkin": 41, "kilderkin": 82, "barrel": 164}


class Casks:
    def on_get(self, request: falcon.Request, response: falcon.Response, name: str) -> None:
        if name not in CASKS:
            raise falcon.HTTPNotFound()
        response.media = {"name": name, "litres": CASKS[name]}


app = falcon.App()
app.add_route("/casks/{name}", Casks())
