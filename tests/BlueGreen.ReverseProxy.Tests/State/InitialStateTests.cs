using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.State.Files;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.State;

public sealed class InitialStateTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // A later change of InitialActive must not move traffic by itself.
    [Fact]
    public void Start_NothingStored_StoresTheInitialSlotsAtOnce()
    {
        using var open = new OpenState(_folder.Path, "orders");

        var stored = StateDocument.Read(File.ReadAllBytes(_folder["state.json"])).State;
        stored.Revision.Should().Be(1);
        stored.Services["orders"].Should().Be(new ServiceState(SlotName.Blue, 1, null, false, null, null));
    }

    [Fact]
    public void Start_NoServices_StoresNothing()
    {
        using var open = new OpenState(_folder.Path);

        File.Exists(_folder["state.json"]).Should().BeFalse();
    }

    [Fact]
    public async Task Start_ServiceTakenOutAndPutBack_IsWhereItWas()
    {
        using (var open = new OpenState(_folder.Path, "orders", "users"))
        {
            await open.CommitAsync(current => current.With("orders", orders => orders with { Active = SlotName.Green, Generation = 7 }));
        }

        using (new OpenState(_folder.Path, "users"))
        {
        }

        using var again = new OpenState(_folder.Path, "orders", "users");

        again.State[again.Services.Entry("orders")].Generation.Should().Be(7);
        again.Tables.Current.ActiveOf(again.Services.Entry("orders")).Should().Be(SlotName.Green);
    }

    // Traffic flows on a disk that can't be written; switches will say so.
    [Fact]
    public void Start_DiskFull_Starts()
    {
        _folder.MakeFull("state.json.tmp");

        using var open = new OpenState(_folder.Path, "orders");

        open.Tables.Current.ActiveOf(open.Services.All[0]).Should().Be(SlotName.Blue);
        File.Exists(_folder["state.json"]).Should().BeFalse();
    }
}
