using System.Globalization;
using System.Text.Json;
using JobService.Tests.Support;

namespace JobService.Bench.Limiters;

/// <summary>A line of each of the two tables in docs/limiters.md.</summary>
/// <param name="Rig">The limiter.</param>
/// <param name="Refusal">Status and headers of a refused call.</param>
/// <param name="Limit">What was PUT.</param>
/// <param name="Allows">Calls a second that it lets through to a client that always wants more; what it was told to allow, unless it is known to pass less.</param>
/// <param name="Limited">What the limiter saw with that limit.</param>
/// <param name="Unlimited">What it saw of a queue without any.</param>
internal sealed record LimiterRow(LimiterRig Rig, string Refusal, JsonElement Limit, double Allows, LimiterReport Limited, LimiterReport? Unlimited)
{
    public const int Jobs = 200;

    private const string MeasuredHead = "| limiter | limit to PUT | refused | used | without a limit |\n|---|---|---|---|---|";
    private const string TellsHead = "| limiter | what it does | a refused call gets |\n|---|---|---|";
    private const double LeastUse = 0.97;

    public bool Reached => Limited is { Accepted: Jobs, Refused: 0, Duplicates: 0 } && Used >= LeastUse;

    /// <summary>What was measured, and what the limiters do and tell.</summary>
    public static string Tables(IReadOnlyCollection<LimiterRow> rows) =>
        string.Join('\n', [MeasuredHead, .. rows.Select(row => row.Measured), "", TellsHead, .. rows.Select(row => row.Tells)]);

    public string Measured =>
        string.Create(CultureInfo.InvariantCulture, $"| {Rig.Of} | {Rig.TextOf(Limit)} | {Limited.Refused} | {Used:0.00}{OfLess}{Missing(Limited)} | {WithoutText} |");

    public string Tells => $"| {Rig.Of} | {Rig.Counts} | {Refusal} |";

    private double Used => Limited.PerSecond / Allows;

    private string OfLess => Rig.PassesLess ? string.Create(CultureInfo.InvariantCulture, $" of {Allows:0.0} a second") : "";

    private string WithoutText =>
        Unlimited is { } report ? string.Create(CultureInfo.InvariantCulture, $"{report.Seconds:0} s, {report.Refused} refused{Missing(report)}") : "";

    private static string Missing(LimiterReport report) => report.Accepted < Jobs ? $" ({report.Accepted} of {Jobs} done)" : "";
}
