using BlueGreen.Contracts;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>One call of the admin API.</summary>
/// <param name="Services">The services that it can change.</param>
/// <param name="Ask">Makes the call.</param>
internal sealed record KillOperation(IReadOnlyCollection<string> Services, Func<AdminClient, Task<AdminAnswer>> Ask)
{
    /// <summary>The service that gets a deployment; null for a call that is about a release.</summary>
    public string? Deploys { get; init; }

    /// <summary>What is deployed.</summary>
    public string? Address { get; init; }

    public bool Concerns(string service) => Services.Contains(service, StringComparer.Ordinal);
}

/// <summary>Chooses what to ask for: several calls, of which no two are about the same service.</summary>
internal sealed class KillPlan(Random random, Dictionary<string, ServiceStatus> known, string[] addresses)
{
    private readonly List<KillOperation> _operations = [];

    public List<KillOperation> Make()
    {
        var baking = known.Values.Where(status => status.Release is not null).GroupBy(status => status.Release!.Id).ToList();
        foreach (var group in baking)
        {
            AddForBaking(group.First().Release!, [.. group.Select(status => status.Name)]);
        }

        var free = known.Values.Where(status => status.Release is null).Select(status => status.Name).OrderBy(_ => random.Next()).ToList();
        if (free.Count >= 2 && random.NextDouble() < 0.7)
        {
            var group = free[..random.Next(2, free.Count + 1)];
            free.RemoveRange(0, group.Count);
            var (to, bakeSeconds) = (Other(group[0]), random.NextDouble() < 0.4 ? 600 : 0);
            _operations.Add(new(group, admin => admin.PostAsync("/v1/cutover?until=switched", new { services = group, to, bakeSeconds, force = true }, wait: 30)));
        }

        foreach (var service in free)
        {
            AddForOne(service);
        }

        return _operations;
    }

    private void AddForBaking(Release release, string[] services)
    {
        var operation = random.Next(4) switch
        {
            0 => new KillOperation([], admin => admin.PostAsync($"/v1/releases/{release.Id}/finish")),
            1 => new KillOperation(services[..1], admin => Rollback(admin, services[0])),
            2 => new KillOperation(services, admin => admin.PostAsync("/v1/rollback?until=switched", new { release = release.Id }, wait: 30)),
            _ => null,
        };
        if (operation is not null)
        {
            _operations.Add(operation);
        }
    }

    private void AddForOne(string service)
    {
        var standby = Other(service);
        var others = addresses.Except(AddressesOf(service)).ToArray();
        var address = others[random.Next(others.Length)];
        _operations.Add(random.Next(5) switch
        {
            0 => new KillOperation([service], admin => Rollback(admin, service)),
            1 => new KillOperation(
                [service],
                admin => admin.SendAsync(
                    HttpMethod.Put, $"/v1/services/{service}/slots/{standby}?force=true", new { version = $"{random.Next(100)}", destinations = new { d1 = new { address } } }))
            {
                Deploys = service,
                Address = address,
            },
            2 => new KillOperation([service], admin => Cutover(admin, new { to = standby, bakeSeconds = 600, force = true })),
            3 => new KillOperation([service], admin => Cutover(admin, new { to = standby })),
            _ => new KillOperation([service], admin => Cutover(admin, new { to = standby, force = true })),
        });

        Task<AdminAnswer> Cutover(AdminClient admin, object body) => admin.PostAsync($"/v1/services/{service}/cutover?until=switched", body, wait: 30);
    }

    private static Task<AdminAnswer> Rollback(AdminClient admin, string service) => admin.PostAsync($"/v1/services/{service}/rollback?until=switched", wait: 30);

    private IEnumerable<string> AddressesOf(string service) =>
        known[service].Slots.Blue.Destinations.Concat(known[service].Slots.Green.Destinations).Select(destination => destination.Address);

    private string Other(string service) => known[service].Active.Other().ToText();
}
