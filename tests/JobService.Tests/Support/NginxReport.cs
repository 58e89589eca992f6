using System.Text.Json;

namespace JobService.Tests.Support;

/// <summary>What nginx saw.</summary>
/// <param name="Requests">All on the wire.</param>
/// <param name="Refused">Answered 429.</param>
/// <param name="Other">Answered neither 200 nor 429.</param>
/// <param name="Utilisation">Calls let through ÷ calls that the rate allowed between the first and the last of them, each key (the header <c>X-Key</c>) by itself.</param>
/// <param name="Keys">Different keys.</param>
/// <param name="Jobs">Different jobs let through.</param>
/// <param name="Duplicates">Calls let through beyond the first of a job.</param>
/// <param name="GapMilliseconds">Between two calls of a key let through: 1 %, 50 % and 99 %.</param>
internal sealed record NginxReport(
    int Requests, int Refused, int Other, double Utilisation, int Keys, int Jobs, int Duplicates, (long P1, long P50, long P99) GapMilliseconds)
{
    public static NginxReport Read(string accessLog, double ratePerSecond)
    {
        var entries = File.ReadLines(accessLog).Select(Entry.Parse).ToList();
        var passed = entries.Where(entry => entry.Status == 200).ToList();
        var keys = passed.GroupBy(entry => entry.Key, StringComparer.Ordinal).ToList();
        var gaps = keys.SelectMany(key => Gaps(key.Select(entry => entry.Milliseconds))).Order().ToList();
        var seconds = gaps.Sum() / 1000.0;
        var jobs = passed.Where(entry => entry.Job.Length > 0).Select(entry => entry.Job).ToList();
        var differentJobs = jobs.Distinct(StringComparer.Ordinal).Count();
        return new NginxReport(
            entries.Count,
            entries.Count(entry => entry.Status == 429),
            entries.Count(entry => entry.Status is not (200 or 429)),
            seconds > 0 ? gaps.Count / seconds / ratePerSecond : 0,
            keys.Count,
            differentJobs,
            jobs.Count - differentJobs,
            gaps.Count > 0 ? (At(gaps, 0.01), At(gaps, 0.5), At(gaps, 0.99)) : default);
    }

    private static List<long> Gaps(IEnumerable<long> moments) =>
        moments.Order().ToList() is var sorted ? [.. sorted.Zip(sorted.Skip(1), (one, next) => next - one)] : [];

    private static long At(List<long> sorted, double share) => sorted[Math.Min(sorted.Count - 1, (int)(sorted.Count * share))];

    private sealed record Entry(long Milliseconds, int Status, string Job, string Key)
    {
        public static Entry Parse(string line)
        {
            using var json = JsonDocument.Parse(line);
            var entry = json.RootElement;
            return new Entry(
                (long)Math.Round(entry.GetProperty("t").GetDouble() * 1000),
                entry.GetProperty("status").GetInt32(),
                entry.GetProperty("job").GetString()!,
                entry.GetProperty("key").GetString()!);
        }
    }
}
