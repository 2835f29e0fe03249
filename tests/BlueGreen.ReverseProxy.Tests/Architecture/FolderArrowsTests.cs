namespace BlueGreen.ReverseProxy.Tests.Architecture;

/// <summary>Holds which folder of the library may use which.</summary>
public sealed class FolderArrowsTests
{
    private static readonly string[] DataPath = ["Slots", "InFlight", "Routing", "Observability"];

    private static readonly string[] ControlPath = ["Health", "State", "Releases", "Admin"];

    // The control flow is Admin, Releases, State (commit), Routing (publish), with Health feeding Releases; the data path reads what
    // was published and knows of nothing above it. A slot holds its counter and a lease its slot: these two folders are one layer.
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Background"] = [],
        ["Configuration"] = [],
        ["InFlight"] = ["Configuration", "Listening", "Routing"],
        ["Observability"] = ["Configuration"],
        ["Routing"] = ["Configuration", "InFlight", "Observability"],
        ["Slots"] = ["Configuration", "Forwarding", "InFlight", "Routing", "Observability"],
        ["Connecting"] = ["Configuration", "Listening"],
        ["Forwarding"] = ["Configuration", "Connecting"],
        ["Policies"] = ["Configuration", "Forwarding"],
        ["Health"] = ["Background", "Configuration", "Connecting", "Routing"],
        ["State"] = ["Background", "Configuration", "Routing"],
        ["Releases"] = ["Background", "Configuration", "Connecting", "InFlight", "Routing", "Health", "State", "Observability"],
        ["Listening"] = ["Background", "Configuration"],
        ["Shutdown"] = ["Configuration", "InFlight", "Listening", "Routing", "Releases", "State"],
        ["Admin"] = ["Background", "Configuration", "Connecting", "Forwarding", "Listening", "InFlight", "Routing", "Health", "Observability", "State", "Releases"],
    };

    // Where everything is put together.
    private const string CompositionRoot = "BlueGreenExtensions.cs";

    private static readonly string Library = FindLibrary();

    [Fact]
    public void EveryFolder_OfTheLibrary_HasItsArrowsHere()
    {
        Folders().Should().BeSubsetOf(Allowed.Keys, "a new folder has to say what it may use");
    }

    [Fact]
    public void OnlyTheCompositionRoot_LiesOutsideTheFolders()
    {
        Directory.GetFiles(Library, "*.cs").Select(Path.GetFileName).Should().Equal(CompositionRoot);
    }

    [Fact]
    public void EveryFile_DeclaresTheNamespaceOfItsFolder()
    {
        var strangers = Sources()
            .Where(source => !source.Text.Contains($"namespace BlueGreen.ReverseProxy.{source.Folder}", StringComparison.Ordinal))
            .Select(source => source.Name);

        strangers.Should().BeEmpty("the arrows are read by folder");
    }

    [Fact]
    public void EveryFile_UsesOnlyWhatItsFolderMayUse()
    {
        Violations(Sources(), Allowed).Should().BeEmpty();
    }

    [Fact]
    public void Arrows_OfTheDataPath_LeadToNothingOfTheControlPath()
    {
        foreach (var folder in DataPath)
        {
            Allowed[folder].Should().NotIntersectWith(ControlPath);
        }
    }

    [Fact]
    public void Arrows_ToAdminAndSlots_AreNone()
    {
        Allowed.Values.SelectMany(used => used).Should().NotContain(["Admin", "Slots"], "only the composition root puts them in");
    }

    // The check itself: without any allowed arrow it finds the ones that are really there.
    [Fact]
    public void Check_WithNothingAllowed_FindsTheArrowsThatAreThere()
    {
        var nothing = Allowed.Keys.ToDictionary(folder => folder, _ => Array.Empty<string>(), StringComparer.Ordinal);

        Violations(Sources(), nothing).Should().Contain([
            "Releases/ReleaseEngine.cs uses State",
            "Slots/SlotSelectionMiddleware.cs uses InFlight",
            "Routing/Slot.cs uses InFlight",
            "State/CommittedState.cs uses Routing",
            "Health/HealthMonitor.cs uses Routing",
        ]);
    }

    [Theory]
    [InlineData("using BlueGreen.ReverseProxy.State;")]
    [InlineData("using static BlueGreen.ReverseProxy.State.StateDocument;")]
    [InlineData("using Document = BlueGreen.ReverseProxy.State.StateDocument;")]
    [InlineData("class A { object B = new BlueGreen.ReverseProxy.State.JournalFile(); }")]
    [InlineData("class A { object B = new global::BlueGreen.ReverseProxy.State.JournalFile(); }")]
    [InlineData("class A { State.CommittedState? B; }")]
    [InlineData("class A { List<State.CommittedState> B; }")]
    [InlineData("class A { object B = ReverseProxy.State.ReleaseId.Next(1); }")]
    [InlineData("var a = \"//\"; var b = State.ReleaseId.Next(1);")]
    public void Check_AFolderUsed_IsFound(string source)
    {
        Violations([("Slots", "X.cs", source)], Allowed).Should().Equal("Slots/X.cs uses State");
    }

    [Theory]
    [InlineData("/// <see cref=\"State.CommittedState\"/> and <see cref=\"BlueGreen.ReverseProxy.State.CommittedState\"/>")]
    [InlineData("// see BlueGreen.ReverseProxy.State.CommittedState")]
    [InlineData("/* State.CommittedState */")]
    [InlineData("var a = \"BlueGreen.ReverseProxy.State.X\";")]
    [InlineData("var a = prober.State.Value;")]
    [InlineData("using BlueGreen.ReverseProxy.InFlight;")]
    [InlineData("namespace BlueGreen.ReverseProxy.Slots;")]
    public void Check_NothingForbiddenUsed_FindsNothing(string source)
    {
        Violations([("Slots", "X.cs", source)], Allowed).Should().BeEmpty();
    }

    private static IEnumerable<string> Violations(
        IEnumerable<(string Folder, string Name, string Text)> sources, Dictionary<string, string[]> allowed) =>
        from source in sources
        from used in SourceUses.Of(source.Text, Allowed.Keys).Order(StringComparer.Ordinal)
        where used != source.Folder && !allowed[source.Folder].Contains(used)
        select $"{source.Folder}/{source.Name} uses {used}";

    private static IEnumerable<string> Folders() => Directory.GetDirectories(Library)
        .Select(folder => Path.GetFileName(folder)!)
        .Where(folder => folder is not ("bin" or "obj") && Directory.EnumerateFiles(Path.Combine(Library, folder), "*.cs", SearchOption.AllDirectories).Any());

    private static IEnumerable<(string Folder, string Name, string Text)> Sources() =>
        from folder in Folders()
        from file in Directory.GetFiles(Path.Combine(Library, folder), "*.cs", SearchOption.AllDirectories)
        select (folder, Path.GetRelativePath(Path.Combine(Library, folder), file), File.ReadAllText(file));

    // Not by the path that the compiler knows: a deterministic build does not have it.
    private static string FindLibrary()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        string library;
        while (!Directory.Exists(library = Path.Combine(folder.FullName, "src", "BlueGreen.ReverseProxy")))
        {
            folder = folder.Parent ?? throw new DirectoryNotFoundException("The tests run outside of the repository, whose source they read.");
        }

        return library;
    }
}
