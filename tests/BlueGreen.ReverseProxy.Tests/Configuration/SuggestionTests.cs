using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Tests.Configuration;

/// <summary>What a misspelt name was meant to be.</summary>
public sealed class SuggestionTests
{
    private static readonly string[] Known = ["Address", "Path", "Port", "Environment", "Clusters", "Urls"];

    [Theory]
    [InlineData("Adress", "Address")]
    [InlineData("adress", "Address")]
    [InlineData("Paht", "Path")]
    [InlineData("Cluster", "Clusters")]
    [InlineData("Clusterss", "Clusters")]
    [InlineData("Envronmnt", "Environment")]
    [InlineData("Env", "Environment")]
    [InlineData("Url", "Urls")]
    public void For_ATypingMistake_IsTheClosestName(string text, string meant) => Suggestion.For(text, Known).Should().Be(meant);

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("En")]
    [InlineData("Timeout")]
    [InlineData("Monitoring")]
    public void For_AnotherWord_IsNothing(string text) => Suggestion.For(text, Known).Should().BeNull();

    [Fact]
    public void ForUnknownKey_NamesAllKeysInOrder()
    {
        Suggestion.ForUnknownKey("Paht", Known).Should().Be("is not a known key: did you mean Path? Known keys: Address, Clusters, Environment, Path, Port, Urls");
        Suggestion.ForUnknownKey("Timeout", Known).Should().Be("is not a known key: Address, Clusters, Environment, Path, Port, Urls");
    }
}
