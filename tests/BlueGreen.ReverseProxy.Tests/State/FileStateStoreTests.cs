using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace BlueGreen.ReverseProxy.Tests.State;

public sealed class FileStateStoreTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Load_NothingStored_IsNull()
    {
        using var store = Open();

        store.Load().Should().BeNull();
    }

    [Fact]
    public void Load_FolderMissing_CreatesIt()
    {
        using var store = Open("a/b");

        store.Load().Should().BeNull();
        Directory.Exists(_folder["a/b"]).Should().BeTrue();
    }

    [Fact]
    public void Load_AfterWrites_IsTheNewest()
    {
        Write(1, 2, 3);

        RevisionLoaded().Should().Be(3);
    }

    [Fact]
    public void Load_NewestCorrupt_IsThePreviousAndKeepsTheDamage()
    {
        Write(1, 2);
        File.AppendAllText(_folder["state.json"], "x");

        RevisionLoaded().Should().Be(1);
        File.Exists(_folder["state.json.corrupt"]).Should().BeTrue();
        RevisionLoaded().Should().Be(1, "the next start finds the same");
    }

    [Fact]
    public void Load_NewestGone_IsThePrevious()
    {
        Write(1, 2);
        File.Delete(_folder["state.json"]);

        RevisionLoaded().Should().Be(1);
    }

    [Fact]
    public void Write_AfterAFallBack_GoesOn()
    {
        Write(1, 2);
        File.WriteAllText(_folder["state.json"], "");
        RevisionLoaded().Should().Be(1);

        Write(5);

        RevisionLoaded().Should().Be(5);
    }

    // To start anew here would send traffic to a slot that nobody chose.
    [Fact]
    public void Load_BothCorrupt_RefusesToStart()
    {
        Write(1, 2);
        File.WriteAllText(_folder["state.json"], "x");
        File.WriteAllText(_folder["state.previous.json"], "y");
        using var store = Open();

        store.Invoking(it => it.Load()).Should().Throw<StateUnreadableException>()
            .WithMessage($"*{_folder["state.json"]}*{_folder["state.previous.json"]}*");
        File.ReadAllText(_folder["state.json"]).Should().Be("x", "it may yet be repaired");
    }

    [Fact]
    public void Load_OnlyOneThereAndCorrupt_RefusesToStart()
    {
        Write(1);
        File.WriteAllText(_folder["state.json"], "x");
        using var store = Open();

        store.Invoking(it => it.Load()).Should().Throw<StateUnreadableException>();
    }

    [Fact]
    public void Load_LeftoversOfACrash_AreHarmless()
    {
        Write(1, 2);
        File.WriteAllText(_folder["state.json.tmp"], "half of a docum");

        RevisionLoaded().Should().Be(2);
        Write(3);
        RevisionLoaded().Should().Be(3);
    }

    // A crash before the very first rename: nothing was ever acknowledged.
    [Fact]
    public void Load_OnlyALeftover_IsNull()
    {
        File.WriteAllText(_folder["state.json.tmp"], "half");
        using var store = Open();

        store.Load().Should().BeNull();
    }

    [Fact]
    public void Load_FolderInUse_IsRefused()
    {
        using var first = Open();
        first.Load();
        using var second = Open();

        second.Invoking(it => it.Load()).Should().Throw<StateUnreadableException>().WithMessage($"*Another gateway*{_folder.Path}*");
    }

    [Fact]
    public void Load_FolderGivenFree_IsTaken()
    {
        using (var first = Open())
        {
            first.Load();
        }

        using var second = Open();

        second.Invoking(it => it.Load()).Should().NotThrow();
    }

    [Fact]
    public void Write_DiskFull_SaysSoAndKeepsWhatWasStored()
    {
        Write(1, 2);
        _folder.MakeFull("state.json.tmp");
        using (var store = Open())
        {
            store.Invoking(it => it.Write(new GatewayState { Revision = 3 })).Should().Throw<StateUnavailableException>().WithMessage($"*{_folder.Path}*");
        }

        RevisionLoaded().Should().Be(2);
    }

    private FileStateStore Open(string subfolder = "") =>
        new(new BlueGreenOptions { State = new StateOptions { Directory = Path.Combine(_folder.Path, subfolder) } }, NullLogger<FileStateStore>.Instance);

    private void Write(params long[] revisions)
    {
        using var store = Open();
        foreach (var revision in revisions)
        {
            store.Write(new GatewayState { Revision = revision });
        }
    }

    private long? RevisionLoaded()
    {
        using var store = Open();
        return store.Load()?.Revision;
    }
}
