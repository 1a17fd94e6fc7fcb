package shop;

import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;

/** Answers with what the shop has. */
@Path("/")
public class Casks {
  @GET
  @Produces("application/json")
  public String casks() {
    return "{\"casks\":3}";
  }
}
