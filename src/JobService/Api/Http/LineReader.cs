using System.Buffers;
using System.IO.Pipelines;

namespace JobService.Api.Http;

/// <summary>Reads a body line by line as it arrives, never more than one line ahead of the consumer.</summary>
/// <remarks>An upload may take as long as it needs, but must not be idle for ever.</remarks>
internal sealed class LineReader(PipeReader body, TimeProvider time)
{
    /// <summary>Maximum bytes of a line.</summary>
    public const int MaxLineBytes = JsonBody.MaxBytes;

    /// <summary>How long an upload may be idle.</summary>
    public static readonly TimeSpan Idle = TimeSpan.FromMinutes(5);

    private ReadOnlySequence<byte> buffer = ReadOnlySequence<byte>.Empty;
    private long searched;
    private bool isRead;
    private bool isEnd;

    /// <summary>Number of the last line taken, from 1.</summary>
    public long Line { get; private set; }

    /// <summary>Bytes that have been read and not been taken.</summary>
    public long Buffered => buffer.Length;

    /// <summary>The next line that is not blank, if it has arrived; valid until the next call.</summary>
    /// <exception cref="LineTooLongException">It is longer than <see cref="MaxLineBytes"/>.</exception>
    public bool TryTake(out ReadOnlyMemory<byte> line)
    {
        while (TryCut(out var raw))
        {
            Line++;
            if (raw.Length > MaxLineBytes)
                throw new LineTooLongException();
            line = (raw.IsSingleSegment ? raw.First : raw.ToArray()).Trim(" \t\r"u8);
            if (!line.IsEmpty)
                return true;
        }

        // There is no need to wait for the end of a line that is already too long.
        if (buffer.Length > MaxLineBytes)
        {
            Line++;
            throw new LineTooLongException();
        }

        line = default;
        return false;
    }

    /// <summary>Waits for more bytes.</summary>
    /// <returns>False at the end of the body.</returns>
    /// <exception cref="TimeoutException">No byte arrived for as long as an upload may be idle.</exception>
    /// <exception cref="OperationCanceledException">The reader was cancelled.</exception>
    /// <exception cref="IOException">The client disconnected.</exception>
    public async ValueTask<bool> ReadAsync(CancellationToken stop)
    {
        if (isEnd)
            return false;
        Release();
        if (!body.TryRead(out var read))
        {
            using var idle = new CancellationTokenSource(Idle, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(idle.Token, stop);
            try
            {
                read = await body.ReadAsync(either.Token);
            }
            catch (OperationCanceledException still) when (!stop.IsCancellationRequested)
            {
                throw new TimeoutException($"No data arrived for {Idle.TotalMinutes:0} minutes.", still);
            }
        }

        (buffer, isRead, isEnd) = (read.Buffer, true, read.IsCompleted);
        return true;
    }

    /// <summary>Returns the body to the server, which reads the rest of it.</summary>
    public void Release()
    {
        if (isRead)
            body.AdvanceTo(buffer.Start, buffer.End);
        isRead = false;
    }

    private bool TryCut(out ReadOnlySequence<byte> line)
    {
        if (FindBreak() is { } end)
        {
            line = buffer.Slice(0, end);
            buffer = buffer.Slice(buffer.GetPosition(1, end));
            searched = 0;
            return true;
        }

        // The last line may lack a line break.
        line = isEnd ? buffer : default;
        buffer = isEnd ? buffer.Slice(buffer.End) : buffer;
        searched = buffer.Length;
        return !line.IsEmpty;
    }

    /// <summary>Searches only the new bytes, so that a long line that arrives byte by byte is not searched from its start each time.</summary>
    private SequencePosition? FindBreak() => buffer.Slice(searched).PositionOf((byte)'\n');
}

internal sealed class LineTooLongException : Exception
{
    public LineTooLongException()
        : base($"The line has more than {LineReader.MaxLineBytes} bytes.")
    {
    }

    public LineTooLongException(string message)
        : base(message)
    {
    }

    public LineTooLongException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
