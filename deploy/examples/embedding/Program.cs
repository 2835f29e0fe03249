using BlueGreen.Examples.Embedding;
using BlueGreen.ReverseProxy;

var builder = WebApplication.CreateBuilder(args);
builder.AddBlueGreenGateway()
    .AddReleaseGate<FreezeGate>(timeout: TimeSpan.FromSeconds(2))
    .AddReleaseEvents<ReleaseNews>();
builder.Services.AddHostedService<AlarmWatch>();

var app = builder.Build();
app.MapBlueGreenGateway();
app.MapGet("/about", () => "a gateway of our own");
app.Run();
