var casks = new Dictionary<string, int> { ["firkin"] = 41, ["kilderkin"] = 82, ["barrel"] = 164 };

var app = WebApplication.CreateBuilder(args).Build();

app.UseStaticFiles();
app.MapGet("/", () => new { casks = casks.Count });
app.MapGet("/casks/{name}", (string name) =>
    casks.TryGetValue(name, out var litres) ? Results.Ok(new { name, litres }) : Results.NotFound());

app.Run();
