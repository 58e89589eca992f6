using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace JobService.Tests.Support;

/// <summary>One request and its answer on a bare socket: sends when it likes, reads as slowly as it likes, and goes in whichever way it likes.</summary>
internal sealed class WireClient : IDisposable
{
    private readonly Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] buffer = new byte[16 * 1024];
    private readonly List<byte> come = [];
    private readonly List<byte> body = [];
    private readonly CancellationToken hang;
    private bool isChunked;
    private int leftOfChunk;
    private bool isWhole;

    private WireClient(CancellationToken hang) => this.hang = hang;

    /// <summary>Status line and header fields; empty before <see cref="ReadHeadAsync"/>.</summary>
    public string Head { get; private set; } = "";

    public int Status => int.Parse(Head.AsSpan(9, 3), CultureInfo.InvariantCulture);

    /// <param name="server">Where to.</param>
    /// <param name="request">The request line without the version, and header fields, each line ended by CRLF.</param>
    /// <param name="hang">Ends every wait.</param>
    public static async Task<WireClient> SendAsync(IPEndPoint server, string request, CancellationToken hang)
    {
        var client = new WireClient(hang);
        await client.socket.ConnectAsync(server, hang);
        var end = request.IndexOf("\r\n", StringComparison.Ordinal);
        await client.SendAsync($"{request[..end]} HTTP/1.1\r\nHost: localhost{request[end..]}\r\n");
        return client;
    }

    public static Task<WireClient> GetAsync(IPEndPoint server, string path, string accept, CancellationToken hang, string headers = "") =>
        SendAsync(server, $"GET {path}\r\nAccept: {accept}\r\n{headers}", hang);

    /// <summary>An upload in chunks: <see cref="SendChunkAsync"/>, and <see cref="EndAsync"/>.</summary>
    public static Task<WireClient> UploadAsync(IPEndPoint server, string path, CancellationToken hang, string type = "application/x-ndjson") =>
        SendAsync(server, $"POST {path}\r\nContent-Type: {type}\r\nTransfer-Encoding: chunked\r\n", hang);

    public async Task SendAsync(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text).AsMemory();
        while (!bytes.IsEmpty)
            bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None, hang)..];
    }

    public Task SendChunkAsync(string text) => SendAsync($"{Encoding.UTF8.GetByteCount(text):x}\r\n{text}\r\n");

    public Task EndAsync() => SendAsync("0\r\n\r\n");

    /// <summary>Sends as long as the other side takes it.</summary>
    /// <returns>How many times the text was sent as a whole.</returns>
    public int Fill(string text)
    {
        var chunk = Encoding.UTF8.GetBytes($"{Encoding.UTF8.GetByteCount(text):x}\r\n{text}\r\n");
        socket.SendTimeout = 500;
        for (var times = 0; ; times++)
        {
            try
            {
                socket.Send(chunk);
            }
            catch (SocketException full) when (full.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
            {
                return times;
            }
        }
    }

    /// <summary>Waits for the head of the answer.</summary>
    public async Task ReadHeadAsync()
    {
        int end;
        while ((end = IndexOf(come, "\r\n\r\n"u8)) < 0)
            Assert.True(await ReceiveAsync(buffer.Length) > 0, "The server closed the connection without an answer.");
        Head = Encoding.Latin1.GetString([.. come.Take(end)]);
        come.RemoveRange(0, end + 4);
        isChunked = Head.Contains("Transfer-Encoding: chunked", StringComparison.OrdinalIgnoreCase);
        if (!isChunked)
            Assert.Contains("Content-Length:", Head, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The next line of the body.</summary>
    /// <returns>Null at the end of the answer, and where it is cut: <see cref="IsWhole"/> tells which.</returns>
    public async Task<string?> ReadLineAsync()
    {
        int end;
        while ((end = body.IndexOf((byte)'\n')) < 0)
        {
            if (isWhole || !await MoreAsync())
                return null;
        }

        var line = Encoding.UTF8.GetString([.. body.Take(end)]);
        body.RemoveRange(0, end + 1);
        return line;
    }

    /// <summary>The next so many bytes of the body.</summary>
    public async Task<string> ReadBodyAsync(int count)
    {
        while (body.Count < count)
            Assert.True(await MoreAsync(), "The answer has ended.");
        var text = Encoding.UTF8.GetString([.. body.Take(count)]);
        body.RemoveRange(0, count);
        return text;
    }

    /// <summary>The whole rest of the body.</summary>
    public async Task<string> ReadToEndAsync()
    {
        while (!isWhole && await MoreAsync())
        {
            // More has come.
        }

        return Encoding.UTF8.GetString([.. body]);
    }

    /// <summary>Reads so many bytes from the wire, whatever they are, and no more.</summary>
    /// <returns>The body as far as it has come; less than it when the server has ended the answer.</returns>
    public async Task<string> ReadBytesAsync(int count)
    {
        for (var left = count; left > 0 && !isWhole;)
        {
            var read = await ReceiveAsync(Math.Min(left, buffer.Length));
            if (read == 0)
                break;
            left -= read;
            if (Head.Length == 0 && IndexOf(come, "\r\n\r\n"u8) >= 0)
                await ReadHeadAsync();
            if (Head.Length > 0)
                TakeBody();
        }

        return Encoding.UTF8.GetString([.. body]);
    }

    /// <summary>The answer has come to its end as HTTP knows it.</summary>
    public bool IsWhole => isWhole;

    /// <summary>RST.</summary>
    public void Reset()
    {
        socket.LingerState = new LingerOption(enable: true, seconds: 0);
        socket.Close();
    }

    /// <summary>FIN, and reads on.</summary>
    public void EndSending() => socket.Shutdown(SocketShutdown.Send);

    public void Dispose() => socket.Dispose();

    private async Task<bool> MoreAsync()
    {
        if (Head.Length == 0)
            await ReadHeadAsync();
        var before = body.Count;
        TakeBody();
        while (body.Count == before && !isWhole)
        {
            if (await ReceiveAsync(buffer.Length) == 0)
                return false;
            TakeBody();
        }

        return true;
    }

    private async Task<int> ReceiveAsync(int atMost)
    {
        try
        {
            var count = await socket.ReceiveAsync(buffer.AsMemory(0, atMost), SocketFlags.None, hang);
            come.AddRange(buffer.AsSpan(0, count));
            return count;
        }
        catch (SocketException)
        {
            return 0; // a reset is an end as well
        }
    }

    /// <summary>From what has come to the body.</summary>
    private void TakeBody()
    {
        if (!isChunked)
        {
            body.AddRange(come);
            come.Clear();
            isWhole = body.Count >= ContentLength();
            return;
        }

        while (!isWhole)
        {
            var part = Math.Min(leftOfChunk, come.Count);
            body.AddRange(come.GetRange(0, part));
            come.RemoveRange(0, part);
            leftOfChunk -= part;
            if (leftOfChunk > 0 || come.IndexOf((byte)'\n') is not (>= 0 and var end))
                return;

            // The line break behind a chunk, or the length of the next one.
            var line = Encoding.ASCII.GetString([.. come.Take(end)]).Trim();
            come.RemoveRange(0, end + 1);
            if (line.Length > 0)
                leftOfChunk = int.Parse(line, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            isWhole = line == "0";
        }
    }

    private int ContentLength()
    {
        var field = Head[(Head.IndexOf("Content-Length:", StringComparison.OrdinalIgnoreCase) + "Content-Length:".Length)..];
        return int.Parse(field.Split('\r')[0].Trim(), CultureInfo.InvariantCulture);
    }

    private static int IndexOf(List<byte> bytes, ReadOnlySpan<byte> text) => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(bytes).IndexOf(text);
}
