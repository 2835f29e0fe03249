using BlueGreen.ReverseProxy.Slots;

namespace BlueGreen.ReverseProxy.Tests.Architecture;

/// <summary>Holds which folder of the library may use which, by the types in the compiled assembly.</summary>
public sealed class FolderArrowsTests : IDisposable
{
    private const string Root = "BlueGreen.ReverseProxy";

    private static readonly string[] DataPath = ["Slots", "LongLived", "Previews", "Mirroring", "Routing", "Forwarding", "Observability"];

    private static readonly string[] ControlPath = ["Health", "State", "Releases", "Reload", "Admin"];

    // The control flow is Admin, Releases, State (commit), Slots (publish), with Health feeding Releases; the data path reads what was
    // published and knows nothing above it. Each folder uses only folders that stand before it: so there is no cycle.
    private static readonly (string Folder, string[] Uses)[] Allowed =
    [
        ("Configuration", []),
        ("Background", []),
        ("Extensibility", []),
        ("Listening", ["Background", "Configuration"]),
        ("Connecting", ["Configuration", "Listening"]),
        ("Observability", ["Configuration"]),
        ("LongLived", ["Configuration"]),
        ("Slots", ["Configuration", "LongLived", "Observability"]),
        ("Previews", ["Slots"]),
        ("Mirroring", ["Configuration", "Observability", "Slots"]),
        ("Routing", ["Background", "Connecting", "Slots"]),
        ("Forwarding", ["Background", "Configuration", "Connecting", "Listening", "LongLived", "Mirroring", "Observability", "Previews", "Routing", "Slots"]),
        ("Policies", ["Configuration", "Forwarding"]),
        ("Health", ["Background", "Configuration", "Connecting", "Slots"]),
        ("State", ["Background", "Configuration", "Mirroring", "Previews", "Routing", "Slots"]),
        ("Releases", ["Background", "Configuration", "Connecting", "Extensibility", "Health", "LongLived", "Mirroring", "Observability", "Previews", "Routing", "Slots", "State"]),
        ("Shutdown", ["Configuration", "Listening", "LongLived", "Mirroring", "Releases", "Slots", "State"]),
        ("Reload", ["Background", "Configuration", "Health", "Mirroring", "Releases", "Routing", "Shutdown", "Slots", "State"]),
        ("Admin", ["Background", "Configuration", "Connecting", "Forwarding", "Health", "Listening", "Mirroring", "Observability", "Previews", "Releases", "Reload", "Slots", "State"]),
        ("Embedding", ["Admin", "Configuration", "Connecting", "Extensibility", "Releases", "Slots", "State"]),
    ];

    // Where everything is put together.
    private static readonly string[] CompositionRoots = [typeof(BlueGreenExtensions).FullName!, typeof(BlueGreenGatewayExtensions).FullName!];

    private readonly AssemblyUses _library = new(typeof(RoutingTable).Assembly.Location);

    public void Dispose() => _library.Dispose();

    [Fact]
    public void EveryType_OfTheLibrary_IsInAFolderThatSaysWhatItMayUse()
    {
        var elsewhere = _library.Types.Where(type => FolderOf(type) is { } folder && !Allowed.Any(allowed => allowed.Folder == folder));

        elsewhere.Should().BeEquivalentTo(CompositionRoots);
    }

    [Fact]
    public void EveryFile_DeclaresTheNamespaceOfItsFolder()
    {
        var strangers =
            from folder in Directory.GetDirectories(FindSources()).Select(folder => Path.GetFileName(folder)!)
            where folder is not ("bin" or "obj")
            from file in Directory.GetFiles(Path.Combine(FindSources(), folder), "*.cs", SearchOption.AllDirectories)
            where !File.ReadAllText(file).Contains($"namespace {Root}.{folder}", StringComparison.Ordinal)
            select file;

        strangers.Should().BeEmpty("the arrows are read by namespace");
    }

    [Fact]
    public void EveryType_UsesOnlyWhatItsFolderMayUse()
    {
        Violations(folder => Allowed.Single(allowed => allowed.Folder == folder).Uses).Should().BeEmpty();
    }

    // An arrow that nothing uses any more would let the next one in unseen.
    [Fact]
    public void EveryArrow_IsUsed()
    {
        var arrows = Arrows().Select(arrow => (arrow.From, arrow.To)).ToHashSet();

        Allowed.SelectMany(allowed => allowed.Uses.Select(used => (allowed.Folder, used))).Where(arrow => !arrows.Contains(arrow)).Should().BeEmpty();
    }

    [Fact]
    public void Arrows_LeadToFoldersBeforeTheirOwn_SoThereIsNoCycle()
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (folder, uses) in Allowed)
        {
            uses.Should().BeSubsetOf(seen, $"{folder} stands below all that it uses");
            seen.Add(folder).Should().BeTrue($"{folder} has one row");
        }
    }

    [Fact]
    public void Arrows_OfTheDataPath_LeadToNothingOfTheControlPath()
    {
        foreach (var (folder, uses) in Allowed.Where(allowed => DataPath.Contains(allowed.Folder)))
        {
            uses.Should().NotIntersectWith(ControlPath, folder);
        }
    }

    // A lease is taken for a copy of a request as well as for the request: it must not need an HttpContext.
    [Fact]
    public void Slots_UseNothingOfHttp()
    {
        var http = typeof(SlotLease).Assembly.GetTypes()
            .Where(type => type.Namespace == typeof(SlotLease).Namespace)
            .SelectMany(type => type.GetConstructors().Cast<System.Reflection.MethodBase>().Concat(type.GetMethods()))
            .SelectMany(method => method.GetParameters())
            .Where(parameter => parameter.ParameterType.FullName?.StartsWith("Microsoft.AspNetCore.Http", StringComparison.Ordinal) == true);

        http.Should().BeEmpty();
    }

    // The check itself: without any allowed arrow it finds the ones that are really there, of each kind.
    [Theory]
    [InlineData("Slots.SlotLease uses LongLived.GracefulCloseReader", "a parameter")]
    [InlineData("Slots.Slot uses Observability.SlotMeter", "a property")]
    [InlineData("State.CommittedState uses Slots.ServiceCatalog", "a parameter of a constructor")]
    [InlineData("Health.HealthMonitor uses Slots.Slot", "a generic argument, in a tuple")]
    [InlineData("Releases.ReleaseEngine uses State.CommittedState", "a field")]
    [InlineData("Forwarding.SlotTransformer uses LongLived.GrpcScanner", "an object that is only made")]
    [InlineData("Policies.RoutePolicies uses Forwarding.ClientAddress", "a static call in a method")]
    [InlineData("Forwarding.SlotSelectionMiddleware uses Routing.RouteBinder", "a call in an async method's state machine")]
    public void Check_WithNothingAllowed_FindsTheArrowsThatAreThere(string expected, string how)
    {
        Violations(_ => []).Should().Contain(expected, how);
    }

    private IEnumerable<string> Violations(Func<string, string[]> allowed) =>
        from arrow in Arrows()
        where !allowed(arrow.From).Contains(arrow.To)
        select $"{arrow.User[(Root.Length + 1)..]} uses {arrow.Used[(Root.Length + 1)..]}";

    private IEnumerable<(string From, string To, string User, string Used)> Arrows() =>
        from use in _library.All()
        let user = FolderOf(use.User)
        let used = FolderOf(use.Used)
        where user is not null && used is not null && user != used && !CompositionRoots.Contains(use.User)
        select (user, used, use.User, use.Used);

    // Null for what the compiler has made up.
    private static string? FolderOf(string type) =>
        !type.StartsWith(Root, StringComparison.Ordinal) || type.Contains('<', StringComparison.Ordinal) ? null
            : type[(Root.Length + 1)..].Split('.') is [var folder, _, ..] ? folder
            : "";

    // Not by the path that the compiler knows: a deterministic build does not have it.
    private static string FindSources()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        string library;
        while (!Directory.Exists(library = Path.Combine(folder.FullName, "src", Root)))
        {
            folder = folder.Parent ?? throw new DirectoryNotFoundException("The tests run outside of the repository, whose source they read.");
        }

        return library;
    }
}
