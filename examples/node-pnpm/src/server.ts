import fastify from "fastify";

const app = fastify();
app.get("/", async (): Promise<{ casks: number }> => ({ casks: 3 }));
await app.listen({ host: "0.0.0.0", port: Number(process.env["PORT"] ?? 8080) });
process.on("SIGTERM", () => void app.close());
