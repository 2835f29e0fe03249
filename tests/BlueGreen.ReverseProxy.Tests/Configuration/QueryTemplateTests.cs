using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Tests.Configuration;

public sealed class QueryTemplateTests
{
    [Fact]
    public void Fill_Placeholders_AreReplacedAndPromQlIsNot()
    {
        const string Query = "sum by (a) (rate(x{slot=\"{slot}\",v=~'{version}',code=~\"5..\",n=~\"a{2}\"}[1m])) / on() {__name__=\"{slot}\"}";

        QueryTemplate.Fill(Query, name => name.ToUpperInvariant(), out var missing)
            .Should().Be("sum by (a) (rate(x{slot=\"SLOT\",v=~'VERSION',code=~\"5..\",n=~\"a{2}\"}[1m])) / on() {__name__=\"SLOT\"}");
        missing.Should().BeNull();
    }

    [Theory]
    [InlineData("1.0.0-rc.1+build_7", "1.0.0-rc.1+build_7")]
    [InlineData("a\"} or vector(0) #", @"a\x22\x7d or vector(0) #")]
    [InlineData("a'b`c", @"a\x27b\x60c")]
    [InlineData(@"a\b", @"a\\b")]
    [InlineData("a\nb", @"a\x0ab")]
    [InlineData("{slot}", @"\x7bslot\x7d")]
    public void Fill_Value_CantLeaveItsQuotes(string value, string expected) =>
        QueryTemplate.Fill("x{v=\"{version}\"}", _ => value, out _).Should().Be("x{v=\"" + expected + "\"}");

    [Fact]
    public void Fill_PlaceholderWithoutAValue_IsNamed()
    {
        QueryTemplate.Fill("{slot} {version}", name => name == "slot" ? "green" : null, out var missing).Should().BeNull();

        missing.Should().Be("version");
    }
}
