using System.Net;
using System.Text.Json;

namespace JobService.Tests.Support;

/// <summary>A client of server-sent events, as a browser reads them.</summary>
internal sealed class EventReader : IDisposable
{
    private readonly HttpResponseMessage response;
    private readonly StreamReader lines;

    private EventReader(HttpResponseMessage response, Stream body)
    {
        this.response = response;
        lines = new StreamReader(body);
    }

    public HttpResponseMessage Answer => response;

    public static Task<EventReader> OpenAsync(ServiceFixture service, string path, string? lastEventId = null) => OpenAsync(service.Client, path, lastEventId);

    public static async Task<EventReader> OpenAsync(HttpClient client, string path, string? lastEventId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (lastEventId is not null)
            request.Headers.Add("Last-Event-ID", lastEventId);
        using var hang = new CancellationTokenSource(Patience.Hang);
        var begun = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, hang.Token);
        Assert.Equal((HttpStatusCode.OK, "text/event-stream"), (begun.StatusCode, begun.Content.Headers.ContentType?.MediaType));
        return new EventReader(begun, await begun.Content.ReadAsStreamAsync(hang.Token));
    }

    /// <summary>The next event; null at the end of the answer.</summary>
    public async Task<SentEvent?> NextAsync()
    {
        using var hang = new CancellationTokenSource(Patience.Hang);
        string? id = null, name = null, data = null;
        while (await lines.ReadLineAsync(hang.Token) is { } line)
        {
            if (line.Length == 0)
                return new SentEvent(id, name, JsonElement.Parse(data!));
            _ = line.Split(": ", 2) switch
            {
                ["id", var value] => id = value,
                ["event", var value] => name = value,
                ["data", var value] => data = value,
                _ => throw new InvalidDataException(line),
            };
        }

        return null;
    }

    public async Task<SentEvent[]> NextAsync(int count)
    {
        var events = new SentEvent[count];
        for (var i = 0; i < count; i++)
            events[i] = Assert.IsType<SentEvent>(await NextAsync());
        return events;
    }

    /// <summary>All that still comes, to the end of the answer.</summary>
    public async Task<List<SentEvent>> RestAsync()
    {
        var events = new List<SentEvent>();
        while (await NextAsync() is { } next)
            events.Add(next);
        return events;
    }

    public void Dispose()
    {
        lines.Dispose();
        response.Dispose();
    }
}

internal sealed record SentEvent(string? Id, string? Name, JsonElement Data)
{
    public string? this[string property] => Data.TryGetProperty(property, out var value) ? value.ToString() : null;
}
