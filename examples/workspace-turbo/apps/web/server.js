import { countCasks } from "@cooperage/casks";
import polka from "polka";

const app = polka().get("/", (_request, response) => {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ casks: countCasks(["oak", "oak", "chestnut"]) }));
});
app.listen(process.env.PORT ?? 8080);
process.on("SIGTERM", () => app.server.close());
