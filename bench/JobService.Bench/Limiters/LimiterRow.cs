using System.Globalization;
using System.Text.Json;
using JobService.Tests.Support;

namespace JobService.Bench.Limiters;

/// <summary>One line of the table in docs/limiters.md.</summary>
/// <param name="Rig">The limiter.</param>
/// <param name="Refusal">Status and headers of a refused call.</param>
/// <param name="Limit">What was PUT.</param>
/// <param name="Limited">What the limiter saw with that limit.</param>
/// <param name="Unlimited">What it saw of a queue without any.</param>
internal sealed record LimiterRow(LimiterRig Rig, string Refusal, JsonElement Limit, LimiterReport Limited, LimiterReport? Unlimited)
{
    public const int Jobs = 200;

    public const string Head = "| limiter | what it does | refuses with | limit to PUT | refused | used | without a limit |\n|---|---|---|---|---|---|---|";

    private const double LeastUse = 0.97;

    public bool Reached => Limited is { Accepted: Jobs, Refused: 0, Duplicates: 0, Used: >= LeastUse };

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"| {Rig.Of} | {Rig.Counts} | {Refusal} | {LimitText} | {Limited.Refused} | {Limited.Used:0.00}{Missing(Limited)} | {WithoutText} |");

    private string LimitText =>
        string.Join(", ", Limit.EnumerateObject().Select(told => told.Name == "kind" ? $"`{told.Value}`" : $"{told.Name} {told.Value}").Concat(QueueText));

    private IEnumerable<string> QueueText =>
        Rig.Queue.ValueKind == JsonValueKind.Object ? Rig.Queue.EnumerateObject().Select(told => $"{told.Name} {told.Value}") : [];

    private string WithoutText =>
        Unlimited is { } report ? string.Create(CultureInfo.InvariantCulture, $"{report.Seconds:0} s, {report.Refused} refused{Missing(report)}") : "";

    private static string Missing(LimiterReport report) => report.Accepted < Jobs ? $" ({report.Accepted} of {Jobs} done)" : "";
}
