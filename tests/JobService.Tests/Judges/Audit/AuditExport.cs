using System.Net.Http.Json;
using System.Text.Json;
using JobService.Auditor;

namespace JobService.Tests.Judges.Audit;

/// <summary>Reads over HTTP what the database holds, when all jobs are over or have had the time to be.</summary>
internal sealed class AuditExport(HttpClient client, HistoryFile history, IReadOnlyDictionary<int, string> batches)
{
    private const int Readers = 8;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(150);

    public static bool IsOver(JsonElement job) => job.GetProperty("state").GetString() is "succeeded" or "failed" or "cancelled";

    public static string? ResultOf(JsonElement job) => job.TryGetProperty("result", out var result) ? result.GetRawText() : null;

    public async Task WriteAsync(CancellationToken hang)
    {
        await CancelBacklogAsync(hang);
        var until = history.Now + Patience.TotalMilliseconds;
        var ids = new List<string>();
        foreach (var queue in AuditPlan.Queues)
            ids.AddRange(await ListAsync(queue, hang));
        await Parallel.ForEachAsync(ids, new ParallelOptions { MaxDegreeOfParallelism = Readers, CancellationToken = hang }, async (id, _) =>
        {
            var job = await GetAsync($"/v1/jobs/{id}", hang);
            while (!IsOver(job) && history.Now < until)
                job = await GetAsync($"/v1/jobs/{id}?wait=20", hang);
            history.Add(new JobAtEnd(
                id,
                int.Parse(job.GetProperty("tags").GetProperty("number").GetString()!),
                job.GetProperty("state").GetString()!,
                job.GetProperty("attempt").GetInt32(),
                job.GetProperty("failures").GetInt32(),
                Text(job, "finishedAt"),
                Text(job, "cancelReason"),
                ResultOf(job)));
        });

        foreach (var key in AuditPlan.ConcurrencyKeys)
        {
            var limit = await GetAsync($"/v1/limits/{AuditPlan.ConcurrencyLimit}?key={key}", hang);
            history.Add(new LimitAtEnd(AuditPlan.ConcurrencyLimit, limit.GetProperty("state").GetProperty("taken").GetInt32()));
        }

        foreach (var (request, id) in batches)
        {
            foreach (var order in new[] { "input", "completion" })
            {
                var items = (await GetAsync($"/v1/batches/{id}/results?order={order}&until=all", hang)).GetProperty("items").EnumerateArray();
                history.Add(new Results(request, order, [.. items.Select(item => item.GetProperty("result").GetProperty("number").GetInt32())]));
            }
        }
    }

    private async Task CancelBacklogAsync(CancellationToken hang)
    {
        foreach (var id in await ListAsync($"{AuditPlan.BackloggedQueue}&state=queued", hang))
        {
            history.Add(new Cancel(id));
            using var nothing = new ByteArrayContent([]);
            using var response = await client.PostAsync(new Uri($"/v1/jobs/{id}/cancel", UriKind.Relative), nothing, hang);
            history.Add(new CancelResponse(id, (int)response.StatusCode));
        }
    }

    private static string? Text(JsonElement job, string field) => job.TryGetProperty(field, out var value) ? value.GetString() : null;

    private Task<JsonElement> GetAsync(string path, CancellationToken hang) => client.GetFromJsonAsync<JsonElement>(path, hang);

    private async Task<List<string>> ListAsync(string queue, CancellationToken hang)
    {
        var ids = new List<string>();
        for (var cursor = ""; cursor is not null;)
        {
            var page = await GetAsync($"/v1/jobs?queue={queue}&limit=500{(cursor.Length > 0 ? $"&cursor={Uri.EscapeDataString(cursor)}" : "")}", hang);
            ids.AddRange(page.GetProperty("items").EnumerateArray().Select(job => job.GetProperty("id").GetString()!));
            cursor = Text(page, "nextCursor");
        }

        return ids;
    }
}
