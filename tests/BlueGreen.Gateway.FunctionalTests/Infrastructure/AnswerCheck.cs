using System.Text.Json;
using System.Text.RegularExpressions;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>Holds every answer of the admin API against the OpenAPI document: status, headers, body.</summary>
internal sealed class AnswerCheck(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private const string ProblemJson = "application/problem+json";

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        var path = request.RequestUri!.AbsolutePath;
        if (request.Method == HttpMethod.Head || path.StartsWith("/openapi/", StringComparison.Ordinal))
        {
            return response;
        }

        var errors = await CheckAsync(await AdminDocument.ServedAsync(), request.Method.Method, path, response, cancellationToken);
        return errors.Count == 0 ? response : throw new UndocumentedAnswerException(
            $"{request.Method} {request.RequestUri.PathAndQuery} is answered with what the OpenAPI document does not say:{Environment.NewLine}{string.Join(Environment.NewLine, errors)}");
    }

    /// <summary>What the document does not say of an answer; empty when it says it all.</summary>
    public static async Task<IReadOnlyList<string>> CheckAsync(
        JsonElement document, string method, string path, HttpResponseMessage response, CancellationToken cancellationToken = default)
    {
        var status = ((int)response.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (Find(document, method, path, status) is not { } answer)
        {
            return [$"status {status} is not documented: {await response.Content.ReadAsStringAsync(cancellationToken)}"];
        }

        List<string> errors = [.. CheckHeaders(answer, response)];
        var type = response.Content.Headers.ContentType?.MediaType ?? "";
        if (!answer.TryGetProperty("content", out var contents) || !contents.TryGetProperty(type, out var content))
        {
            return [.. errors, $"content type \"{type}\" is not documented for {status}"];
        }

        if (type is not ("application/json" or ProblemJson))
        {
            return errors;
        }

        await response.Content.LoadIntoBufferAsync(cancellationToken);
        using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync(cancellationToken));
        errors.AddRange(SchemaCheck.Errors(document, content.GetProperty("schema"), body.RootElement));
        if (type == ProblemJson && body.RootElement.TryGetProperty("code", out var code) && !content.GetProperty("examples").TryGetProperty(code.GetString()!, out _))
        {
            errors.Add($"code {code.GetString()} is not documented for {status}");
        }

        return errors;
    }

    private static JsonElement? Find(JsonElement document, string method, string path, string status)
    {
        var paths = document.GetProperty("paths").EnumerateObject()
            .Where(entry => Regex.IsMatch(path, $"^{Regex.Replace(entry.Name, @"\{\w+\}", "[^/]+")}/?$"))
            .Select(entry => entry.Value)
            .ToList();
        foreach (var known in paths)
        {
            if (known.TryGetProperty(method.ToLowerInvariant(), out var operation))
            {
                return operation.GetProperty("responses").TryGetProperty(status, out var answer) ? answer : null;
            }
        }

        // Not listed: the components say what comes then.
        var unlisted = (status, paths.Count) switch
        {
            ("400", _) => "BadRequest",
            ("404", 0) => "NotFound",
            ("405", > 0) => "MethodNotAllowed",
            _ => null,
        };
        return unlisted is null ? null : document.GetProperty("components").GetProperty("responses").GetProperty(unlisted);
    }

    private static IEnumerable<string> CheckHeaders(JsonElement answer, HttpResponseMessage response)
    {
        if (!answer.TryGetProperty("headers", out var headers))
        {
            headers = JsonDocument.Parse("{}").RootElement;
        }

        foreach (var header in headers.EnumerateObject())
        {
            var value = response.Headers.TryGetValues(header.Name, out var values) ? string.Join(",", values) : null;
            if (value is null && header.Value.TryGetProperty("required", out var required) && required.GetBoolean())
            {
                yield return $"header {header.Name} is missing";
            }

            if (value is not null && header.Value.GetProperty("schema").GetProperty("type").GetString() == "integer" && !long.TryParse(value, out _))
            {
                yield return $"header {header.Name} is no integer: {value}";
            }
        }

        foreach (var name in new[] { "ETag", "Location", "Retry-After", "Preference-Applied", "Link" })
        {
            if (response.Headers.Contains(name) && !headers.TryGetProperty(name, out _))
            {
                yield return $"header {name} is not documented";
            }
        }
    }
}

/// <summary>The API has answered with what its document does not say.</summary>
internal sealed class UndocumentedAnswerException(string message) : Exception(message);
