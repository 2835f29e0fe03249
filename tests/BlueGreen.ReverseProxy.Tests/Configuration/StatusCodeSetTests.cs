using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Tests.Configuration;

public sealed class StatusCodeSetTests
{
    [Theory]
    [InlineData("200", new[] { 200 }, new[] { 199, 201 })]
    [InlineData("200-299", new[] { 200, 204, 299 }, new[] { 199, 300 })]
    [InlineData("200, 204 ,300 - 302", new[] { 200, 204, 300, 301, 302 }, new[] { 201, 203, 303 })]
    [InlineData("100-599", new[] { 100, 599 }, new[] { 99, 600, 0, -1 })]
    [InlineData("503-503", new[] { 503 }, new[] { 502, 504 })]
    public void Set_Written_ContainsItsCodesAndNoOthers(string text, int[] inside, int[] outside)
    {
        StatusCodeSet.TryParse(text, out var set).Should().BeTrue();

        inside.Should().OnlyContain(code => set.Contains(code));
        outside.Should().NotContain(code => set.Contains(code));
        set.ToString().Should().Be(text);
    }

    [Theory]
    [InlineData("")]
    [InlineData(",")]
    [InlineData("200,")]
    [InlineData("2xx")]
    [InlineData("99")]
    [InlineData("600")]
    [InlineData("200-")]
    [InlineData("-200")]
    [InlineData("299-200")]
    [InlineData("200-204-206")]
    [InlineData("+200")]
    [InlineData("20 0")]
    [InlineData("99999999999")]
    public void Set_Malformed_IsRefused(string text)
    {
        StatusCodeSet.TryParse(text, out _).Should().BeFalse();
    }
}
