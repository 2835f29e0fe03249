namespace BlueGreen.Cli.Client;

/// <summary>Paths of the admin API.</summary>
internal static class ApiPath
{
    public const string Services = "/v1/services";

    public static string Service(string name) => $"{Services}/{Uri.EscapeDataString(name)}";

    public static string Release(string id) => $"/v1/releases/{Uri.EscapeDataString(id)}";
}
