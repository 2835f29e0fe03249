using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using BlueGreen.ReverseProxy.Mirroring.Comparing;

namespace BlueGreen.ReverseProxy.Tests.Mirroring;

public sealed class JsonComparisonTests
{
    private static readonly CompareSettings Defaults = new();

    [Theory]
    [InlineData("""{"a":1,"b":[1,2]}""", """{ "b": [1, 2.0], "a": 1.00 }""")]
    [InlineData("""{"a":"é"}""", """{"a":"\u00e9"}""")]
    [InlineData("""1e2""", """100""")]
    [InlineData("""[]""", """[ ]""")]
    [InlineData("""{"a":1,"a":2,"b":1}""", """{"a":1,"a":2,"b":1.0}""")]
    public void Documents_ThatMeanTheSame_DoNotDiffer(string left, string right) => Paths(left, right).Should().BeEmpty();

    [Theory]
    [InlineData("""{"a":1}""", """{"a":"1"}""", "$.a")]
    [InlineData("""{"a":1}""", """{"a":null}""", "$.a")]
    [InlineData("""{"a":1}""", """{}""", "$.a")]
    [InlineData("""{}""", """{"a":{"b":1}}""", "$.a")]
    [InlineData("""{"a":true}""", """{"a":false}""", "$.a")]
    [InlineData("""{"a":9.99}""", """{"a":9.9}""", "$.a")]
    [InlineData("""{"items":[{"id":1},{"id":2}]}""", """{"items":[{"id":2},{"id":1}]}""", "$.items[*].id")]
    [InlineData("""{"items":[1,2]}""", """{"items":[1,2,3]}""", "$.items.length")]
    [InlineData("""[]""", """{}""", "$")]
    public void Difference_IsFoundByItsPath(string left, string right, string path)
    {
        Paths(left, right).Should().Equal(path);
        Paths(right, left).Should().Equal(path);
    }

    [Fact]
    public void Ignored_IsNotLookedAtWithEverythingBelow()
    {
        var settings = new CompareSettings { Ignore = ["$.at", "$.items[*].etag"] };
        Paths("""{"at":{"x":1},"items":[{"etag":1,"id":1}],"atlas":1}""", """{"at":2,"items":[{"id":1}],"atlas":2}""", settings).Should().Equal("$.atlas");
    }

    [Fact]
    public void Set_IsComparedWithoutItsOrder()
    {
        var settings = new CompareSettings { Sets = ["$.tags", "$.items"] };
        Paths("""{"tags":["a","b"],"items":[{"x":1,"y":2},{"x":2}]}""", """{"tags":["b","a"],"items":[{"x":2.0},{"y":2,"x":1}]}""", settings).Should().BeEmpty();
        Paths("""{"tags":["a","b"]}""", """{"tags":["b","b"]}""", settings).Should().Equal("$.tags");
    }

    // So many that they are looked up otherwise.
    [Fact]
    public void Object_WithManyFieldsInAnotherOrder_IsComparedByTheirNames()
    {
        var fields = Enumerable.Range(0, 5_000).Select(number => $"\"f{number}\":{number}").ToList();
        var other = Enumerable.Reverse(fields).Select(field => field == "\"f17\":17" ? "\"f17\":18" : field).Where(field => field != "\"f18\":18").Append("\"more\":1");

        Paths($"{{{string.Join(',', fields)}}}", $"{{{string.Join(',', Enumerable.Reverse(fields))}}}").Should().BeEmpty();
        Paths($"{{{string.Join(',', fields)}}}", $"{{{string.Join(',', other)}}}").Should().BeEquivalentTo("$.f17", "$.f18", "$.more");
        Paths($"{{{string.Join(',', fields)},\"f1\":2}}", $"{{\"f1\":5,{string.Join(',', fields.Skip(2))},\"f0\":0,\"f1\":2}}").Should().BeEmpty("the last one counts");
    }

    // Any document equals itself, whatever the order of its fields; and of one changed leaf exactly its path is found.
    [Fact]
    public void Property_EqualDocumentsNeverDifferAndOneChangedLeafIsFoundByItsPath()
    {
        for (var seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            var document = new JsonObject { ["root"] = Node(random, 0) };
            Paths(document.ToJsonString(), Shuffled(document, random)!.ToJsonString()).Should().BeEmpty($"seed {seed}: {document.ToJsonString()}");

            var leaves = Leaves(document, "$").ToList();
            if (leaves.Count == 0)
            {
                continue;
            }

            var changed = document.DeepClone();
            var (at, path) = Leaves(changed, "$").ElementAt(random.Next(leaves.Count));
            at.ReplaceWith(JsonValue.Create("changed, and nothing that was there before"));
            Paths(document.ToJsonString(), changed.ToJsonString()).Should().Equal([path], $"seed {seed}");
        }
    }

    private static IEnumerable<string> Paths(string left, string right, CompareSettings? settings = null)
    {
        using var one = JsonDocument.Parse(left);
        using var other = JsonDocument.Parse(right);
        return [.. JsonComparison.Find(one.RootElement, other.RootElement, settings ?? Defaults).Select(difference => difference.Path)];
    }

    private static JsonNode Node(Random random, int depth) => random.Next(depth > 3 ? 4 : 6) switch
    {
        0 => JsonValue.Create(random.Next(100)),
        1 => JsonValue.Create(random.NextDouble()),
        2 => JsonValue.Create(random.Next(2) == 0),
        3 => JsonValue.Create($"text {random.Next(10).ToString(CultureInfo.InvariantCulture)} é\"\\"),
        4 => new JsonArray([.. Enumerable.Range(0, random.Next(4)).Select(_ => Node(random, depth + 1))]),
        _ => new JsonObject(Enumerable.Range(0, random.Next(4)).Select(index => KeyValuePair.Create($"f{index}", (JsonNode?)Node(random, depth + 1)))),
    };

    private static JsonNode? Shuffled(JsonNode? node, Random random) => node switch
    {
        JsonObject fields => new JsonObject(fields.OrderBy(_ => random.Next()).Select(field => KeyValuePair.Create(field.Key, Shuffled(field.Value, random)))),
        JsonArray items => new JsonArray([.. items.Select(item => Shuffled(item, random))]),
        _ => node?.DeepClone(),
    };

    private static IEnumerable<(JsonNode At, string Path)> Leaves(JsonNode? node, string path) => node switch
    {
        JsonObject fields => fields.SelectMany(field => Leaves(field.Value, $"{path}.{field.Key}")),
        JsonArray items => items.SelectMany(item => Leaves(item, $"{path}[*]")),
        JsonValue value => [(value, path)],
        _ => [],
    };
}
