using System.Collections.Immutable;
using System.Text.Json.Serialization.Metadata;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.State.Files;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace BlueGreen.ReverseProxy.Tests.State;

/// <summary>Format 2 as it is on disks: files that were written once, and the names of everything in them.</summary>
public sealed class StoredFormatTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Load_FilesOfFormat2_HasEverything()
    {
        if (Formats.AreUpdated)
        {
            WriteAnew();
        }

        Formats.CopyTo("v2", _folder.Path);
        using var store = new FileStateStore(Options, NullLogger<FileStateStore>.Instance);
        var committed = store.Load()!;

        committed.State.Should().BeEquivalentTo(State(2), options => options.WithStrictOrdering().Excluding(state => state.LastAudit).Excluding(state => state.LastEvent));
        committed.Records.Ended.Values.Should().BeEquivalentTo([Release("r1-aaaaaa")]);
        committed.Records.Outbox.Should().BeEquivalentTo([Call("2-chat")]);
        committed.Records.AllKeys.Should().BeEquivalentTo([Key]);
        committed.Records.Events.Select(entry => (entry.Sequence, entry.Type)).Should().Equal((1, "switched"), (2, "switched"));
        committed.Records.Audit.Select(entry => (entry.Sequence, entry.Reason)).Should().Equal((1, "because"), (2, "because"));
        var check = new FolderCheck(_folder.Path).Run();
        check.Findings.Should().BeEmpty();
    }

    // A property of a record that is renamed is another format on the disk: it takes a new version and a migration.
    [Fact]
    public void Names_OfEverythingStored_AreThoseOfFormat2()
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var type in new[]
        {
            StateJson.Default.GatewayState, StateJson.Default.JournalTails, StateJson.Default.AuditLine, StateJson.Default.EventLine, StateJson.Default.ReleaseLine, StateJson.Default.KeyLine,
            StateJson.Default.OutboxLine, StateJson.Default.AuditSeal, StateJson.Default.StateExport, (JsonTypeInfo)StatePlaces.Default.StateHeader,
        })
        {
            Collect(type, names);
        }

        var file = Path.Combine(Formats.Folder("v2"), "names.txt");
        if (Formats.AreUpdated)
        {
            File.WriteAllLines(file, names);
        }

        names.Should().Equal(File.ReadAllLines(file));
    }

    private static void Collect(JsonTypeInfo type, SortedSet<string> names)
    {
        if (type.ElementType is { } element)
        {
            Collect(type.Options.GetTypeInfo(element), names);
            return;
        }

        if (type.Type.IsEnum || Nullable.GetUnderlyingType(type.Type) is { IsEnum: true })
        {
            var values = Nullable.GetUnderlyingType(type.Type) ?? type.Type;
            names.UnionWith(Enum.GetValues(values).Cast<object>().Select(value => $"{values.Name} = {System.Text.Json.JsonSerializer.Serialize(value, type.Options.GetTypeInfo(values))}"));
            return;
        }

        var owner = type.Type.IsGenericType ? $"{type.Type.Name.Split('`')[0]}<{type.Type.GenericTypeArguments[0].Name}>" : type.Type.Name;
        foreach (var property in type.Properties.Where(property => property.Get is not null && names.Add($"{owner}.{property.Name}")))
        {
            Collect(type.Options.GetTypeInfo(property.PropertyType), names);
        }
    }

    private BlueGreenOptions Options => new() { State = new StateOptions { Directory = _folder.Path, JournalBytes = 1 } };

    private static IdempotencyRecord Key { get; } = new("ci", "key", "hash", States.Now, "r1-aaaaaa", [new ActiveService("orders", SlotName.Green, 2)]);

    private static HookDelivery Call(string id) => new(id, "chat", HookEvent.Decommission, "r1-aaaaaa", "orders", States.Now)
    {
        Slot = SlotName.Blue,
        Generation = 6,
        ExpiresAt = States.Now.AddDays(1),
    };

    private static GatewayState State(long revision)
    {
        var full = States.Full();
        return full with
        {
            Revision = revision,
            LastAudit = 0,
            LastEvent = 0,
            Services = full.Services.SetItem("orders", full.Services["orders"] with
            {
                KnownBad = ["1.9.0"],
                LastRelease = "r1-aaaaaa",
                StandbySince = States.Now,
                StandbySeconds = 12.5,
                DecommissionedAt = States.Now,
                Baseline = new(SlotName.Green, 6, new("orders", 20, ImmutableSortedDictionary<string, long>.Empty.Add("5xx", 2), 5, 200.5, ImmutableSortedDictionary<int, long>.Empty.Add(71, 19))),
                Blue = new(null, States.Now, ImmutableSortedDictionary.Create<string, DeployedDestination>(StringComparer.OrdinalIgnoreCase).Add("b1", new("http://10.0.0.11:8080/", "b1@1"))),
            }),
            Running = [Release("r4-00ff00") with { Status = ReleaseStatus.Baking, CompletedAt = null }],
        };
    }

    private static ReleaseState Release(string id) => States.Full().Running[0] with
    {
        Id = id,
        Status = ReleaseStatus.Succeeded,
        SupersededBy = "r9-aaaaaa",
        Detail = "detail",
        CompletedAt = States.Now,
        AwaitingSince = States.Now,
        LeftAt = States.Now,
        Services = [new("orders", SlotName.Blue, SlotName.Green, 2) { Outcome = ServiceOutcomes.RolledBack, OutcomeBy = "r2-aaaaaa" }],
        Versions = ImmutableSortedDictionary.Create<string, string>(StringComparer.OrdinalIgnoreCase).Add("orders", "2.0.0"),
        Bake = new BakeState
        {
            Outcome = BakeState.Held,
            Hold = BakeHolds.Failed,
            Detail = "why",
            Confidence = BakeState.LowConfidence,
            Baselines = [new("orders", 10, ImmutableSortedDictionary<string, long>.Empty.Add("5xx", 1), 4, 300.5, ImmutableSortedDictionary<int, long>.Empty.Add(70, 9))],
            Services = [new("orders", 240, 12, new(1, 2, 3, 4, 5, 6, 7, 8, 9), new(1.5, 20.25), new(2.5, null), [new("5xx", 1, 2, 3, 4, 5, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, "watching", "detail") { BadByClient = [0, 2] }]) { ByClient = [0, 240] }],
            ClientSeed = 4711,
            Confirmation = new(2, "orders", "5xx", 0, TrafficKeyKind.Header, States.Now, "worse", "process") { Header = "X-Client" },
            Attempts = 2,
            SplitSeconds = 12.5,
            Evidence = [new("orders", "5xx", 2, 3, 4, 0.5)],
        },
    };

    private void WriteAnew()
    {
        using (var store = new FileStateStore(Options, NullLogger<FileStateStore>.Instance))
        {
            store.Load();
            Commit(store, 1, change => change with { Ended = [Release("r1-aaaaaa")], Keys = [Key], Enqueued = [Call("1-chat"), Call("2-chat")] });
            store.Maintain();
            Commit(store, 2, change => change with { Dequeued = ["1-chat"], Withdrawn = [new("billing", SlotName.Green)] });
        }

        Directory.CreateDirectory(Formats.Folder("v2"));
        foreach (var path in Directory.GetFiles(_folder.Path).Where(path => Path.GetFileName(path) is not ("state.lock" or "state.owner" or "audit-key.pem")))
        {
            File.Copy(path, Path.Combine(Formats.Folder("v2"), Path.GetFileName(path)), overwrite: true);
            File.Delete(path);
        }
    }

    private static void Commit(FileStateStore store, long revision, Func<StateChange, StateChange> with)
    {
        var change = new StateChange(State(revision) with { LastAudit = revision - 1, LastEvent = revision - 1 }).WithAudit(States.Audit(0));
        store.CompareAndSet(revision - 1, with(change.WithEvent(change.Running[0], States.Now, "switched", "detail"))).Should().NotBeNull();
    }
}
