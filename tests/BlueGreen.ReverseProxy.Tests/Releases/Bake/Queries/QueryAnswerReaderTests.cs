using System.Text;
using BlueGreen.ReverseProxy.Releases.Bake.Queries;

namespace BlueGreen.ReverseProxy.Tests.Releases.Bake.Queries;

public sealed class QueryAnswerReaderTests
{
    [Theory]
    [InlineData("""{"resultType":"scalar","result":[1700000000.1,"0.031"]}""", 0.031)]
    [InlineData("""{"resultType":"vector","result":[{"metric":{},"value":[1,"-1.5e3"]}]}""", -1500)]
    [InlineData("""{"resultType":"vector","result":[{"metric":{"a":"b"},"value":[1,"0"]}]}""", 0)]
    public void Read_OneValue_IsTheValue(string data, double expected) => Read(data).Should().Be(QueryAnswer.Of(expected));

    [Theory]
    [InlineData("""{"resultType":"vector","result":[]}""", "the result is empty")]
    [InlineData("""{"resultType":"vector","result":[{"value":[1,"1"]},{"value":[1,"1"]},{"value":[1,"1"]}]}""", "the result has 3 samples; the query must give one value")]
    [InlineData("""{"resultType":"vector","result":[{"metric":{},"histogram":[1,{}]}]}""", "the result is not a number; the query must give one value")]
    [InlineData("""{"resultType":"vector","result":[null]}""", "the result is not a number; the query must give one value")]
    [InlineData("""{"resultType":"matrix","result":[{"metric":{},"values":[[1,"1"]]}]}""", "the result is of type matrix; the query must give one value")]
    [InlineData("""{"resultType":"string","result":[1,"1"]}""", "the result is of type string; the query must give one value")]
    [InlineData("""{"result":[1,"1"]}""", "the result is of type unknown; the query must give one value")]
    [InlineData("""{"resultType":"scalar","result":[1,"NaN"]}""", "the value is NaN")]
    [InlineData("""{"resultType":"scalar","result":[1,"+Inf"]}""", "the value is +Inf")]
    [InlineData("""{"resultType":"scalar","result":[1,"-Inf"]}""", "the value is -Inf")]
    [InlineData("""{"resultType":"scalar","result":[1,"Infinity"]}""", "the value is not a number")]
    [InlineData("""{"resultType":"scalar","result":[1,"1,5"]}""", "the value is not a number")]
    [InlineData("""{"resultType":"scalar","result":[1,1]}""", "the answer has no sample that can be read")]
    [InlineData("""{"resultType":"scalar","result":[1]}""", "the answer has no sample that can be read")]
    [InlineData("""{"resultType":"scalar","result":{}}""", "the answer has no result")]
    [InlineData("""{"resultType":"scalar"}""", "the answer has no result")]
    public void Read_AnythingElse_SaysWhyThereIsNoValue(string data, string reason) => Read(data).Should().Be(QueryAnswer.None(reason));

    [Theory]
    [InlineData(200, "", "the answer is not JSON")]
    [InlineData(200, "[]", "the answer is not that of a Prometheus-compatible API")]
    [InlineData(200, "null", "the answer is not that of a Prometheus-compatible API")]
    [InlineData(200, """{"status":"success","data":[]}""", "the answer is not that of a Prometheus-compatible API")]
    [InlineData(200, """{"status":"error","error":"a\nb"}""", "a b")]
    [InlineData(422, """{"status":"error","errorType":"execution","error":"too much"}""", "status code 422: execution: too much")]
    [InlineData(401, "Unauthorized", "status code 401")]
    [InlineData(503, """{"status":"success","data":{"resultType":"scalar","result":[1,"1"]}}""", "status code 503")]
    public void Read_Failure_SaysWhatTheServerSays(int status, string body, string reason) =>
        QueryAnswerReader.Read(status, Encoding.UTF8.GetBytes(body)).Should().Be(QueryAnswer.None(reason));

    // Whatever comes, it is an answer and no exception.
    [Fact]
    public void Read_MutatedAnswers_NeverThrow()
    {
        var body = Encoding.UTF8.GetBytes("""{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"1"]}]}}""");
        var random = new Random(1);
        for (var round = 0; round < 20_000; round++)
        {
            var mutated = (byte[])body.Clone();
            for (var change = 0; change < 3; change++)
            {
                mutated[random.Next(mutated.Length)] = (byte)random.Next(256);
            }

            var answer = QueryAnswerReader.Read(200, mutated.AsMemory(0, random.Next(mutated.Length) + 1));

            (answer.Value is null).Should().Be(answer.Reason is not null);
        }
    }

    private static QueryAnswer Read(string data) => QueryAnswerReader.Read(200, Encoding.UTF8.GetBytes($$"""{"status":"success","data":{{data}} }"""));
}
