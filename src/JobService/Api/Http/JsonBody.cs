using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Unicode;
using JobService.Api.Contracts;
using JobService.Intake;
using JobService.Jobs;

namespace JobService.Api.Http;

/// <summary>The parsed body, or why it is refused.</summary>
/// <param name="Value">The body; null when it is refused.</param>
/// <param name="Refusal">The problem; null when it is read.</param>
/// <param name="Fingerprint">SHA-256 of the raw bytes, if asked for.</param>
internal readonly record struct Parsed<T>(T? Value, IResult? Refusal, byte[]? Fingerprint = null)
    where T : class
{
    [MemberNotNullWhen(false, nameof(Value))]
    [MemberNotNullWhen(true, nameof(Refusal))]
    public bool IsRefused => Refusal is not null;
}

/// <summary>Reads a JSON body as a whole, strictly.</summary>
internal static class JsonBody
{
    public const int MaxBytes = 1024 * 1024;

    private static ReadOnlySpan<byte> Mark => "\uFEFF"u8;

    /// <summary>The raw body in one piece, and the value read from it.</summary>
    private const int CopiesOfBody = 3;

    /// <summary>For a body that is not kept in memory after it has been read: a definition, a selection. Its memory comes from the budget of submissions.</summary>
    public static async ValueTask<Parsed<T>> ReadAsync<T>(HttpContext http, IntakeMemory memory, TimeProvider time)
        where T : class
    {
        using var reserved = new BodyMemory(memory.Open(), memory.MaxWait, time, http.RequestAborted);
        return await ReadAsync<T>(http.Request, reserved);
    }

    /// <param name="request">The request.</param>
    /// <param name="memory">The memory for the body.</param>
    /// <param name="fingerprint">Whether to compute the fingerprint.</param>
    public static async ValueTask<Parsed<T>> ReadAsync<T>(HttpRequest request, BodyMemory memory, bool fingerprint = false)
        where T : class
    {
        var (bytes, refusal) = await GatherAsync(request, MaxBytes, memory);
        if (refusal is not null)
            return new Parsed<T>(null, refusal);
        var parsed = Parse<T>(bytes, fingerprint);
        request.BodyReader.AdvanceTo(bytes.End);
        return parsed;
    }

    /// <summary>The body in one piece.</summary>
    public static async ValueTask<(byte[]? Body, IResult? Refusal)> ReadWholeAsync(HttpRequest request, int maxBytes, BodyMemory memory)
    {
        var (bytes, refusal) = await GatherAsync(request, maxBytes, memory);
        if (refusal is not null)
            return (null, refusal);
        // A byte order mark is not part of the JSON, as in Read.
        var reader = new SequenceReader<byte>(bytes);
        reader.IsNext(Mark, advancePast: true);
        var whole = reader.UnreadSequence.ToArray();
        request.BodyReader.AdvanceTo(bytes.End);
        return (whole, null);
    }

    /// <summary>Waits until the whole body has arrived.</summary>
    private static async ValueTask<(ReadOnlySequence<byte> Bytes, IResult? Refusal)> GatherAsync(HttpRequest request, int maxBytes, BodyMemory memory)
    {
        if (request.ContentLength > maxBytes)
            return (default, Problems.TooLarge(maxBytes));

        var pipe = request.BodyReader;
        while (true)
        {
            var read = await pipe.ReadAsync(request.HttpContext.RequestAborted);
            var bytes = read.Buffer;
            IResult? refusal = null;
            if (bytes.Length > maxBytes)
                refusal = Problems.TooLarge(maxBytes);
            else if (!await memory.GrowToAsync(CopiesOfBody * bytes.Length))
                refusal = Problems.MemoryFull();
            else if (read.IsCompleted && bytes.IsEmpty)
                refusal = Problems.Body([new Violation("", "The body must be a JSON object, and it is empty.")]);
            else if (read.IsCompleted && MediaTypes.Fault(request, MediaTypes.Json) is { } fault)
                refusal = Problems.MediaType(fault);
            if (refusal is not null)
                pipe.AdvanceTo(bytes.End);
            if (refusal is not null || read.IsCompleted)
                return (bytes, refusal);
            pipe.AdvanceTo(bytes.Start, bytes.End);
        }
    }

    private static Parsed<T> Parse<T>(in ReadOnlySequence<byte> bytes, bool fingerprint)
        where T : class
    {
        var span = bytes.IsSingleSegment ? bytes.FirstSpan : bytes.ToArray();
        return Parse<T>(span) is var parsed && fingerprint && !parsed.IsRefused ? parsed with { Fingerprint = SHA256.HashData(span) } : parsed;
    }

    public static Parsed<T> Parse<T>(ReadOnlySpan<byte> utf8)
        where T : class =>
        Read<T>(utf8, out var faults) is { } value ? new Parsed<T>(value, null) : new Parsed<T>(null, Problems.Body(faults));

    /// <summary>One job of many, parsed and validated.</summary>
    /// <returns>The job as far as it can be read; <paramref name="faults"/> says what is wrong with it.</returns>
    public static SubmitJob? ReadJob(ReadOnlySpan<byte> utf8, out IReadOnlyList<Violation> faults)
    {
        if (utf8.Length > MaxBytes)
        {
            faults = [new Violation("", $"A job has at most {MaxBytes} bytes, the batch's defaults included. Put large data elsewhere and submit its address.")];
            return null;
        }

        var job = Read<SubmitJob>(utf8, out faults, isPart: true);
        if (job is not null)
            faults = [.. job.Check()];
        return job;
    }

    /// <summary>The part that does not depend on HTTP.</summary>
    /// <param name="utf8">The JSON.</param>
    /// <param name="faults">What is wrong with it.</param>
    /// <param name="isPart">It is one job of many, not the whole body.</param>
    /// <returns>Null when there are faults.</returns>
    public static T? Read<T>(ReadOnlySpan<byte> utf8, out IReadOnlyList<Violation> faults, bool isPart = false)
        where T : class
    {
        faults = [];
        // A byte order mark, as editors and shells on Windows write it, is not part of the JSON (RFC 8259, section 8.1).
        if (utf8.StartsWith(Mark))
            utf8 = utf8[Mark.Length..];
        if (!Utf8.IsValid(utf8))
        {
            faults = [new Violation("", "The body is not valid UTF-8.")];
            return null;
        }

        if (typeof(T) == typeof(SubmitJob) && PlainJob.Read(utf8) is { } plain)
            return (T)(object)plain;
        var type = ApiJson.Of<T>();
        try
        {
            if (JsonSerializer.Deserialize(utf8, type) is { } value)
                return value;
            faults = [new Violation("", $"{(isPart ? "Must" : "The body must")} be a JSON object, not null.")];
        }
        catch (Exception fault) when (fault is JsonException or NotSupportedException)
        {
            if (Kinds.AsWritten(utf8, type) is { } mended)
                return Read<T>(mended, out faults, isPart);
            faults = JsonFaults.Of(utf8.ToArray(), type, fault, isPart);
        }

        return null;
    }
}
