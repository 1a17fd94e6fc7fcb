import { Hono } from "hono";

const app = new Hono();
app.get("/", (context) => context.json({ casks: 3 }));

export default app;
