using BlueGreen.Gateway.Checks;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>Which two addresses can't both be listened at.</summary>
public sealed class ListenerTests
{
    [Theory]
    [InlineData("http://127.0.0.1:8080", "http://127.0.0.1:8080")]
    [InlineData("http://127.0.0.1:8080", "https://127.0.0.1:8080")]
    [InlineData("http://localhost:8080", "http://127.0.0.1:8080")]
    [InlineData("http://localhost:8080", "http://[::1]:8080")]
    [InlineData("http://localhost:8080", "http://LOCALHOST:8080")]
    [InlineData("http://*:8080", "http://127.0.0.1:8080")]
    [InlineData("http://+:8080", "http://[::1]:8080")]
    [InlineData("http://0.0.0.0:8080", "http://10.0.0.7:8080")]
    [InlineData("http://0.0.0.0:8080", "http://localhost:8080")]
    [InlineData("http://0.0.0.0:8080", "http://[::]:8080")]
    [InlineData("http://[::]:8080", "http://10.0.0.7:8080")]
    [InlineData("http://gateway.example.com:8080", "http://10.0.0.7:8080")]
    [InlineData("http://127.0.0.1", "http://127.0.0.1:80")]
    [InlineData("http://unix:/run/a.sock", "http://unix:/run/a.sock")]
    public void Overlaps_OneOfTheTwoCanBeBound_IsTrue(string one, string other)
    {
        Of(one).Overlaps(Of(other)).Should().BeTrue();
        Of(other).Overlaps(Of(one)).Should().BeTrue();
    }

    [Theory]
    [InlineData("http://127.0.0.1:8080", "http://127.0.0.1:8081")]
    [InlineData("http://127.0.0.1:8080", "http://127.0.0.2:8080")]
    [InlineData("http://127.0.0.1:8080", "http://[::1]:8080")]
    [InlineData("http://0.0.0.0:8080", "http://[::1]:8080")]
    [InlineData("http://127.0.0.1:0", "http://127.0.0.1:0")]
    [InlineData("http://*:0", "http://127.0.0.1:0")]
    [InlineData("http://unix:/run/a.sock", "http://unix:/run/b.sock")]
    [InlineData("http://unix:/run/a.sock", "http://*:80")]
    public void Overlaps_BothCanBeBound_IsFalse(string one, string other)
    {
        Of(one).Overlaps(Of(other)).Should().BeFalse();
        Of(other).Overlaps(Of(one)).Should().BeFalse();
    }

    private static Listener Of(string url) => new("Urls", url, BindingAddress.Parse(url));
}
