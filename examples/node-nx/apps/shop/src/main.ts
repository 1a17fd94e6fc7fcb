import Koa from "koa";
import { casks } from "@cooperage/stock";

const app = new Koa();
app.use((context) => {
  context.body = { casks: casks.length };
});
const server = app.listen(Number(process.env["PORT"] ?? 8080));
process.once("SIGTERM", () => server.close());
