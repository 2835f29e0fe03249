using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>A file can't be used as an error page.</summary>
internal sealed class ErrorPageException(string reason, Exception? inner = null) : Exception(reason, inner);

/// <summary>The content of a file that the gateway answers errors with.</summary>
internal sealed class ErrorPageFile
{
    public const string Html = ".html";
    public const string Json = ".json";

    /// <summary>The largest file that is read, in bytes: it is kept in memory, and sent to everybody while a service is down.</summary>
    public const int MaxBytes = 256 * 1024;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly ErrorPageTemplate _template;
    private readonly byte[] _source;
    private readonly bool _isHtml;

    private ErrorPageFile(string path, byte[] source, string text)
    {
        _source = source;
        _template = new ErrorPageTemplate(text);
        _isHtml = HasExtension(path, Html);
    }

    public string ContentType => _isHtml ? "text/html; charset=utf-8" : "application/json";

    public static bool HasExtension(string path, string extension) => path.EndsWith(extension, StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads the file.</summary>
    /// <exception cref="ErrorPageException">It can't be used.</exception>
    public static ErrorPageFile Load(string path)
    {
        var source = Read(path);
        string text;
        try
        {
            text = Utf8.GetString(source).TrimStart('\uFEFF');
        }
        catch (DecoderFallbackException exception)
        {
            throw new ErrorPageException("is not UTF-8", exception);
        }

        if (string.IsNullOrWhiteSpace(text))
        {
            throw new ErrorPageException("is empty");
        }

        var file = new ErrorPageFile(path, source, text);
        if (!file._isHtml)
        {
            file.CheckJson();
        }

        return file;
    }

    public bool IsSameAs(ErrorPageFile other) => _source.AsSpan().SequenceEqual(other._source);

    /// <summary>The content with its places filled in, encoded for where they stand.</summary>
    public byte[] Render(int status, string title, string detail, string traceId) => _template.Fill(place => place switch
    {
        "status" => status.ToString(CultureInfo.InvariantCulture),
        "title" => Encode(title),
        "detail" => Encode(detail),
        _ => Encode(traceId),
    });

    // Within quotes that the file has around the place.
    private string Encode(string value) => _isHtml ? HtmlEncoder.Default.Encode(value) : JsonEncodedText.Encode(value).ToString();

    private void CheckJson()
    {
        try
        {
            using var document = JsonDocument.Parse(Render(503, "title", "detail", "trace"));
        }
        catch (JsonException exception)
        {
            throw new ErrorPageException($"is not JSON: {exception.Message}", exception);
        }
    }

    private static byte[] Read(string path)
    {
        try
        {
            return BoundedFile.Read(path, MaxBytes) ?? throw new ErrorPageException($"is larger than {MaxBytes} bytes");
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ErrorPageException("there is no such file", exception);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new ErrorPageException(Directory.Exists(path) ? "is a folder" : "may not be read by this user", exception);
        }
        catch (Exception exception) when (exception is IOException or ArgumentException or NotSupportedException)
        {
            throw new ErrorPageException($"can't be read: {exception.Message}", exception);
        }
    }
}
