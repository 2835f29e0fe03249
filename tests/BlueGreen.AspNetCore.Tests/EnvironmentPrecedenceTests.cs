namespace BlueGreen.AspNetCore.Tests;

// The only tests that set the process's environment variable: all in one class, so one after the other. The other
// classes set the environment in code or do not look at it.
public sealed class EnvironmentPrecedenceTests : IDisposable
{
    public void Dispose() => Environment.SetEnvironmentVariable("BLUEGREEN_ENVIRONMENT", value: null);

    [Theory]
    [InlineData("code", "variable", "configuration", "code")]
    [InlineData(null, " variable ", "configuration", "variable")]
    [InlineData(null, "", "configuration", "configuration")]
    [InlineData(null, null, "configuration", "configuration")]
    [InlineData(null, null, null, "staging")]
    public async Task Environment_SetInSeveralPlaces_IsTheFirstOfCodeVariableConfigurationHost(
        string? code, string? variable, string? configured, string expected)
    {
        Environment.SetEnvironmentVariable("BLUEGREEN_ENVIRONMENT", variable);
        await using var api = await ApiHost.StartPlainAsync(
            services => services.AddBlueGreenApi(options => options.Environment = code ?? options.Environment),
            configuration: configured is null ? [] : new() { ["BlueGreen:Api:Environment"] = configured },
            hostEnvironment: "Staging");

        var report = await api.ReportAsync();

        report.GetProperty("environment").GetString().Should().Be(expected);
    }
}
