using System.CommandLine;
using System.CommandLine.Completions;
using BlueGreen.Cli.Client;
using BlueGreen.Cli.CommandLine;
using BlueGreen.Contracts;

namespace BlueGreen.Cli.Commands;

/// <summary>The service that a command is about; may be left out where the gateway has one only.</summary>
internal static class ServiceArgument
{
    private static readonly TimeSpan CompletionPatience = TimeSpan.FromSeconds(1);

    public static Argument<string?> One(TimeProvider time, string description = "The service. May be left out when the gateway has one only.")
    {
        var argument = new Argument<string?>("service") { HelpName = "service", Description = description, Arity = ArgumentArity.ZeroOrOne };
        argument.CompletionSources.Add(context => Complete(context, time));
        return argument;
    }

    public static Argument<string[]> Several(TimeProvider time)
    {
        var argument = new Argument<string[]>("service")
        {
            HelpName = "service",
            Description = "The services; several switch in one step, or none of them does. May be left out when the gateway has one only.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        argument.CompletionSources.Add(context => Complete(context, time));
        return argument;
    }

    /// <summary>The service that was named, or the only one that there is.</summary>
    /// <exception cref="CommandFailure">None was named and there are none or several.</exception>
    public static async Task<string> ResolveAsync(Session session, string? named, CancellationToken cancellationToken)
    {
        if (named is not null)
        {
            return named;
        }

        var services = await ListAsync(session.Client, cancellationToken);
        return services is [var only] ? only.Name : throw CommandFailure.Usage(services.Count == 0
            ? "The gateway has no services: configure BlueGreen:Services."
            : $"Which service? The gateway has {string.Join(", ", services.Select(service => service.Name))}.");
    }

    /// <summary>The name of a service as the gateway has it.</summary>
    /// <exception cref="CommandFailure">There is no such service.</exception>
    public static async Task<string> CheckAsync(Session session, string named, CancellationToken cancellationToken) =>
        (await session.Client.GetAsync(ApiPath.Service(named), cancellationToken)).Read(ContractsJson.Default.ServiceStatus).Name;

    public static async Task<IReadOnlyList<ServiceStatus>> ListAsync(GatewayClient client, CancellationToken cancellationToken) =>
        (await client.GetAsync(ApiPath.Services, cancellationToken)).Read(ContractsJson.Default.IReadOnlyListServiceStatus);

    /// <summary>Which services were probably meant by a command line that the gateway knows none by.</summary>
    public static async Task<string?> SuggestAsync(Session session, CommandFailure unknown, CancellationToken cancellationToken)
    {
        try
        {
            var known = (await ListAsync(session.Client, cancellationToken)).Select(service => service.Name).ToList();
            var typed = session.Values.FirstOrDefault(value => unknown.Message.Contains(value, StringComparison.Ordinal) && !known.Contains(value, StringComparer.OrdinalIgnoreCase));
            return typed is null ? null : Nearest.Question(typed, known);
        }
        catch (Exception exception) when (exception is CommandFailure or GatewayGoneException)
        {
            // The failure itself is what has to be told.
            return null;
        }
    }

    // Somebody has pressed Tab: whatever is in the way, there are just no suggestions.
    public static IEnumerable<CompletionItem> Complete(CompletionContext context, TimeProvider time)
    {
        // Help asks for completions too, to show them as placeholders; it is about the command, not about the gateway.
        if (context == CompletionContext.Empty)
        {
            return [];
        }

        try
        {
            using var session = new Session(context.ParseResult, time);
            using var limit = new CancellationTokenSource(CompletionPatience, time);
#pragma warning disable VSTHRD002 // System.CommandLine asks for completions synchronously.
            return [.. ListAsync(session.Client, limit.Token).GetAwaiter().GetResult().Select(service => new CompletionItem(service.Name))];
#pragma warning restore VSTHRD002
        }
        catch (Exception exception) when (exception is CommandFailure or OperationCanceledException)
        {
            return [];
        }
    }
}
