namespace BlueGreen.ReverseProxy.Mirroring.Comparing;

/// <summary>Something in which two answers differ.</summary>
/// <param name="Path">Where: <c>status</c>, <c>header:content-type</c>, <c>body</c>, or a place in a JSON document with all indexes as <c>[*]</c>.</param>
/// <param name="Left">What the first answer has there, for people; cut and redacted.</param>
/// <param name="Right">The same of the second one.</param>
internal sealed record Difference(string Path, string Left, string Right);
