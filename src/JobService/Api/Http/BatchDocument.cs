using System.Text.Json;
using System.Text.Unicode;
using JobService.Jobs;

namespace JobService.Api.Http;

/// <summary>A batch in one JSON document, split before any of it is deserialized: its jobs, and the document without them.</summary>
/// <param name="Envelope">The same document with an empty list of jobs; the whole document when its jobs are not a list.</param>
/// <param name="Jobs">The range of each job in the document, up to the number that a batch may have.</param>
/// <param name="Count">The number of jobs.</param>
internal sealed record BatchDocument(ReadOnlyMemory<byte> Envelope, IReadOnlyList<Range> Jobs, int Count)
{
    private static readonly JsonReaderOptions Strict = new() { MaxDepth = ApiJson.MaxDepth };

    /// <returns>Null when it is not valid JSON.</returns>
    public static BatchDocument? Read(ReadOnlyMemory<byte> utf8, int maxJobs, out Violation? fault)
    {
        fault = Utf8.IsValid(utf8.Span) ? null : new Violation("", "The body is not valid UTF-8.");
        if (fault is not null)
            return null;
        try
        {
            return Read(utf8, maxJobs);
        }
        catch (JsonException broken)
        {
            fault = JsonFaults.Broken(broken);
            return null;
        }
    }

    private static BatchDocument Read(ReadOnlyMemory<byte> utf8, int maxJobs)
    {
        var jobs = new List<Range>();
        var (count, start, end) = (0, 0, 0);
        var reader = new Utf8JsonReader(utf8.Span, Strict);
        while (reader.Read())
        {
            if (reader.CurrentDepth != 1 || reader.TokenType != JsonTokenType.PropertyName || end > 0 || !reader.ValueTextEquals("jobs"u8))
                continue;
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartArray)
                continue;
            start = (int)reader.BytesConsumed;
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                var from = (int)reader.TokenStartIndex;
                reader.Skip();
                if (count++ < maxJobs)
                    jobs.Add(from..(int)reader.BytesConsumed);
            }

            end = (int)reader.TokenStartIndex;
        }

        byte[] envelope = [.. utf8.Span[..start], .. utf8.Span[end..]];
        return new BatchDocument(envelope, jobs, count);
    }
}
