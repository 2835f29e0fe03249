using System.Text.Json.Nodes;
using BlueGreen.Cli.Tests.Infrastructure;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Cli.Tests;

/// <summary>deploy/terraform, as far as it can be had without an account and without a registry.</summary>
public sealed class TerraformTests : IDisposable
{
    private static readonly string Module = Repository.PathOf("deploy", "terraform", "modules", "settings", "main.tf");
    private readonly TemporaryFolder _folder = new();

    [ToolsFact("terraform", "bash")]
    public async Task Settings_Applied_GiveAConfigurationThatTheGatewayTakes()
    {
        File.Copy(Module, _folder.File("main.tf"));
        await File.WriteAllTextAsync(_folder.File("terraform.tfvars.json"), $$"""
            { "service": "orders", "addresses": { "blue": "http://blue.internal", "green": "http://green.internal" },
              "admin_tokens": [ { "Name": "ci", "Sha256": "{{new string('a', 64)}}", "Role": "operator" } ] }
            """);

        (await TerraformAsync("init -input=false >/dev/null && terraform validate && terraform apply -auto-approve -input=false && terraform output -raw gateway_json > gateway.json")).ShouldEndWith(0);

        (await BlueGreenProcess.RunAsync(["config", "check", _folder.File("gateway.json"), "--offline", "--strict"])).ShouldEndWith(0);
        var service = JsonNode.Parse(await File.ReadAllTextAsync(_folder.File("gateway.json")))!["BlueGreen"]!["Services"]!["orders"]!;
        service["Health"]!.ToJsonString().Should().Be(
            """{"ExpectStatus":"200","HealthyThreshold":3,"Interval":"00:00:10","Path":"/health","Timeout":"00:00:05","UnhealthyThreshold":2}""");
        service["Drain"]!["Timeout"]!.GetValue<string>().Should().Be("00:05:00");
        service["Bake"]!["Duration"]!.GetValue<string>().Should().Be("00:15:00");
    }

    [ToolsFact("terraform", "bash")]
    public async Task EveryFile_IsFormattedAndCanBeParsed()
    {
        (await Scripts.RunAsync($"terraform fmt -check -recursive '{Repository.PathOf("deploy", "terraform")}'", _folder.Path, "/bin")).ShouldEndWith(0).Out.Should().BeEmpty();
    }

    [ToolsFact("terraform", "bash")]
    public async Task StartScript_WithItsValues_IsWhatBashCanParse()
    {
        File.Copy(Repository.PathOf("deploy", "terraform", "gateway.sh.tftpl"), _folder.File("gateway.sh.tftpl"));
        await File.WriteAllTextAsync(_folder.File("main.tf"), """
            output "script" {
              value = templatefile("${path.module}/gateway.sh.tftpl", { image = "registry.example.com/bluegreen-gateway:1.0.0", gateway_json = base64encode("{}") })
            }
            """);

        (await TerraformAsync("init -input=false >/dev/null && terraform apply -auto-approve -input=false >/dev/null && terraform output -raw script > gateway.sh && bash -n gateway.sh")).ShouldEndWith(0);

        (await File.ReadAllTextAsync(_folder.File("gateway.sh"))).Should().Contain("'registry.example.com/bluegreen-gateway:1.0.0' --config").And.Contain("echo 'e30=' |").And.NotContain("${");
    }

    // The target groups take every one of the settings; what is left out has a default of the provider's own.
    [Theory]
    [InlineData("modules/stack/main.tf", "var.health")]
    [InlineData("main.tf", "module.settings.health")]
    public void HealthCheck_OfEveryTargetGroup_HasTheSameSettings(string file, string source)
    {
        var text = File.ReadAllText(Repository.PathOf(["deploy", "terraform", .. file.Split('/')]));

        foreach (var setting in new[] { "healthy_threshold", "unhealthy_threshold", "timeout", "interval", "matcher" })
        {
            text.Should().MatchRegex($@"(?m)^    {setting} += {source.Replace(".", "\\.", StringComparison.Ordinal)}\.{setting}$");
        }
    }

    public void Dispose() => _folder.Dispose();

    private Task<CliResult> TerraformAsync(string arguments) => Scripts.RunAsync("terraform " + arguments, _folder.Path, "/bin", ("CHECKPOINT_DISABLE", "1"));
}
