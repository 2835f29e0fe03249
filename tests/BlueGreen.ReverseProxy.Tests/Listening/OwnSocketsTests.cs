using System.Net;
using BlueGreen.ReverseProxy.Listening;

namespace BlueGreen.ReverseProxy.Tests.Listening;

public sealed class OwnSocketsTests
{
    [Theory]
    [InlineData("127.0.0.1", "127.0.0.1", true)]
    [InlineData("127.0.0.1", "::ffff:127.0.0.1", true)]
    [InlineData("127.0.0.1", "0.0.0.0", true)]
    [InlineData("127.0.0.1", "127.0.0.2", false)]
    [InlineData("0.0.0.0", "127.0.0.2", true)]
    [InlineData("::", "127.0.0.1", true)]
    [InlineData("::", "::1", true)]
    [InlineData("0.0.0.0", "192.0.2.1", false)]
    [InlineData("192.0.2.1", "127.0.0.1", false)]
    public void Listener_IsMet_ByWhatLeadsToThisMachine(string listener, string target, bool isMet)
    {
        OwnSockets.Meets(new IPEndPoint(IPAddress.Parse(listener), 80), IPAddress.Parse(target), 80).Should().Be(isMet);
        OwnSockets.Meets(new IPEndPoint(IPAddress.Parse(listener), 80), IPAddress.Parse(target), 81).Should().BeFalse();
    }
}
