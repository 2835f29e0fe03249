using System.CommandLine;
using BlueGreen.Contracts;
using BlueGreen.Quickstart;
using BlueGreen.Quickstart.Api;
using BlueGreen.Quickstart.Views;

var once = new Option<bool>("--once") { Description = "End after the tour; the exit code is 0 only if nothing failed." };
var mirror = new Option<bool>("--mirror") { Description = "Another tour: mirror traffic to a new version, find what it does differently, mend it, mirror again, cut over." };
var root = new RootCommand("Two versions of an API, a gateway in front of them, and a cutover under load.") { once, mirror };
root.SetAction((arguments, stop) => QuickstartRun.RunAsync(arguments.GetValue(once), arguments.GetValue(mirror), ViewOf.Console(), stop));

// What the quickstart starts itself as, once for each version of the API.
var slot = new Argument<SlotName>("slot");
var version = new Argument<string>("version");
var api = new Command("api", "The orders API.") { slot, version };
api.Hidden = true;
api.SetAction((arguments, stop) => OrdersApi.RunAsync(arguments.GetRequiredValue(slot), arguments.GetRequiredValue(version), stop));
root.Subcommands.Add(api);

// On Ctrl-C and SIGTERM the token is cancelled; this is how long the shutdown may take.
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(20) });
