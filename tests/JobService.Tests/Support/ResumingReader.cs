using System.Globalization;
using System.Net;
using System.Text.Json;
using JobService.Tests.Api.Batches;

namespace JobService.Tests.Support;

/// <summary>A client of a batch's results that goes on where it was cut: it believes only whole lines and whole events.</summary>
/// <param name="path">The results, with the order.</param>
/// <param name="form"><c>application/x-ndjson</c> or <c>text/event-stream</c>.</param>
internal sealed class ResumingReader(string path, string form, CancellationToken hang)
{
    private readonly bool isInInputOrder = path.Contains("order=input", StringComparison.Ordinal);
    private readonly bool hasEvents = form == "text/event-stream";
    private string? last;

    /// <summary>All results, in the order in which they came.</summary>
    public List<JsonElement> Results { get; } = [];

    /// <summary>The stream has come to its end.</summary>
    public bool HasSummary { get; private set; }

    /// <summary>Comes back, reads so many bytes and goes.</summary>
    /// <param name="server">Where to.</param>
    /// <param name="bytes">Head of the answer included.</param>
    /// <param name="reset">Goes with RST, else with FIN.</param>
    /// <param name="thenUntilCut">Done when the bytes have been read; after it the reader stays until the other side ends the connection.</param>
    public async Task ReadAsync(IPEndPoint server, int bytes, bool reset = false, Func<Task>? thenUntilCut = null)
    {
        var query = last is null || hasEvents ? "" : $"&after={last}";
        var header = last is null || !hasEvents ? "" : $"Last-Event-ID: {last}\r\n";
        using var client = await WireClient.GetAsync(server, path + query, form, hang, header);
        var body = await client.ReadBytesAsync(bytes);
        if (thenUntilCut is not null)
        {
            await thenUntilCut();
            body = await client.ReadBytesAsync(int.MaxValue);
        }

        foreach (var whole in body.Split(hasEvents ? "\n\n" : "\n")[..^1])
            Take(whole);
        if (reset)
            client.Reset();
    }

    /// <summary>Each of so many results was seen once, in the right order.</summary>
    public void AssertComplete(int jobs, string because)
    {
        Assert.True(HasSummary, because);
        var numbers = Results.Select(result => isInInputOrder ? result.Index() : result.Completion() - 1);
        Assert.True(numbers.SequenceEqual(Enumerable.Range(0, jobs).Select(number => (long)number)), because);
        Assert.True(Results.Select(result => result.Index()).Distinct().Count() == jobs, because);
    }

    private void Take(string whole)
    {
        var id = whole.Split('\n').FirstOrDefault(field => field.StartsWith("id: ", StringComparison.Ordinal))?[4..];
        var json = hasEvents ? whole.Split('\n').FirstOrDefault(field => field.StartsWith("data: ", StringComparison.Ordinal))?[6..] : whole;
        if (json is null || whole.StartsWith("event: heartbeat", StringComparison.Ordinal))
            return;
        var line = json.Json();
        HasSummary |= line.IsSummary();
        if (HasSummary)
            return;
        last = id ?? (isInInputOrder ? line.Index() : line.Completion()).ToString(CultureInfo.InvariantCulture);
        Results.Add(line);
    }
}
