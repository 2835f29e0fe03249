using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Mirroring;

namespace BlueGreen.ReverseProxy.Tests.Configuration;

public sealed class MirrorOptionsTests
{
    [Fact]
    public void Mirror_AsDocumented_IsRead()
    {
        var (options, errors) = Reading.OfService("""
            "Traffic": { "Mirror": {
              "Percent": 10, "Duration": "00:10:00", "Methods": [ "GET", "POST" ], "RequireIdempotencyKey": true,
              "Compare": { "Headers": [ "etag" ], "Ignore": [ "$.at" ], "Sets": [ "$.tags" ], "NoisePercent": 0 },
              "MaxLatency": "00:00:01", "Gate": { "MinRequests": 5, "MaxDifference": 0.01 }, "MaxPercent": 50, "MaxDuration": "00:30:00", "MaxBodyBytes": 2048, "MaxConcurrent": 2, "MaxPerSecond": 3, "Timeout": "00:00:04" } }
            """);

        errors.Should().BeEmpty();
        options.Services["orders"].Traffic.Mirror.Should().BeEquivalentTo(new MirrorOptions
        {
            Percent = 10,
            Duration = TimeSpan.FromMinutes(10),
            Methods = ["GET", "POST"],
            RequireIdempotencyKey = true,
            Compare = new() { Headers = ["etag"], Ignore = ["$.at"], Sets = ["$.tags"], NoisePercent = 0 },
            MaxLatency = TimeSpan.FromSeconds(1),
            Gate = new() { MinRequests = 5, MaxDifference = 0.01 },
            MaxPercent = 50,
            MaxDuration = TimeSpan.FromMinutes(30),
            MaxBodyBytes = 2048,
            MaxConcurrent = 2,
            MaxPerSecond = 3,
            Timeout = TimeSpan.FromSeconds(4),
        });
    }

    // A limit alone is enough: the defaults that nobody has written are lowered to it.
    [Fact]
    public void Limits_BelowTheDefaults_LowerThem()
    {
        var (options, errors) = Reading.OfService("""
            "Traffic": { "Mirror": { "MaxPercent": 5, "MaxDuration": "00:01:00" } }
            """);

        errors.Should().BeEmpty();
        options.Services["orders"].Traffic.Mirror.Should().BeEquivalentTo(new { Percent = 5.0, Duration = TimeSpan.FromMinutes(1) });
    }

    [Fact]
    public void ContentType_IsComparedBesidesTheFieldsThatAreConfigured()
    {
        var (options, _) = Reading.OfService("""
            "Traffic": { "Mirror": { "Compare": { "Headers": [ "etag", "Content-Type" ], "Ignore": [ "header:content-type", "status", "body" ] } } }
            """);

        MirrorSettings.Of(options.Services["orders"].Traffic.Mirror).Compare.Headers.Should().Equal("content-type", "etag");
    }

    [Theory]
    [InlineData("$")]
    [InlineData("$[*]")]
    [InlineData("$.a-b.\u00fc c[*][*].d")]
    [InlineData("$.items.length")]
    [InlineData("header:X-Rate")]
    public void Ignore_OfAPlace_IsRead(string place)
    {
        var (options, errors) = Reading.OfService($$"""
            "Traffic": { "Mirror": { "Compare": { "Ignore": [ "{{place}}" ] } } }
            """);

        errors.Should().BeEmpty();
        options.Services["orders"].Traffic.Mirror.Compare.Ignore.Should().Equal(place);
    }

    [Theory]
    [InlineData("""{ "Percent": 50, "MaxPercent": 20 }""", "Percent", "is above MaxPercent, 20")]
    [InlineData("""{ "Duration": "00:10:00", "MaxDuration": "00:01:00" }""", "Duration", "is above MaxDuration, 00:01:00")]
    [InlineData("""{ "Percent": 1001 }""", "Percent", "from 0.01 to 1000")]
    [InlineData("""{ "Methods": [ "TRACE" ] }""", "Methods", "among DELETE, GET, HEAD")]
    [InlineData("""{ "Compare": { "Ignore": [ "total" ] } }""", "Compare:Ignore", "places such as $.total")]
    [InlineData("""{ "Compare": { "Ignore": [ "$.at", "$.a[0].b" ] } }""", "Compare:Ignore", "\"$.a[0].b\": indexes are written as [*], such as $.a[*].b")]
    [InlineData("""{ "Compare": { "Ignore": [ "$..x" ] } }""", "Compare:Ignore", "\"$..x\": there is no search at any depth; write the whole path")]
    [InlineData("""{ "Compare": { "Ignore": [ "$.a." ] } }""", "Compare:Ignore", "places such as $.total")]
    [InlineData("""{ "Compare": { "Ignore": [ "header:" ] } }""", "Compare:Ignore", "header:etag")]
    [InlineData("""{ "Compare": { "Ignore": [ "Status" ] } }""", "Compare:Ignore", "status or body")]
    [InlineData("""{ "Compare": { "Sets": [ "status" ] } }""", "Compare:Sets", "paths of arrays such as $.tags")]
    [InlineData("""{ "Compare": { "Sets": [ "$.tags[*]" ] } }""", "Compare:Sets", "\"$.tags[*]\": name the array itself, without [*] at its end")]
    [InlineData("""{ "Compare": { "Headers": [ "a b" ] } }""", "Compare:Headers", "names of header fields")]
    [InlineData("""{ "Compare": { "Noise": 1 } }""", "Compare:Noise", "is not a known key")]
    [InlineData("""{ "MaxBodyBytes": 0 }""", "MaxBodyBytes", "from 1024 to 1048576")]
    [InlineData("""{ "Timeout": "00:06:00" }""", "Timeout", "00:05:00")]
    [InlineData("""{ "Gate": { "MaxDifference": 2 } }""", "Gate:MaxDifference", "from 0 to 1")]
    [InlineData("""{ "MaxLatency": "0" }""", "MaxLatency", "00:05:00")]
    [InlineData("""{ "Seconds": 60 }""", "Seconds", "is not a known key")]
    public void Mirror_NotAllowed_IsAnErrorThatSaysWhatIs(string mirror, string key, string allowed)
    {
        var (_, errors) = Reading.OfService($$"""
            "Traffic": { "Mirror": {{mirror}} }
            """);

        errors.Should().Contain(error => error.Key == $"BlueGreen:Services:orders:Traffic:Mirror:{key}" && error.Allowed.Contains(allowed, StringComparison.Ordinal));
    }
}
