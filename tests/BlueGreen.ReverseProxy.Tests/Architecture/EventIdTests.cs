using System.Reflection;
using BlueGreen.ReverseProxy.Slots;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Tests.Architecture;

public sealed class EventIdTests
{
    private const BindingFlags Own = BindingFlags.DeclaredOnly | BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    // Operators filter and alert by it.
    [Fact]
    public void EventId_OfEveryLogMessage_IsItsOwn()
    {
        var messages = typeof(RoutingTable).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods(Own))
            .Select(method => (Method: $"{method.DeclaringType!.Name}.{method.Name}", Id: method.GetCustomAttribute<LoggerMessageAttribute>()?.EventId))
            .Where(message => message.Id is not null)
            .ToList();

        messages.Should().HaveCountGreaterThan(50);
        messages.GroupBy(message => message.Id).Where(same => same.Count() > 1).Select(same => string.Join(", ", same.Select(message => message.Method))).Should().BeEmpty();
    }
}
