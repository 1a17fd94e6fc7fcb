import { Hono } from "hono";

const app = new Hono();
app.get("/", (context) => context.json({ casks: 3 }));

Deno.serve({ port: Number(Deno.env.get("PORT") ?? 8080) }, app.fetch);
