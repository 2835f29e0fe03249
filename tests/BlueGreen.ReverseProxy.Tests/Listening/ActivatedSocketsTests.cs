using BlueGreen.ReverseProxy.Listening;

namespace BlueGreen.ReverseProxy.Tests.Listening;

public sealed class ActivatedSocketsTests
{
    private const int Self = 4711;

    [Fact]
    public void Sockets_OfThisProcess_AreNumberedFromThreeAndToldApartByName()
    {
        ActivatedSockets.Read("4711", "3", "http:admin:http", Self).Should().Equal((3UL, false), (4UL, true), (5UL, false));
    }

    [Fact]
    public void Sockets_WithoutNames_AreForProxiedTraffic()
    {
        ActivatedSockets.Read("4711", "2", null, Self).Should().Equal((3UL, false), (4UL, false));
    }

    // A process that was started by one that was activated inherits the variables, but not the sockets.
    [Theory]
    [InlineData("4710", "1")]
    [InlineData(null, "1")]
    [InlineData("4711", null)]
    [InlineData("4711", "none")]
    [InlineData("4711", "0")]
    public void Sockets_OfAnotherProcessOrNone_AreNotTaken(string? process, string? count)
    {
        ActivatedSockets.Read(process, count, "http", Self).Should().BeEmpty();
    }
}
