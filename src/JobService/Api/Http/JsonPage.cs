using System.Buffers;
using System.Text.Json;
using JobService.Api.Contracts;

namespace JobService.Api.Http;

/// <summary>The items of a JSON page, written one after the other into chunks of memory that are released one by one as they are sent.</summary>
/// <param name="memory">The memory of the page; disposed with it.</param>
internal sealed class JsonPage(BodyMemory memory) : IBufferWriter<byte>, IDisposable
{
    /// <summary>A page that has reached this size is full, whatever its limit.</summary>
    public const int MaxBytes = 16 * 1024 * 1024;

    /// <summary>Below the large object heap, which only a full collection frees.</summary>
    private const int PieceBytes = 32 * 1024;

    private readonly Queue<ReadOnlyMemory<byte>> pieces = new();
    private byte[] piece = [];
    private int written;
    private Utf8JsonWriter? writer;

    /// <summary>Bytes so far.</summary>
    public long Bytes { get; private set; }

    /// <summary>Items so far.</summary>
    public int Count { get; private set; }

    /// <summary>Waits for memory for the items to be read next, in addition to what the page holds.</summary>
    /// <returns>False when none became free in time: the page ends here.</returns>
    /// <exception cref="OperationCanceledException">The client disconnected.</exception>
    public ValueTask<bool> ReserveAsync(long bytes) => memory.GrowToAsync(Bytes + bytes);

    /// <summary>The items read have been written, and only the page itself is held.</summary>
    public void Settle() => memory.ShrinkTo(Bytes);

    /// <param name="item">The next item.</param>
    /// <param name="pathBase">The base path under which the client reaches the service.</param>
    public void Add<T>(T item, string pathBase)
        where T : ILinked<T>
    {
        var type = ApiJson.Of<T>();
        if (Count++ > 0)
            this.Write(","u8);
        writer ??= new Utf8JsonWriter(this, new JsonWriterOptions { Encoder = type.Options.Encoder, SkipValidation = true });
        JsonSerializer.Serialize(writer, pathBase.Length > 0 ? item.Under(pathBase) : item, type);
        writer.Flush();
        writer.Reset();
    }

    /// <summary>Returns the page chunk by chunk: a chunk that was taken is no longer held.</summary>
    public async Task SendAsync(HttpResponse response, ReadOnlyMemory<byte> before, ReadOnlyMemory<byte> behind, CancellationToken hangUp)
    {
        EndPiece();
        response.BodyWriter.Write(before.Span);
        while (pieces.TryDequeue(out var next))
        {
            response.BodyWriter.Write(next.Span);
            await response.BodyWriter.FlushAsync(hangUp);
            Bytes -= next.Length;
            Settle();
        }

        response.BodyWriter.Write(behind.Span);
        await response.BodyWriter.FlushAsync(hangUp);
    }

    public void Dispose()
    {
        writer?.Dispose();
        memory.Dispose();
    }

    void IBufferWriter<byte>.Advance(int count)
    {
        written += count;
        Bytes += count;
    }

    Memory<byte> IBufferWriter<byte>.GetMemory(int sizeHint)
    {
        if (piece.Length - written < Math.Max(sizeHint, 1))
        {
            EndPiece();
            piece = new byte[Math.Max(sizeHint, PieceBytes)];
        }

        return piece.AsMemory(written);
    }

    Span<byte> IBufferWriter<byte>.GetSpan(int sizeHint) => ((IBufferWriter<byte>)this).GetMemory(sizeHint).Span;

    private void EndPiece()
    {
        if (written > 0)
            pieces.Enqueue(piece.AsMemory(0, written));
        (piece, written) = ([], 0);
    }
}
