using System.Buffers;
using System.IO.Pipelines;

namespace JobService.Api.Http;

/// <summary>Reads a body line by line as it comes: as much as is there, never more than a line ahead of who reads.</summary>
/// <remarks>An upload may take as long as it likes, but not stand still for ever.</remarks>
internal sealed class LineReader(PipeReader body, TimeProvider time)
{
    /// <summary>Bytes of a line, at most.</summary>
    public const int MaxLineBytes = JsonBody.MaxBytes;

    /// <summary>So long may an upload stand still.</summary>
    public static readonly TimeSpan Idle = TimeSpan.FromMinutes(5);

    private ReadOnlySequence<byte> buffer = ReadOnlySequence<byte>.Empty;
    private long searched;
    private bool isRead;
    private bool isEnd;

    /// <summary>Number of the line that was last taken, from 1.</summary>
    public long Line { get; private set; }

    /// <summary>Bytes that have been read and not been taken.</summary>
    public long Buffered => buffer.Length;

    /// <summary>The next line that has anything on it, if it is here already; it is good until the next call.</summary>
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

        // Nobody waits for the end of a line that is too long already.
        if (buffer.Length > MaxLineBytes)
        {
            Line++;
            throw new LineTooLongException();
        }

        line = default;
        return false;
    }

    /// <summary>Waits for more.</summary>
    /// <returns>False at the end of the body.</returns>
    /// <exception cref="TimeoutException">Nothing came for as long as an upload may stand still.</exception>
    /// <exception cref="OperationCanceledException">Nobody wants more.</exception>
    /// <exception cref="IOException">The client has gone.</exception>
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
                throw new TimeoutException($"Nothing came for {Idle.TotalMinutes:0} minutes.", still);
            }
        }

        (buffer, isRead, isEnd) = (read.Buffer, true, read.IsCompleted);
        return true;
    }

    /// <summary>Gives the body back to the server, which reads to its end by itself.</summary>
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

        // The last line needs no line break.
        line = isEnd ? buffer : default;
        buffer = isEnd ? buffer.Slice(buffer.End) : buffer;
        searched = buffer.Length;
        return !line.IsEmpty;
    }

    /// <summary>Looks only at what is new: a long line that comes byte by byte is not searched from its beginning each time.</summary>
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
