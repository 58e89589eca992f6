using System.Globalization;

namespace JobService.Tests.Support;

/// <summary>What a limiter has written down of the calls of jobs.</summary>
/// <param name="Accepted">Answered 2xx.</param>
/// <param name="Refused">Answered otherwise.</param>
/// <param name="Duplicates">Calls let through beyond the first of a job.</param>
/// <param name="Seconds">From the first call to the last that was let through.</param>
/// <param name="PerSecond">Calls let through a second, counted from the tenth on: the first ten may come at once, and what they save says nothing about the pace.</param>
internal sealed record LimiterReport(int Accepted, int Refused, int Duplicates, double Seconds, double PerSecond)
{
    /// <param name="accessLog">A line "milliseconds status job" for each request; a job "-" is none of ours.</param>
    public static LimiterReport Read(string accessLog)
    {
        var calls = File.ReadLines(accessLog).Select(line => line.Split(' ')).Where(words => words is [_, _, not "-"])
            .Select(words => (Moment: double.Parse(words[0], CultureInfo.InvariantCulture), Passed: words[1].StartsWith('2'), Job: words[2])).ToList();
        var passed = calls.Where(call => call.Passed).OrderBy(call => call.Moment).ToList();
        var seconds = passed.Count > 0 ? (passed[^1].Moment - calls.Min(call => call.Moment)) / 1000 : 0;
        var paced = passed.Count > LimiterRig.PerSecond ? (passed[^1].Moment - passed[LimiterRig.PerSecond - 1].Moment) / 1000 : 0;
        return new LimiterReport(
            passed.Count,
            calls.Count - passed.Count,
            passed.Count - passed.DistinctBy(call => call.Job, StringComparer.Ordinal).Count(),
            seconds,
            paced > 0 ? (passed.Count - LimiterRig.PerSecond) / paced : 0);
    }
}
