namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>The mistakes that tests of the start, of <c>config check</c> and of the schema go through.</summary>
internal static class ConfigurationMistakes
{
    private const string Proxy = "\"ReverseProxy\": { \"Clusters\": { \"a\": { \"Destinations\": { \"a1\": { \"Address\": \"http://127.0.0.1:1\" } } }, \"b\": { \"Destinations\": { \"b1\": { \"Address\": \"http://127.0.0.1:2\" } } } } }";

    public static IReadOnlyDictionary<string, ConfigurationMistake> All { get; } = new Dictionary<string, ConfigurationMistake>(StringComparer.Ordinal)
    {
        // Arguments.
        ["an option with a typing mistake"] = Usage("--confg", ["--confg", "gateway.json"], "is not known", "did you mean --config?"),
        ["an option that is not there"] = Usage("--verbose", ["--verbose"], "is not known"),
        ["a section that is not there"] = Usage("--Foo:Bar", ["--Foo:Bar=1"], "is not known"),
        ["a section with a typing mistake"] = Usage("--BlueGren:Admin:Urls", ["--BlueGren:Admin:Urls=http://127.0.0.1:9090"], "did you mean --BlueGreen:Admin:Urls?"),
        ["a short option"] = Usage("-c", ["-c", "gateway.json"], "is not known"),
        ["no file"] = Usage("--config", ["--config"], "is missing its file"),
        ["no file but an option"] = Usage("--config", ["--config", "--urls=http://127.0.0.1:0"], "is missing its file"),
        ["no value"] = Usage("--urls", ["--urls"], "is missing its value"),
        ["a second word that is no file"] = new("{}", "nonsense", "is neither an option nor a file") { Arguments = ["nonsense"], ExitCode = 64 },
        ["a word in place of an option"] = Usage("help", ["help"], "is neither an option nor a file", "did you mean --help?"),

        // Files.
        ["a file that is not there"] = new(null, "--config", "\"nowhere.json\" is not a file that can be read") { Arguments = ["nowhere.json"] },
        ["a folder for a file"] = new(null, "--config", "is a folder") { Arguments = ["--config", "{folder}"] },
        ["an empty file"] = new("", "gateway.json", "is empty"),
        ["a byte order mark and nothing else"] = new("\uFEFF", "gateway.json", "is empty"),
        ["a missing colon"] = new("{\n  \"Urls\" \"http://127.0.0.1:0\"\n}", "gateway.json:2:10", "is not JSON", "Expected a ':'"),
        ["a missing comma"] = new("{\n  \"Urls\": \"http://127.0.0.1:0\"\n  \"AllowedHosts\": \"*\"\n}", "gateway.json:3:3", "Expected either ',', '}'"),
        ["a missing bracket"] = new("{\n  \"BlueGreen\": {\n", "gateway.json:3:1", "ends too early", "the { of line 2, column 16 is not closed"),
        ["a word without quotes after characters of several bytes"] = new("{ \"Custom\": \"äöü\", \"Urls\": yes }", "gateway.json:1:28", "is not JSON", "'y' is an invalid start of a value"),
        ["YAML"] = new("# our gateway\nReverseProxy:\n  Routes: {}\n", "gateway.json:1:1", "this looks like YAML; the gateway reads JSON"),
        ["YAML by its name"] = new("{ ReverseProxy: {} }", "gateway.yaml:1:1", "this looks like YAML; the gateway reads JSON") { File = "gateway.yaml" },
        ["a list for an object"] = new("[ {} ]", "gateway.json:1:1", "a configuration is one object"),
        ["a key twice"] = new("{\n  \"Urls\": \"http://127.0.0.1:1\",\n  \"urls\": \"http://127.0.0.1:2\"\n}", "gateway.json:3:3", "the key \"urls\" a second time", "line 2, column 3"),
        ["a section twice"] = new("{ \"BlueGreen\": { \"State\": {} },\n \"BlueGreen\": { \"Admin\": {} } }", "gateway.json:2:2", "a second time", "line 1, column 3"),

        // Keys.
        ["a top section with a typing mistake"] = Key("{ \"BlueGren\": { \"Services\": {} } }", "BlueGren", "is not a known section of gateway.json", "did you mean BlueGreen?", "Custom"),
        ["another one"] = Key("{ \"ReverseProxi\": {} }", "ReverseProxi", "did you mean ReverseProxy?"),
        ["Kestrel with a typing mistake"] = Key("{ \"Kestrl\": {} }", "Kestrl", "did you mean Kestrel?"),
        ["a top section of nobody's"] = Key("{ \"Monitoring\": {} }", "Monitoring", "is not a known section of gateway.json: BlueGreen, ReverseProxy"),
        ["Cluster"] = Key("{ \"ReverseProxy\": { \"Cluster\": {} } }", "ReverseProxy:Cluster", "did you mean Clusters?"),
        ["Paht"] = Key("{ " + Proxy[..^1] + ", \"Routes\": { \"r\": { \"ClusterId\": \"a\", \"Match\": { \"Path\": \"/\", \"Paht\": \"/x\" } } } } }", "ReverseProxy:Routes:r:Match:Paht", "did you mean Path?"),
        ["Adress"] = Key("{ \"ReverseProxy\": { \"Clusters\": { \"a\": { \"Destinations\": { \"a1\": { \"Adress\": \"http://127.0.0.1:1\" } } } } } }", "ReverseProxy:Clusters:a:Destinations:a1:Adress", "did you mean Address?") with { Lines = 2 },
        ["Activ"] = Key("{ \"ReverseProxy\": { \"Clusters\": { \"a\": { \"HealthCheck\": { \"Activ\": { \"Enabled\": true } } } } } }", "ReverseProxy:Clusters:a:HealthCheck:Activ", "did you mean Active?"),
        ["MaxConnectionPerServer"] = Key("{ \"ReverseProxy\": { \"Clusters\": { \"a\": { \"HttpClient\": { \"MaxConnectionPerServer\": 5 } } } } }", "ReverseProxy:Clusters:a:HttpClient:MaxConnectionPerServer", "did you mean MaxConnectionsPerServer?"),
        ["a route in the old form"] = Key("{ \"ReverseProxy\": { \"Routes\": [ { \"RouteId\": \"r\" } ] } }", "ReverseProxy:Routes:0:RouteId", "is not a known key"),
        ["a key of BlueGreen"] = Key("{ \"BlueGreen\": { \"Admin\": { \"Url\": \"http://127.0.0.1:9090\" } } }", "BlueGreen:Admin:Url", "did you mean Urls?", "Certificate, ClientCertificates"),
        ["a key of an endpoint"] = Key("{ \"Kestrel\": { \"Endpoints\": { \"x\": { \"Url\": \"http://127.0.0.1:0\", \"Protocol\": \"Http1\" } } } }", "Kestrel:Endpoints:x:Protocol", "did you mean Protocols?"),
        ["a key of the limits"] = new("{ \"Kestrel\": { \"Limits\": { \"MaxRequestBodySiz\": 1 } } }", "Kestrel:Limits:MaxRequestBodySiz", "did you mean MaxRequestBodySize?"),

        // Values.
        ["a word for a number"] = Key("{ \"ReverseProxy\": { \"Routes\": { \"r\": { \"Order\": \"first\" } } } }", "ReverseProxy:Routes:r:Order", "\"first\" is not allowed: a whole number"),
        ["a word for true"] = Key("{ \"ReverseProxy\": { \"Clusters\": { \"a\": { \"SessionAffinity\": { \"Enabled\": \"yes\" } } } } }", "ReverseProxy:Clusters:a:SessionAffinity:Enabled", "true or false"),
        ["a number for a duration"] = Key("{ \"ReverseProxy\": { \"Clusters\": { \"a\": { \"HttpRequest\": { \"ActivityTimeout\": \"100s\" } } } } }", "ReverseProxy:Clusters:a:HttpRequest:ActivityTimeout", "a duration"),
        ["a mode with a typing mistake"] = Key("{ \"ReverseProxy\": { \"Routes\": { \"r\": { \"Match\": { \"Headers\": [ { \"Name\": \"x\", \"Mode\": \"HeaderPrefx\" } ] } } } } }", "ReverseProxy:Routes:r:Match:Headers:0:Mode", "did you mean HeaderPrefix?"),
        ["a value for a list"] = Key("{ \"ReverseProxy\": { \"Routes\": { \"r\": { \"Match\": { \"Methods\": \"GET\" } } } } }", "ReverseProxy:Routes:r:Match:Methods", "a list is expected"),
        ["a value for a section"] = Key("{ \"ReverseProxy\": { \"Routes\": \"all\" } }", "ReverseProxy:Routes", "a section is expected"),
        ["a section for a value"] = Key("{ \"ReverseProxy\": { \"Routes\": { \"r\": { \"ClusterId\": { \"a\": 1 } } } } }", "ReverseProxy:Routes:r:ClusterId", "a single value is expected"),
        ["a duration without a colon"] = Key("{ \"BlueGreen\": { \"Shutdown\": { \"Timeout\": \"30\" } } }", "BlueGreen:Shutdown:Timeout", "\"30\" is not allowed: a duration"),
        ["a number out of its range"] = Key("{ \"BlueGreen\": { \"Forwarding\": { \"MaxHops\": 0 } } }", "BlueGreen:Forwarding:MaxHops", "a whole number from 1 to 100"),
        ["a slot that is not there"] = Key("{ " + Proxy + ", \"BlueGreen\": { \"Services\": { \"s\": { \"Blue\": \"a\", \"Green\": \"b\", \"InitialActive\": \"gren\" } } } }", "BlueGreen:Services:s:InitialActive", "blue or green"),
        ["an error page that is not there"] = new("{ \"BlueGreen\": { \"ErrorPages\": { \"503\": \"/nonexistent/503.html\" } } }", "BlueGreen:ErrorPages:503", "\"/nonexistent/503.html\" can't be used", "there is no such file"),
        ["an error page of a success"] = new("{ \"BlueGreen\": { \"ErrorPages\": { \"200\": \"x.html\" } } }", "BlueGreen:ErrorPages:200", "a status code from 400 to 599, 4xx, 5xx or maintenance"),
        ["an error page of another kind"] = new("{ \"BlueGreen\": { \"ErrorPages\": { \"5xx\": \"x.txt\" } } }", "BlueGreen:ErrorPages:5xx", "\"x.txt\" is not allowed", ".html or .json"),
        ["two error pages of one kind"] = new("{ \"BlueGreen\": { \"ErrorPages\": { \"5xx\": \"x.html;y.html\" } } }", "BlueGreen:ErrorPages:5xx", "one of each"),
        ["a cluster that is not there"] = new("{ " + Proxy + ", \"BlueGreen\": { \"Services\": { \"s\": { \"Blue\": \"a\", \"Green\": \"c\" } } } }", "BlueGreen:Services:s:Green", "\"c\" is not a cluster"),
        ["a protocol that is not there"] = Key("{ \"Kestrel\": { \"EndpointDefaults\": { \"Protocols\": \"Htp2\" } } }", "Kestrel:EndpointDefaults:Protocols", "did you mean Http2?"),

        // Logs.
        ["a log level of a category"] = new("{ \"Logging\": { \"LogLevel\": { \"Yarp\": \"Warn\" } } }", "Logging:LogLevel:Yarp", "\"Warn\" is not allowed", "did you mean Warning?"),
        ["a log level of a provider"] = new("{ \"Logging\": { \"Console\": { \"LogLevel\": { \"Default\": \"Loud\" } } } }", "Logging:Console:LogLevel:Default", "Trace, Debug, Information, Warning"),
        ["a log level of Serilog"] = new("{ \"Serilog\": { \"MinimumLevel\": { \"Default\": \"Critical\" } } }", "Serilog:MinimumLevel:Default", "Verbose, Debug, Information, Warning, Error, Fatal"),
        ["a log level of a sink"] = new("{ \"Serilog\": { \"WriteTo\": [ { \"Name\": \"Console\", \"Args\": { \"restrictedToMinimumLevel\": \"Eror\" } } ] } }", "Serilog:WriteTo:0:Args:restrictedToMinimumLevel", "did you mean Error?"),
        ["a sink that is not there"] = new("{ \"Serilog\": { \"WriteTo\": [ { \"Name\": \"Seq\" } ] } }", "Serilog", "has no Seq", "Console and File are shipped"),

        // Listeners.
        ["a URL that is none"] = new("{ \"Urls\": \"localhost\" }", "Urls", "http://ADDRESS:PORT"),
        ["a scheme of another server"] = new("{ \"Urls\": \"ftp://127.0.0.1:21\" }", "Urls", "http://ADDRESS:PORT"),
        ["a port out of its range"] = new("{ \"Urls\": \"http://127.0.0.1:99999\" }", "Urls", "a port is a number from 0 to 65535"),
        ["a URL with a path"] = new("{ \"Urls\": \"http://127.0.0.1:18080/orders\" }", "Urls", "an address has no path"),
        ["a free port of localhost"] = new("{ \"Urls\": \"http://localhost:0\" }", "Urls", "127.0.0.1:0, [::1]:0, or both"),
        ["a socket in no folder"] = new("{ \"Urls\": \"http://unix:/nonexistent/gateway.sock\" }", "Urls", "the folder of the socket does not exist"),
        ["an admin port out of its range"] = new("{ \"BlueGreen\": { \"Admin\": { \"Urls\": \"http://127.0.0.1:99999\" } } }", "BlueGreen:Admin:Urls", "http://ADDRESS:PORT"),
        ["the port of the admin API"] = new("{ \"Urls\": \"http://127.0.0.1:9090\" }", "BlueGreen:Admin:Urls", "Urls has http://127.0.0.1:9090, which is the same port"),
        ["the port of the admin API by a wildcard"] = new("{ \"Urls\": \"http://*:9090\" }", "BlueGreen:Admin:Urls", "Urls has http://*:9090"),
        ["the port of the admin API by a name"] = new("{ \"Urls\": \"http://localhost:9090\" }", "BlueGreen:Admin:Urls", "Urls has http://localhost:9090"),
        ["a port twice"] = new("{ \"Urls\": \"http://0.0.0.0:18080;http://127.0.0.1:18080\" }", "Urls", "Urls has http://0.0.0.0:18080"),
        ["a port of two endpoints"] = new("{ \"Kestrel\": { \"Endpoints\": { \"a\": { \"Url\": \"http://127.0.0.1:18080\" }, \"b\": { \"Url\": \"http://[::]:18080\" } } } }", "Kestrel:Endpoints:b:Url", "Kestrel:Endpoints:a:Url has http://127.0.0.1:18080"),
        ["an endpoint without a URL"] = new("{ \"Kestrel\": { \"Endpoints\": { \"a\": { \"Protocols\": \"Http1\" } } } }", "Kestrel:Endpoints:a:Url", "is missing: http://ADDRESS:PORT"),
        ["an endpoint with a bad URL"] = new("{ \"Kestrel\": { \"Endpoints\": { \"a\": { \"Url\": \"nonsense\" } } } }", "Kestrel:Endpoints:a:Url", "http://ADDRESS:PORT"),
        ["a certificate that is not there"] = new("{ \"Kestrel\": { \"Endpoints\": { \"a\": { \"Url\": \"https://127.0.0.1:0\", \"Certificate\": { \"Path\": \"/nonexistent/tls.pem\" } } } } }", "Kestrel:Endpoints:a:Certificate", "\"/nonexistent/tls.pem\" can't be used", "there is no such file"),
        ["a certificate of a name that is not there"] = new("{ \"Kestrel\": { \"Endpoints\": { \"a\": { \"Url\": \"https://127.0.0.1:0\", \"Sni\": { \"*\": { \"Certificate\": { \"Path\": \"/nonexistent/tls.pfx\" } } } } } } }", "Kestrel", "can't be used", "/nonexistent"),
        ["a certificate that is in no store"] = new("{ \"Kestrel\": { \"Endpoints\": { \"a\": { \"Url\": \"https://127.0.0.1:0\", \"Certificate\": { \"Subject\": \"gateway.example.com\", \"Store\": \"My\" } } } } }", "Kestrel", "can't be used", "gateway.example.com"),
        ["a limit that is none"] = new("{ \"Kestrel\": { \"Limits\": { \"MaxConcurrentConnections\": -1 } } }", "Kestrel:Limits:MaxConcurrentConnections", "\"-1\" is not allowed"),
    };

    private static ConfigurationMistake Usage(string place, string[] arguments, params string[] says) => new(null, place, says) { Arguments = arguments, ExitCode = 64 };

    private static ConfigurationMistake Key(string content, string place, params string[] says) => new(content, place, says) { IsRefusedBySchema = true };
}
