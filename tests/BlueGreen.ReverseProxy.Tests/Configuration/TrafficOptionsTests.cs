using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Tests.Configuration;

public sealed class TrafficOptionsTests
{
    [Fact]
    public void Traffic_LeftOut_IsAllAtOnceByClient()
    {
        var (options, errors) = Reading.OfService("\"Drain\": {}");

        errors.Should().BeEmpty();
        options.Services["orders"].Traffic.Should().Be(new TrafficOptions());
    }

    [Fact]
    public void Steps_AsDocumented_AreRead()
    {
        var (options, errors) = Reading.OfService("""
            "Traffic": { "Key": "header:X-Customer", "Shift": { "Steps": [ { "Weight": 0.5, "Duration": "00:02:00" }, { "Weight": 10, "Duration": "00:05:00" } ] } }
            """);

        errors.Should().BeEmpty();
        var traffic = options.Services["orders"].Traffic;
        traffic.Key.Should().Be(new TrafficKey(TrafficKeyKind.Header, "X-Customer"));
        traffic.Shift!.Steps.Should().Equal(new ShiftStepOptions(0.5, TimeSpan.FromMinutes(2)), new ShiftStepOptions(10, TimeSpan.FromMinutes(5)));
        traffic.Shift.MaxBadResponses.Should().BeNull();
    }

    // As in an order: byEvidence with nothing in it.
    [Theory]
    [InlineData("{}", 50, 0)]
    [InlineData("""{ "MaxBadResponses": 20, "MinDuration": "00:10:00" }""", 20, 600)]
    public void ByEvidence_WithOrWithoutItsKeys_IsRead(string evidence, int budget, int seconds)
    {
        var (options, errors) = Reading.OfService($$"""
            "Traffic": { "Shift": { "ByEvidence": {{evidence}} } }
            """);

        errors.Should().BeEmpty();
        options.Services["orders"].Traffic.Shift.Should().BeEquivalentTo(new { MaxBadResponses = budget, MinDuration = TimeSpan.FromSeconds(seconds) });
    }

    [Theory]
    [InlineData("""{ "Key": "header:" }""", "Key", "client, header:NAME, cookie or request")]
    [InlineData("""{ "Key": "header" }""", "Key", "client, header:NAME, cookie or request")]
    [InlineData("""{ "Shift": { "Steps": [ { "Weight": 1 } ], "ByEvidence": {} } }""", "Shift:ByEvidence", "one of the two")]
    [InlineData("""{ "Shift": { "Steps": [ { "Weight": 10 }, { "Weight": 5 } ] } }""", "Shift:Steps", "grow")]
    [InlineData("""{ "Shift": { "ByEvidence": { "MaxBadResponses": 4 } } }""", "Shift:ByEvidence:MaxBadResponses", "from 5 to 1000000")]
    [InlineData("""{ "Shift": { "Step": [] } }""", "Shift:Step", "is not a known key")]
    public void Traffic_NotAllowed_IsAnErrorThatSaysWhatIs(string traffic, string key, string allowed)
    {
        var (_, errors) = Reading.OfService($$"""
            "Traffic": {{traffic}}
            """);

        errors.Should().Contain(error => error.Key == $"BlueGreen:Services:orders:Traffic:{key}" && error.Allowed.Contains(allowed, StringComparison.Ordinal));
    }
}
