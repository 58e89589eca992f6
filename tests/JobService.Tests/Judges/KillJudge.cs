using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json;

namespace JobService.Tests.Judges;

/// <summary>Asks the restarted service for every job, and says what does not hold.</summary>
/// <param name="client">The service.</param>
/// <param name="accepted">The number in the payload of each job whose 202 arrived.</param>
/// <param name="unanswered">Numbers that were sent and never answered: their jobs may exist or not.</param>
/// <param name="witnessed">How jobs had ended before a kill.</param>
/// <param name="hang">Ends the waiting for jobs that do not end.</param>
internal sealed class KillJudge(
    HttpClient client,
    IReadOnlyDictionary<string, int> accepted,
    ICollection<int> unanswered,
    IReadOnlyDictionary<string, string> witnessed,
    CancellationToken hang)
{
    public const string Queue = "crash";

    private const int PageSize = 500;
    private const int Readers = 8;

    public static bool IsFinished(JsonElement job) => job.GetProperty("state").GetString() is "succeeded" or "failed" or "cancelled";

    /// <summary>What must never change again.</summary>
    public static string EndOf(JsonElement job) =>
        $"{job.GetProperty("state")} at {job.GetProperty("finishedAt")} with {(job.TryGetProperty("result", out var result) ? result.GetRawText() : "no result")}";

    public async Task<IReadOnlyList<string>> FindWrongAsync()
    {
        var wrong = new ConcurrentBag<string>();
        var found = await ListAsync();
        var numbers = new ConcurrentDictionary<int, string>();
        foreach (var id in accepted.Keys.Where(id => !found.Contains(id)))
            wrong.Add($"{id} was accepted and is lost.");

        await Parallel.ForEachAsync(found, new ParallelOptions { MaxDegreeOfParallelism = Readers, CancellationToken = hang }, async (id, _) =>
        {
            var job = await FinishedAsync(id);
            if (job.GetProperty("state").GetString() != "succeeded")
            {
                wrong.Add($"{id} did not succeed: {job}");
                return;
            }

            var number = job.GetProperty("result").GetProperty("echo").GetProperty("number").GetInt32();
            if (accepted.TryGetValue(id, out var sent) ? number != sent : !unanswered.Contains(number))
                wrong.Add($"{id} has the result of another job: {number}.");
            if (!numbers.TryAdd(number, id))
                wrong.Add($"{id} and {numbers[number]} are the same submission.");
            if (job.GetProperty("attempts").EnumerateArray().Count(attempt => attempt.GetProperty("outcome").GetString() == "succeeded") != 1)
                wrong.Add($"{id} has not exactly one successful attempt: {job}");
            if (witnessed.TryGetValue(id, out var seen) && seen != EndOf(job))
                wrong.Add($"{id} had ended as {seen} and now has ended as {EndOf(job)}.");
        });

        var succeeded = (await client.GetFromJsonAsync<JsonElement>($"/v1/queues/{Queue}", hang)).GetProperty("counts").GetProperty("succeeded").GetInt32();
        if (succeeded != found.Count)
            wrong.Add($"{found.Count} jobs exist, and the queue counts {succeeded} ends.");
        return [.. wrong];
    }

    private async Task<HashSet<string>> ListAsync()
    {
        var ids = new HashSet<string>(StringComparer.Ordinal);
        string? cursor = "";
        while (cursor is not null)
        {
            var from = cursor.Length > 0 ? $"&cursor={Uri.EscapeDataString(cursor)}" : "";
            var page = await client.GetFromJsonAsync<JsonElement>($"/v1/jobs?queue={Queue}&limit={PageSize}{from}", hang);
            ids.UnionWith(page.GetProperty("items").EnumerateArray().Select(job => job.GetProperty("id").GetString()!));
            cursor = page.TryGetProperty("nextCursor", out var next) ? next.GetString() : null;
        }

        return ids;
    }

    private async Task<JsonElement> FinishedAsync(string id)
    {
        while (true)
        {
            var job = await client.GetFromJsonAsync<JsonElement>($"/v1/jobs/{id}?wait=20", hang);
            if (IsFinished(job))
                return job;
        }
    }
}
