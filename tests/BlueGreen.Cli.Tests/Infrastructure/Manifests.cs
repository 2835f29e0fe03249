using System.Text.Json.Nodes;
using YamlDotNet.Serialization;

namespace BlueGreen.Cli.Tests.Infrastructure;

/// <summary>Kubernetes objects, as a cluster would be given them.</summary>
internal sealed class Manifests
{
    private static readonly IDeserializer Yaml = new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build();
    private static readonly ISerializer Json = new SerializerBuilder().JsonCompatible().Build();
    private readonly IReadOnlyList<JsonNode> _objects;

    private Manifests(IReadOnlyList<JsonNode> objects) => _objects = objects;

    public IEnumerable<JsonNode> Services => Of("Service");

    /// <summary>The pods' templates of everything that makes pods.</summary>
    public IEnumerable<JsonNode> Pods => Of("StatefulSet").Concat(Of("Deployment")).Select(one => one["spec"]!["template"]!);

    /// <summary>The files in a ConfigMap.</summary>
    public IReadOnlyDictionary<string, string> Files(string configMap) =>
        Of("ConfigMap").Single(one => (string)one["metadata"]!["name"]! == configMap)["data"]!.AsObject().ToDictionary(file => file.Key, file => (string)file.Value!);

    public IEnumerable<JsonNode> Of(string kind) => _objects.Where(one => (string)one["kind"]! == kind);

    /// <summary>The pods that a Service, or a NetworkPolicy, is about.</summary>
    public IEnumerable<JsonNode> PodsWith(JsonNode labels) => Pods.Where(pod =>
        labels.AsObject().All(label => (string?)pod["metadata"]!["labels"]![label.Key] == (string?)label.Value));

    /// <summary>Several documents of YAML in one text.</summary>
    public static Manifests Parse(string text) => new(
        [.. text.ReplaceLineEndings("\n").Split("\n---\n", StringSplitOptions.RemoveEmptyEntries).Select(ParseOne)]);

    /// <summary>A folder without patches, for machines that have no kubectl: its resources, and the ConfigMaps that it makes of files.</summary>
    public static Manifests Read(string folder)
    {
        var kustomization = ParseOne(File.ReadAllText(Path.Combine(folder, "kustomization.yaml")));
        var resources = kustomization["resources"]!.AsArray().Select(name => File.ReadAllText(Path.Combine(folder, (string)name!)).Trim());
        var maps = (kustomization["configMapGenerator"]?.AsArray() ?? []).Select(map => new JsonObject
        {
            ["kind"] = "ConfigMap",
            ["metadata"] = new JsonObject { ["name"] = (string)map!["name"]! },
            ["data"] = new JsonObject(map["files"]!.AsArray().Select(file =>
                KeyValuePair.Create((string)file!, (JsonNode?)File.ReadAllText(Path.Combine(folder, (string)file!))))),
        });
        return new([.. resources.SelectMany(text => Parse(text)._objects), .. maps]);
    }

    /// <summary>One document of YAML.</summary>
    public static JsonNode ParseOne(string text) => JsonNode.Parse(Json.Serialize(Yaml.Deserialize(new StringReader(text))))!;
}
