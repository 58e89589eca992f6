using System.Text.Json;

namespace JobService.Api.Contracts;

/// <summary>Reads a typical job in one pass: a payload and a few short fields. Anything else, and anything invalid, is left to the serializer, which also reports what is wrong.</summary>
/// <remarks>What it reads equals what the serializer would have read. The serializer scans a payload three times and keeps a document of it.</remarks>
internal ref struct PlainJob
{
    /// <summary>Names in all open objects together; each is compared with the earlier names of its object.</summary>
    private const int MostNames = 64;

    private readonly ReadOnlySpan<byte> utf8;
    private readonly Span<(int Start, int Length)> names;
    private Utf8JsonReader reader;
    private int named;

    private PlainJob(ReadOnlySpan<byte> utf8, Span<(int Start, int Length)> names)
    {
        this.utf8 = utf8;
        this.names = names;
        reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = ApiJson.MaxDepth });
    }

    /// <param name="utf8">Valid UTF-8.</param>
    /// <returns>Null when the serializer has to read it.</returns>
    public static SubmitJob? Read(ReadOnlySpan<byte> utf8)
    {
        try
        {
            return new PlainJob(utf8, stackalloc (int, int)[MostNames]).Read();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private SubmitJob? Read()
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            return null;

        string? queue = null, key = null;
        int priority = 0, weight = 1;
        byte[]? payload = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (!IsNew(first: 0))
                return null;
            var name = reader.ValueSpan;
            reader.Read();
            var isPlain = true;
            if (name.SequenceEqual("payload"u8))
                isPlain = (payload = Payload()) is not null;
            else if (name.SequenceEqual("queue"u8))
                isPlain = (queue = Text()) is not null;
            else if (name.SequenceEqual("key"u8))
                isPlain = (key = Text()) is not null;
            else if (name.SequenceEqual("priority"u8))
                isPlain = reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out priority);
            else if (name.SequenceEqual("weight"u8))
                isPlain = reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out weight);
            else
                isPlain = false;
            if (!isPlain)
                return null;
        }

        // The reader throws when anything follows the object.
        if (reader.Read())
            return null;
        var job = new SubmitJob { Key = key ?? "", Priority = priority, Weight = weight, PlainPayload = payload };
        if (queue is not null)
            job.Queue = queue;
        return job;
    }

    private readonly string? Text() => reader.TokenType == JsonTokenType.String && !reader.ValueIsEscaped ? reader.GetString() : null;

    /// <returns>Null when an object in it has a duplicate name, or one with an escape, which cannot be compared as it is.</returns>
    private byte[]? Payload()
    {
        var start = (int)reader.TokenStartIndex;
        return IsFit() ? utf8[start..(int)reader.BytesConsumed].ToArray() : null;
    }

    /// <summary>Moves the reader to the end of the value.</summary>
    private bool IsFit()
    {
        if (reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray))
            return true;
        var (first, end) = (named, reader.TokenType == JsonTokenType.StartObject ? JsonTokenType.EndObject : JsonTokenType.EndArray);
        while (reader.Read() && reader.TokenType != end)
        {
            if (reader.TokenType == JsonTokenType.PropertyName && !(IsNew(first) && reader.Read()))
                return false;
            if (!IsFit())
                return false;
        }

        named = first;
        return true;
    }

    /// <summary>Whether the name at the reader is the first of its kind in its object; it is remembered.</summary>
    /// <param name="first">Index of the object's first name.</param>
    private bool IsNew(int first)
    {
        if (reader.ValueIsEscaped || named == MostNames)
            return false;
        var name = reader.ValueSpan;
        foreach (var (start, length) in names[first..named])
        {
            if (name.SequenceEqual(utf8.Slice(start, length)))
                return false;
        }

        names[named++] = ((int)reader.TokenStartIndex + 1, name.Length);
        return true;
    }
}
