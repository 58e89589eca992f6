using System.Net;
using System.Net.Sockets;
using System.Text;

namespace JobService.Tests.Support;

/// <summary>Stands between a browser and the service: serves a page, hands on what the page asks the service for, and cuts the answers at random bytes.</summary>
/// <remarks>A connection carries one request, and both sides are told so: a browser would send its next one over a connection whose answer has come to its end, and wait
/// for ever where nobody reads on.</remarks>
internal sealed class CuttingProxy : IAsyncDisposable
{
    /// <summary>The first chunk of an answer of events: the browser is to come back soon.</summary>
    private const string ComeBackSoon = "b\r\nretry: 20\n\n\r\n";

    private readonly LoopbackServer proxy;
    private readonly IPEndPoint service;
    private readonly string page;
    private readonly Func<int> cutAfter;

    /// <param name="service">Where the service listens.</param>
    /// <param name="page">What a browser gets at <c>/</c>.</param>
    /// <param name="cutAfter">After how many bytes of its events the next connection is cut.</param>
    public CuttingProxy(IPEndPoint service, string page, Func<int> cutAfter)
    {
        (this.service, this.page, this.cutAfter) = (service, page, cutAfter);
        proxy = new LoopbackServer(ServeAsync);
    }

    public string Address => $"http://127.0.0.1:{proxy.Port}/";

    public int CutCount { get; private set; }

    public ValueTask DisposeAsync() => proxy.DisposeAsync();

    private async Task ServeAsync(TcpClient browser, CancellationToken stop)
    {
        try
        {
            var stream = browser.GetStream();
            var (head, _) = await ReadHeadAsync(stream, stop);
            if (head.StartsWith("GET /v1/", StringComparison.Ordinal))
                await HandOnAsync(stream, head, stop);
            else
                await ShowPageAsync(stream, stop);
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException or SocketException)
        {
            // A browser opens connections that it does not need, and goes when it likes.
        }
    }

    private async Task HandOnAsync(NetworkStream browser, string head, CancellationToken stop)
    {
        using var server = new TcpClient();
        await server.ConnectAsync(service, stop);
        var response = server.GetStream();
        await response.WriteAsync(Encoding.Latin1.GetBytes(head.Replace("Connection: keep-alive", "Connection: close", StringComparison.OrdinalIgnoreCase)), stop);
        var (answerHead, rest) = await ReadHeadAsync(response, stop);
        var hasEvents = answerHead.Contains("text/event-stream", StringComparison.Ordinal);
        await browser.WriteAsync(Encoding.Latin1.GetBytes(hasEvents ? answerHead + ComeBackSoon : answerHead), stop);

        var left = cutAfter();
        var buffer = new byte[4_096];
        ReadOnlyMemory<byte> come = rest;
        do
        {
            await browser.WriteAsync(come[..Math.Min(come.Length, left)], stop);
            left -= come.Length;
            if (left <= 0)
            {
                CutCount++;
                return;
            }

            come = buffer.AsMemory(0, await response.ReadAsync(buffer, stop));
        }
        while (!come.IsEmpty);
    }

    private Task ShowPageAsync(NetworkStream browser, CancellationToken stop) => browser.WriteAsync(
        Encoding.UTF8.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\nContent-Length: {Encoding.UTF8.GetByteCount(page)}\r\n\r\n{page}"), stop).AsTask();

    /// <returns>The head with its empty line, and what came behind it.</returns>
    private static async Task<(string Head, byte[] Behind)> ReadHeadAsync(NetworkStream stream, CancellationToken stop)
    {
        var read = new List<byte>();
        var buffer = new byte[4_096];
        int end;
        while ((end = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(read).IndexOf("\r\n\r\n"u8)) < 0)
        {
            var count = await stream.ReadAsync(buffer, stop);
            if (count == 0)
                throw new IOException("The connection ended before the head did.");
            read.AddRange(buffer.AsSpan(0, count));
        }

        return (Encoding.Latin1.GetString([.. read.Take(end + 4)]), [.. read.Skip(end + 4)]);
    }
}
