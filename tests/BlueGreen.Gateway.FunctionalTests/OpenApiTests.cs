using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>The OpenAPI document: complete, and what every answer of the other tests is held against.</summary>
public sealed class OpenApiTests
{
    private const string Service = "/v1/services/orders";

    [Fact]
    public async Task Document_OfAGatewayProcess_IsTheOneThatAnswersAreHeldAgainst()
    {
        await using var fleet = await Fleet.StartAsync(untilHealthy: false);

        var served = (await fleet.Admin.SendAsync(HttpMethod.Get, "/openapi/v1.json")).Json;

        JsonElement.DeepEquals(served, await AdminDocument.ServedAsync()).Should().BeTrue();
    }

    [Fact]
    public async Task Operations_AllOfThem_AreDescribedWithExamplesAndSecurity()
    {
        var document = await AdminDocument.ServedAsync();
        var tags = document.GetProperty("tags").EnumerateArray().Select(tag => tag.GetProperty("name").GetString()).ToList();
        document.GetProperty("components").GetProperty("securitySchemes").GetProperty("bearer").GetProperty("scheme").GetString().Should().Be("bearer");
        foreach (var (path, operation) in Operations(document))
        {
            var name = operation.GetProperty("operationId").GetString();
            operation.GetProperty("description").GetString().Should().NotBeNullOrEmpty(name);
            operation.GetProperty("tags").GetArrayLength().Should().Be(1, name);
            tags.Should().Contain(operation.GetProperty("tags")[0].GetString(), name);
            var isOpen = path.StartsWith("/healthz", StringComparison.Ordinal);
            operation.GetProperty("security").GetArrayLength().Should().Be(path == "/healthz" ? 2 : isOpen ? 0 : 1, name);
            var responses = operation.GetProperty("responses");
            foreach (var status in isOpen ? ["400", "414", "500"] : new[] { "400", "401", "403", "414", "429", "500" })
            {
                responses.TryGetProperty(status, out _).Should().BeTrue("{0} has {1}", name, status);
            }

            foreach (var parameter in operation.TryGetProperty("parameters", out var parameters) ? parameters.EnumerateArray() : [])
            {
                parameter.GetProperty("description").GetString().Should().NotBeNullOrEmpty(name);
                parameter.TryGetProperty("example", out _).Should().BeTrue(name);
            }

            if (operation.TryGetProperty("requestBody", out var body))
            {
                body.GetProperty("content").GetProperty("application/json").TryGetProperty("example", out _).Should().BeTrue(name);
                responses.EnumerateObject().Select(response => response.Name).Should().Contain(["400", "413", "415", "422", "503"], name);
            }
        }
    }

    [Fact]
    public async Task Examples_AllOfThem_AreWhatTheirSchemasSay()
    {
        var document = await AdminDocument.ServedAsync();
        var checkedExamples = 0;
        foreach (var (path, operation) in Operations(document))
        {
            var contents = operation.GetProperty("responses").EnumerateObject()
                .Where(response => response.Value.TryGetProperty("content", out _))
                .SelectMany(response => response.Value.GetProperty("content").EnumerateObject().Select(content => content.Value))
                .Concat(operation.TryGetProperty("requestBody", out var body) ? [body.GetProperty("content").GetProperty("application/json")] : []);
            foreach (var content in contents)
            {
                var examples = content.TryGetProperty("examples", out var several) ? several.EnumerateObject().Select(example => example.Value.GetProperty("value")) : [];
                foreach (var example in content.TryGetProperty("example", out var one) ? examples.Append(one) : examples)
                {
                    SchemaCheck.Errors(document, content.GetProperty("schema"), example).Should().BeEmpty(path);
                    checkedExamples++;
                }
            }
        }

        checkedExamples.Should().BeGreaterThan(100);
    }

    [Fact]
    public async Task Schemas_OfRecords_AreClosedAndNumbersAreNumbers()
    {
        var document = await AdminDocument.ServedAsync();
        foreach (var schema in document.GetProperty("components").GetProperty("schemas").EnumerateObject())
        {
            var text = schema.Value.GetRawText();
            text.Should().NotContain("pattern", "{0} has no numbers in quotes", schema.Name);
            schema.Value.TryGetProperty("type", out _).Should().BeTrue(schema.Name);
            if (schema.Value.TryGetProperty("properties", out _))
            {
                schema.Value.GetProperty("additionalProperties").GetBoolean().Should().BeFalse(schema.Name);
            }
        }
    }

    [Fact]
    public async Task ProblemCodes_AllOfThem_AreInTheDocument()
    {
        var constants = typeof(ProblemCodes).GetFields().Where(field => field.IsLiteral).Select(field => (string)field.GetRawConstantValue()!).ToList();
        ProblemCodes.All.Should().BeEquivalentTo(constants);
        var document = (await AdminDocument.ServedAsync()).GetProperty("paths").GetRawText() + (await AdminDocument.ServedAsync()).GetProperty("components").GetProperty("responses").GetRawText();

        constants.Should().OnlyContain(code => document.Contains($"\"/problems/{code}\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Page_OfTheDocs_NamesEveryCallAndEveryProblem()
    {
        var page = await File.ReadAllTextAsync(Path.Combine(Repository(), "docs", "admin-api.md"));
        var document = await AdminDocument.ServedAsync();

        document.GetProperty("paths").EnumerateObject().Select(path => path.Name).Where(path => !path.StartsWith("/healthz", StringComparison.Ordinal))
            .Select(path => Regex.Replace(path, "/(abort|finish)$", "/approve"))
            .Should().OnlyContain(path => page.Contains(path, StringComparison.Ordinal));
        ProblemCodes.All.Should().OnlyContain(code => page.Contains($"`{code}`", StringComparison.Ordinal));
        Operations(document).SelectMany(entry => entry.Operation.TryGetProperty("parameters", out var parameters) ? parameters.EnumerateArray() : [])
            .Select(parameter => parameter.GetProperty("name").GetString()!).Distinct()
            .Should().OnlyContain(name => page.Contains(name, StringComparison.Ordinal));
    }

    // The check itself: what is not documented has to be found.
    [Theory]
    [InlineData("nothing", null)]
    [InlineData("unknown member", "$.color is not documented")]
    [InlineData("unknown member inside", "$.slots.blue.color is not documented")]
    [InlineData("wrong type", "$.generation is String, not integer")]
    [InlineData("missing member", "$.active is missing")]
    [InlineData("unknown value", "$.active is red, which is none of")]
    [InlineData("null", "$.warnings is Null, not array")]
    [InlineData("undocumented status", "status 418 is not documented")]
    [InlineData("undocumented type", "content type \"text/html\" is not documented for 200")]
    [InlineData("missing header", "header ETag is missing")]
    [InlineData("undocumented header", "header Link is not documented")]
    [InlineData("undocumented code", "code gate-failed is not documented for 404")]
    public async Task Check_OfAnAnswerThatIsNotDocumented_SaysWhatIsWrong(string fault, string? error)
    {
        var document = await AdminDocument.ServedAsync();
        var content = document.GetProperty("paths").GetProperty("/v1/services/{service}").GetProperty("get").GetProperty("responses");
        var body = JsonNode.Parse(content.GetProperty("200").GetProperty("content").GetProperty("application/json").GetProperty("examples").GetProperty("service").GetProperty("value").GetRawText())!.AsObject();
        using var response = new HttpResponseMessage(HttpStatusCode.OK);
        response.Headers.TryAddWithoutValidation("ETag", "\"42\"");
        var type = "application/json";
        switch (fault)
        {
            case "unknown member":
                body["color"] = "red";
                break;
            case "unknown member inside":
                body["slots"]!["blue"]!["color"] = "red";
                break;
            case "wrong type":
                body["generation"] = "42";
                break;
            case "missing member":
                body.Remove("active");
                break;
            case "unknown value":
                body["active"] = "red";
                break;
            case "null":
                body["warnings"] = null;
                break;
            case "undocumented status":
                response.StatusCode = (HttpStatusCode)418;
                break;
            case "undocumented type":
                type = "text/html";
                break;
            case "missing header":
                response.Headers.Remove("ETag");
                break;
            case "undocumented header":
                response.Headers.TryAddWithoutValidation("Link", "</>");
                break;
            case "undocumented code":
                body = JsonNode.Parse("""{ "type": "/problems/gate-failed", "title": "t", "status": 404, "detail": "d", "code": "gate-failed" }""")!.AsObject();
                response.StatusCode = HttpStatusCode.NotFound;
                response.Headers.Remove("ETag");
                type = "application/problem+json";
                break;
        }

        response.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, type);

        var errors = await AnswerCheck.CheckAsync(document, "GET", Service, response);

        if (error is null)
        {
            errors.Should().BeEmpty();
        }
        else
        {
            errors.Should().ContainSingle().Which.Should().StartWith(error);
        }
    }

    private static IEnumerable<(string Path, JsonElement Operation)> Operations(JsonElement document) =>
        document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject().Select(operation => (path.Name, operation.Value)));

    private static string Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "BlueGreen.Gateway.sln")))
        {
            folder = folder.Parent;
        }

        return folder.FullName;
    }
}
