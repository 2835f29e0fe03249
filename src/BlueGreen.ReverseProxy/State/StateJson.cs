using System.Text.Json;
using System.Text.Json.Serialization;
using BlueGreen.Contracts;

namespace BlueGreen.ReverseProxy.State;

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    WriteIndented = false,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = false)]
[JsonSerializable(typeof(GatewayState))]
[JsonSerializable(typeof(StateHeader))]
[JsonSerializable(typeof(ReleaseState))]
[JsonSerializable(typeof(AuditRecord))]
internal sealed partial class StateJson : JsonSerializerContext;

/// <summary>The first line of the state file; the second is the state itself.</summary>
/// <param name="Format">The format's version.</param>
/// <param name="Revision">The state's revision.</param>
/// <param name="Length">The bytes of the second line, without its line feed.</param>
/// <param name="Sha256">Their SHA-256, hexadecimal.</param>
internal sealed record StateHeader(int Format, long Revision, long Length, string Sha256);
