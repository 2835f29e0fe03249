using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Tests.Configuration;

public sealed class CountedTests
{
    [Theory]
    [InlineData(0, "0 clients")]
    [InlineData(1, "1 client")]
    [InlineData(2, "2 clients")]
    [InlineData(1000, "1000 clients")]
    public void Of_ANumber_HasThePluralThatPeopleWrite(long number, string expected)
    {
        Counted.Of(number, "client").Should().Be(expected);
    }
}
