using System.Text;
using Microsoft.Extensions.Configuration;

namespace BlueGreen.ReverseProxy.Configuration.Keys;

/// <summary>The keys of the section <c>BlueGreen</c>: what its readers ask for.</summary>
internal static class BlueGreenKeys
{
    // One entry in each map and list; of rate limits one of each kind, whose keys differ; and what is read only if it is there.
    private const string Everything = """
        {
          "BlueGreen": {
            "Admin": {
              "Tokens": [ { "Role": "viewer" } ],
              "ClientCertificates": [ { "Role": "viewer" } ],
              "Certificate": { "Path": "x" }
            },
            "Listen": { "MaxConnectionsPerAddress": 1 },
            "Policies": {
              "Timeouts": { "one": "00:00:01" },
              "RateLimits": {
                "one": { "Kind": "FixedWindow", "Permits": 1 },
                "two": { "Kind": "SlidingWindow", "Permits": 1 },
                "three": { "Kind": "TokenBucket", "Permits": 1, "TokensPerWindow": 1 },
                "four": { "Kind": "Concurrency", "Permits": 1 }
              },
              "Cors": { "one": { "MaxAge": "00:00:01" } }
            },
            "ErrorPages": { "5xx": "x.html" },
            "Hooks": { "one": { "Url": "" } },
            "Services": {
              "one": { "Blue": "b", "ErrorPages": { "5xx": "x.html" }, "Bake": { "HangAfter": "00:00:01", "MaxP99": "00:00:01", "Record": { "Directory": "x" }, "Queries": { "one": { "Query": "x", "For": "00:00:01", "OnFailure": "hold", "Compare": { "Ratio": 1 } } } }, "Preview": { "Hosts": { "one": { "Networks": [ "127.0.0.1" ] } } }, "Traffic": { "Shift": { "Steps": [ { "Weight": 1 } ], "ByEvidence": {} } } }
            }
          }
        }
        """;

    /// <summary>Reads a configuration that has everything, and keeps what was asked for.</summary>
    public static SettingNode Read()
    {
        using var json = new MemoryStream(Encoding.UTF8.GetBytes(Everything));
        var section = new ConfigurationBuilder().AddJsonStream(json).Build().GetSection("BlueGreen");
        var root = new SettingNode(SettingKind.Section);

        // Its errors are those of the values above, which are nobody's.
        BlueGreenOptionsReader.Read(section, root);
        return root;
    }
}
