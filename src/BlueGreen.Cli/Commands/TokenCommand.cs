using System.Buffers.Text;
using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using BlueGreen.Cli.CommandLine;
using BlueGreen.Cli.Output;

namespace BlueGreen.Cli.Commands;

/// <summary><c>bluegreen token new</c>.</summary>
internal static class TokenCommand
{
    // A prefix that scanners for leaked secrets can look for.
    private const string Prefix = "bgt_";
    private const int TokenBytes = 32;
    private const string UsualRole = "operator";
    private static readonly string[] Roles = ["viewer", "operator", "admin"];

    public static Command Create(TimeProvider time) => new("token", "Tokens for the admin API.") { New(time) };

    private static Command New(TimeProvider time)
    {
        var name = new Option<string>("--name")
        {
            Description = "Who will use it: the actor's name in the history and the audit journal.",
            HelpName = "NAME",
            Required = true,
        };
        name.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && string.IsNullOrWhiteSpace(result.Tokens[0].Value))
            {
                result.AddError("--name must not be empty.");
            }
        });
        var role = new Option<string?>("--role")
        {
            Description = $"viewer: look. operator: deploy, cut over, roll back, approve, abort, finish. admin: everything. Default: {UsualRole}.",
            HelpName = "viewer|operator|admin",
        };
        role.AcceptOnlyFromAmong(Roles);
        var command = new Command("new", "Make a random token, and the line of configuration with its hash. Asks no gateway; the token is shown this once and kept nowhere.")
            .With(name, role);
        return command.Does(time, (session, _) => Task.FromResult(Make(session, session.Get(name)!, session.Get(role) ?? UsualRole)));
    }

    private static int Make(Session session, string name, string role)
    {
        var token = Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(TokenBytes));
        var entry = new JsonObject
        {
            ["Name"] = name,
            ["Sha256"] = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token))),
            ["Role"] = role,
        };
        if (session.IsJson)
        {
            session.Json(new JsonObject { ["token"] = token, ["configuration"] = entry });
            return ExitCodes.Done;
        }

        session.Line("The token, for whoever calls; it is not shown again:");
        session.Line("");
        session.Line($"  {token}");
        session.Line("");
        session.Line("For the gateway, in the list BlueGreen:Admin:Tokens (its file is read again by itself):");
        session.Line("");
        session.Line($"  {JsonText.OneLine(entry)}");
        session.Line("");
        session.Line($"Use it: export {GlobalOptions.TokenVariable}={token}");
        return ExitCodes.Done;
    }
}
