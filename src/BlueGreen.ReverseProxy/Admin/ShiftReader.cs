using System.Collections.Immutable;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Slots.Splitting;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary>Reads how a cutover wants traffic to be shifted, or takes what the services are configured for.</summary>
internal static class ShiftReader
{
    private const string Field = "shift";

    /// <returns>The plan; null for all of the traffic at once.</returns>
    /// <param name="request">The order.</param>
    /// <param name="services">What it is about.</param>
    /// <param name="isHeld">Whether it is an exclusive switch.</param>
    public static ShiftState? Read(AdminRequest request, IReadOnlyCollection<Service> services, bool isHeld)
    {
        var body = request.Body.Object(Field);
        var atOnce = request.Body.Boolean("atOnce") ?? false;
        if (atOnce)
        {
            if (body is not null)
            {
                request.Body.Fail("atOnce", "is not allowed beside shift: one of the two");
            }

            return null;
        }

        // Nothing is moved step by step where both versions must never serve at once.
        if (isHeld)
        {
            return null;
        }

        var asked = body is null ? null : ReadAsked(body);
        var options = asked ?? Configured(request, services, isAsked: body is not null);
        var plan = options is null ? null : PlanOf(options, KeyOf(request, services));

        // A shift that begins with everything is none.
        return plan is { Steps: [{ Weight: >= TrafficSplit.Whole }, ..] } ? null : plan;
    }

    private static ShiftOptions? ReadAsked(BodyReader body)
    {
        var steps = body.Objects("steps");
        var evidence = body.Object("byEvidence");
        ShiftOptions? asked = null;
        if (steps is not null)
        {
            asked = new ShiftOptions { Steps = [.. steps.Select(ReadStep)] };
            if (ShiftRules.WhyNot([.. asked.Steps.Select(step => (step.Weight, step.Duration.TotalSeconds))]) is { } reason)
            {
                body.Fail("steps", reason);
            }
        }

        if (evidence is not null)
        {
            asked = new ShiftOptions
            {
                MaxBadResponses = evidence.WholeNumber("maxBadResponses", ShiftRules.LeastBudget, ShiftRules.MostBudget, "a whole number") ?? ShiftRules.DefaultBudget,
                MinDuration = TimeSpan.FromSeconds(evidence.Number("minSeconds", 0, ShiftRules.LongestSeconds) ?? 0),
            };
            evidence.RejectUnknown();
            if (steps is not null)
            {
                body.Fail("byEvidence", "is not allowed beside steps: one of the two");
            }
        }

        body.RejectUnknown();
        return asked;
    }

    private static ShiftStepOptions ReadStep(BodyReader step)
    {
        var weight = step.Number("weight", ShiftRules.LeastWeight, ShiftRules.MostWeight, "a percentage");
        var seconds = step.Number("forSeconds", 0, ShiftRules.LongestSeconds);
        if (!step.Has("weight"))
        {
            step.Fail("weight", "is missing");
        }

        step.RejectUnknown();
        return new ShiftStepOptions(weight ?? ShiftRules.LeastWeight, TimeSpan.FromSeconds(seconds ?? 0));
    }

    // All services of a release go in lock step, so there is one plan for all of them.
    private static ShiftOptions? Configured(AdminRequest request, IReadOnlyCollection<Service> services, bool isAsked)
    {
        var plans = services.Select(service => service.Options.Traffic.Shift).OfType<ShiftOptions>().DistinctBy(Describe).ToList();
        if (plans.Count > 1)
        {
            request.Body.Fail(Field, $"is missing: {string.Join(", ", services.Select(service => service.Name))} are configured with different shifts (Traffic:Shift), and a release has one; name its steps or byEvidence, or say \"atOnce\": true");
        }
        else if (plans.Count == 0 && isAsked)
        {
            request.Body.Fail(Field, "must have steps or byEvidence: no Traffic:Shift is configured to go by");
        }

        return plans.FirstOrDefault();
    }

    // A client is one client for all services of the release, so they tell clients apart in the same way.
    private static TrafficKey KeyOf(AdminRequest request, IReadOnlyCollection<Service> services)
    {
        var keys = services.Select(service => service.Options.Traffic.Key).Distinct().ToList();
        if (keys.Count > 1)
        {
            request.Body.Fail(Field, $"is not possible: {string.Join(", ", services.Select(service => service.Name))} tell clients apart in different ways (Traffic:Key)");
        }

        return keys.FirstOrDefault() ?? new TrafficKey(TrafficKeyKind.Client);
    }

    private static ShiftState PlanOf(ShiftOptions options, TrafficKey key) => new(
        [.. options.Steps.Select(step => new ShiftStage(ShiftRules.InHundredths(step.Weight), step.Duration.TotalSeconds))], key.Kind)
    {
        Header = key.Header,
        ByEvidence = options.MaxBadResponses is { } budget ? new ShiftBudget(budget, options.MinDuration.TotalSeconds) : null,
    };

    private static string Describe(ShiftOptions options) =>
        $"{string.Join(';', options.Steps.Select(step => $"{step.Weight}:{step.Duration}"))}|{options.MaxBadResponses}|{options.MinDuration}";
}
