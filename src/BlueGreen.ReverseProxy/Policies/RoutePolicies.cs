using System.Globalization;
using System.Net;
using System.Threading.RateLimiting;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Forwarding;
using BlueGreen.ReverseProxy.Forwarding.Errors;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace BlueGreen.ReverseProxy.Policies;

/// <summary>Gives ASP.NET Core the policies of <c>BlueGreen:Policies</c>, by the names that routes use.</summary>
internal sealed class RoutePolicies(BlueGreenSettings settings)
    : IConfigureOptions<RequestTimeoutOptions>, IConfigureOptions<RateLimiterOptions>, IConfigureOptions<CorsOptions>
{
    private const string Any = "*";
    private const string Default = "default";

    // What a request without the header is told apart by; no address has it.
    private const string NoHeader = "address ";

    public void Configure(RequestTimeoutOptions options)
    {
        foreach (var (name, timeout) in settings.Options.Policies.Timeouts)
        {
            options.AddPolicy(name, timeout);
        }
    }

    public void Configure(RateLimiterOptions options)
    {
        options.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
        options.OnRejected = static (context, _) =>
        {
            // A limit of what goes on at the same time can't say when there is room.
            var wait = context.Lease.TryGetMetadata(MetadataName.RetryAfter, out var after) ? after : TimeSpan.Zero;
            context.HttpContext.Response.Headers.RetryAfter = Math.Max(1, Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);

            // Asked for here: the policies are read to check a configuration that may have errors, and those who answer need one that has none.
            return new(context.HttpContext.RequestServices.GetRequiredService<ErrorAnswers>().WriteAsync(context.HttpContext, StatusCodes.Status429TooManyRequests));
        };
        foreach (var (name, limit) in settings.Options.Policies.RateLimits)
        {
            options.AddPolicy(name, context => Partition(limit, KeyOf(context, limit)));
        }
    }

    public void Configure(CorsOptions options)
    {
        foreach (var (name, policy) in settings.Options.Policies.Cors)
        {
            if (name.Equals(Default, StringComparison.OrdinalIgnoreCase))
            {
                options.AddDefaultPolicy(builder => Build(builder, policy));
            }
            else
            {
                options.AddPolicy(name, builder => Build(builder, policy));
            }
        }
    }

    private string KeyOf(HttpContext context, RateLimitOptions limit)
    {
        if (limit.IsShared)
        {
            return "";
        }

        if (limit.Header is { } header && context.Request.Headers[header] is { Count: > 0 } values)
        {
            return values.ToString();
        }

        var address = NetworkSet.OfClient(ClientAddress.Of(context, settings.Options.Forwarding.TrustedProxies) ?? IPAddress.None);
        return limit.Header is null ? address.ToString() : NoHeader + address;
    }

    private static RateLimitPartition<string> Partition(RateLimitOptions limit, string key) => limit.Kind switch
    {
        RateLimitKind.FixedWindow => RateLimitPartition.GetFixedWindowLimiter(key, _ => new()
        {
            PermitLimit = limit.Permits,
            Window = limit.Window,
            QueueLimit = limit.Queue,
        }),
        RateLimitKind.SlidingWindow => RateLimitPartition.GetSlidingWindowLimiter(key, _ => new()
        {
            PermitLimit = limit.Permits,
            Window = limit.Window,
            SegmentsPerWindow = limit.Segments,
            QueueLimit = limit.Queue,
        }),
        RateLimitKind.TokenBucket => RateLimitPartition.GetTokenBucketLimiter(key, _ => new()
        {
            TokenLimit = limit.Permits,
            TokensPerPeriod = limit.TokensPerWindow ?? limit.Permits,
            ReplenishmentPeriod = limit.Window,
            QueueLimit = limit.Queue,
        }),
        _ => RateLimitPartition.GetConcurrencyLimiter(key, _ => new() { PermitLimit = limit.Permits, QueueLimit = limit.Queue }),
    };

    private static void Build(CorsPolicyBuilder builder, CorsPolicyOptions policy)
    {
        builder.WithOrigins([.. policy.Origins]).SetIsOriginAllowedToAllowWildcardSubdomains();
        if (policy.Origins.Contains(Any))
        {
            builder.AllowAnyOrigin();
        }

        _ = policy.Methods.Contains(Any) ? builder.AllowAnyMethod() : builder.WithMethods([.. policy.Methods]);
        _ = policy.Headers.Contains(Any) ? builder.AllowAnyHeader() : builder.WithHeaders([.. policy.Headers]);
        builder.WithExposedHeaders([.. policy.ExposedHeaders]);
        if (policy.Credentials && !policy.Origins.Contains(Any))
        {
            builder.AllowCredentials();
        }

        if (policy.MaxAge is { } age)
        {
            builder.SetPreflightMaxAge(age);
        }
    }
}
