const express = require("express");

const app = express();
app.get("/", (_request, response) => response.json({ casks: 3 }));
const server = app.listen(process.env.PORT ?? 8080);
process.on("SIGTERM", () => server.close());
