using System.ComponentModel;
using System.Reflection;
using BlueGreen.ReverseProxy.Configuration;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace BlueGreen.Gateway;

/// <summary>Reads the server's limits, <c>Kestrel:Limits</c>, by the names of their properties; what can't be used leaves its limit as it is.</summary>
/// <remarks>The framework's binder passes over unknown names, and over a rate that can't be used: a limit that is not there would go unseen.</remarks>
internal static class ServerLimits
{
    private const string Section = "Kestrel:Limits";

    // What the server looks at its rates by; MinDataRate wants more than that.
    private static readonly TimeSpan LeastGrace = TimeSpan.FromSeconds(1);

    /// <summary>Sets what the configuration names, and adds an error for everything that it can't set.</summary>
    public static void Read(IConfiguration configuration, KestrelServerLimits limits, List<ConfigurationError> errors)
    {
        ReadInto(configuration.GetSection(Section), limits, errors);

        // The server looks at these two itself, but only when it starts, and ends the process.
        MustFit(nameof(limits.MaxRequestLineSize), limits.MaxRequestLineSize);
        MustFit(nameof(limits.MaxRequestHeadersTotalSize), limits.MaxRequestHeadersTotalSize);

        void MustFit(string name, int size)
        {
            if (limits.MaxRequestBufferSize < size)
            {
                errors.Add(new($"{Section}:{name}", $"{size}", $"is not allowed: at most {nameof(limits.MaxRequestBufferSize)}, which is {limits.MaxRequestBufferSize}"));
            }
        }
    }

    private static void ReadInto(IConfigurationSection section, object limits, List<ConfigurationError> errors)
    {
        if (!string.IsNullOrEmpty(section.Value))
        {
            errors.Add(new(section.Path, section.Value, "is not allowed: a section is expected"));
        }

        var known = limits.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance);
        foreach (var child in section.GetChildren())
        {
            var property = Array.Find(known, one => string.Equals(one.Name, child.Key, StringComparison.OrdinalIgnoreCase));
            if (property is null)
            {
                errors.Add(new(child.Path, null, Suggestion.ForUnknownKey(child.Key, known.Select(one => one.Name))));
            }
            else if (property.PropertyType == typeof(MinDataRate))
            {
                ReadRate(child, property, limits, errors);
            }
            else if (!property.CanWrite)
            {
                ReadInto(child, property.GetValue(limits)!, errors);
            }
            else
            {
                ReadValue(child, property, limits, errors);
            }
        }
    }

    private static void ReadValue(IConfigurationSection value, PropertyInfo property, object limits, List<ConfigurationError> errors)
    {
        if (value.GetChildren().Any())
        {
            errors.Add(new(value.Path, null, "holds a section, but a single value is expected"));
            return;
        }

        var type = Nullable.GetUnderlyingType(property.PropertyType);
        if (string.IsNullOrEmpty(value.Value) && type is not null)
        {
            // null in JSON: no limit.
            property.SetValue(limits, null);
            return;
        }

        type ??= property.PropertyType;
        if (!TryParse(value.Value, type, out var parsed))
        {
            errors.Add(new(value.Path, value.Value, $"is not allowed: {KindOf(type)}"));
            return;
        }

        try
        {
            property.SetValue(limits, parsed);
        }
        catch (TargetInvocationException exception) when (exception.InnerException is ArgumentException argument)
        {
            errors.Add(new(value.Path, value.Value, $"is not allowed: {Plain(argument)}"));
        }
    }

    // 0 bytes a second switch a rate off.
    private static void ReadRate(IConfigurationSection section, PropertyInfo property, object limits, List<ConfigurationError> errors)
    {
        if (!string.IsNullOrEmpty(section.Value))
        {
            errors.Add(new(section.Path, section.Value, "is not allowed: a section with BytesPerSecond and GracePeriod is expected"));
            return;
        }

        var rate = (MinDataRate)property.GetValue(limits)!;
        object? bytes = rate.BytesPerSecond;
        object? grace = rate.GracePeriod;
        var found = errors.Count;
        foreach (var child in section.GetChildren())
        {
            if (Is(child, nameof(MinDataRate.BytesPerSecond)))
            {
                if (!TryParse(child.Value, typeof(double), out bytes) || bytes is not >= 0.0)
                {
                    errors.Add(new(child.Path, child.Value, "is not allowed: a number of bytes, 0 for no rate"));
                }
            }
            else if (Is(child, nameof(MinDataRate.GracePeriod)))
            {
                if (!TryParse(child.Value, typeof(TimeSpan), out grace) || (TimeSpan)grace! <= LeastGrace)
                {
                    errors.Add(new(child.Path, child.Value, $"is not allowed: {KindOf(typeof(TimeSpan))} of more than \"{LeastGrace:c}\""));
                }
            }
            else
            {
                errors.Add(new(child.Path, null, Suggestion.ForUnknownKey(child.Key, [nameof(MinDataRate.BytesPerSecond), nameof(MinDataRate.GracePeriod)])));
            }
        }

        if (errors.Count == found)
        {
            property.SetValue(limits, (double)bytes! == 0 ? null : new MinDataRate((double)bytes!, (TimeSpan)grace!));
        }
    }

    private static bool Is(IConfigurationSection section, string key) => string.Equals(section.Key, key, StringComparison.OrdinalIgnoreCase);

    // "10" is ten days to TimeSpan: only what has a colon is a duration here, as everywhere in the configuration.
    private static bool TryParse(string? text, Type type, out object? value)
    {
        value = null;
        if (string.IsNullOrEmpty(text) || (type == typeof(TimeSpan) && !text.Contains(':', StringComparison.Ordinal)))
        {
            return false;
        }

        try
        {
            value = TypeDescriptor.GetConverter(type).ConvertFromInvariantString(text);
            return true;
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or OverflowException)
        {
            return false;
        }
    }

    private static string KindOf(Type type) =>
        type == typeof(TimeSpan) ? "a duration (\"hh:mm:ss\", \"d.hh:mm:ss\")"
        : type == typeof(bool) ? "true or false"
        : type == typeof(int) ? $"a whole number up to {int.MaxValue}"
        : "a whole number";

    // Without the name of the parameter, which is none of the configuration.
    private static string Plain(ArgumentException exception) => exception.Message.Split(" (Parameter", 2)[0];
}
