const Koa = require("koa");

const app = new Koa();
app.use((context) => {
  context.body = { casks: 3 };
});
const server = app.listen(process.env.PORT ?? 8080);
process.on("SIGTERM", () => server.close());
