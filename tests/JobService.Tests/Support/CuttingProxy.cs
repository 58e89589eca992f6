using System.Net;
using System.Net.Sockets;
using System.Text;

namespace JobService.Tests.Support;

/// <summary>Stands between a browser and the service: serves a page, hands on what the page asks the service for, and cuts the answers at random bytes.</summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    /// <summary>The first chunk of an answer of events: the browser is to come back soon.</summary>
    private const string ComeBackSoon = "b\r\nretry: 20\n\n\r\n";

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stopping = new();
    private readonly TaskCompletionSource<string> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly IPEndPoint service;
    private readonly string page;
    private readonly Func<int> cutAfter;
    private readonly Task accepting;

    /// <param name="service">Where the service listens.</param>
    /// <param name="page">What a browser gets at <c>/</c>. It POSTs what it has found to <c>/done</c>.</param>
    /// <param name="cutAfter">After how many bytes of the answer the next connection is cut.</param>
    public CuttingProxy(IPEndPoint service, string page, Func<int> cutAfter)
    {
        (this.service, this.page, this.cutAfter) = (service, page, cutAfter);
        listener.Start();
        accepting = AcceptAsync();
    }

    public string Address => $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/";

    /// <summary>What the page has found.</summary>
    public Task<string> Done => done.Task;

    public int CutCount { get; private set; }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await accepting;
        listener.Dispose();
        stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
                connections.Add(ServeAsync(await listener.AcceptTcpClientAsync(stopping.Token)));
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(TcpClient browser)
    {
        using (browser)
        {
            try
            {
                var stream = browser.GetStream();
                var (head, rest) = await ReadHeadAsync(stream);
                if (head.StartsWith("GET /v1/", StringComparison.Ordinal))
                    await HandOnAsync(stream, head);
                else if (head.StartsWith("POST /done", StringComparison.Ordinal))
                    await TakeAsync(stream, head, rest);
                else
                    await AnswerAsync(stream, page);
            }
            catch (Exception gone) when (gone is IOException or OperationCanceledException or SocketException)
            {
                // A browser opens connections that it does not need, and goes when it likes.
            }
        }
    }

    private async Task HandOnAsync(NetworkStream browser, string head)
    {
        using var server = new TcpClient();
        await server.ConnectAsync(service, stopping.Token);
        var answer = server.GetStream();
        await answer.WriteAsync(Encoding.Latin1.GetBytes(head), stopping.Token);
        var (answerHead, rest) = await ReadHeadAsync(answer);
        await browser.WriteAsync(Encoding.Latin1.GetBytes(answerHead + ComeBackSoon), stopping.Token);

        var left = cutAfter();
        var buffer = new byte[4_096];
        ReadOnlyMemory<byte> come = rest;
        do
        {
            await browser.WriteAsync(come[..Math.Min(come.Length, left)], stopping.Token);
            left -= come.Length;
            if (left <= 0)
            {
                CutCount++;
                return;
            }

            come = buffer.AsMemory(0, await answer.ReadAsync(buffer, stopping.Token));
        }
        while (!come.IsEmpty);
    }

    private async Task TakeAsync(NetworkStream browser, string head, byte[] rest)
    {
        var length = int.Parse(head.Split("\r\n").Single(field => field.StartsWith("Content-Length: ", StringComparison.OrdinalIgnoreCase))[16..], System.Globalization.CultureInfo.InvariantCulture);
        var body = new byte[length];
        rest.CopyTo(body, 0);
        await browser.ReadExactlyAsync(body.AsMemory(rest.Length), stopping.Token);
        await AnswerAsync(browser, "");
        done.TrySetResult(Encoding.UTF8.GetString(body));
    }

    private Task AnswerAsync(NetworkStream browser, string html) => browser.WriteAsync(
        Encoding.UTF8.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\nContent-Length: {Encoding.UTF8.GetByteCount(html)}\r\n\r\n{html}"), stopping.Token).AsTask();

    /// <returns>The head with its empty line, and what came behind it.</returns>
    private async Task<(string Head, byte[] Behind)> ReadHeadAsync(NetworkStream stream)
    {
        var read = new List<byte>();
        var buffer = new byte[4_096];
        int end;
        while ((end = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(read).IndexOf("\r\n\r\n"u8)) < 0)
        {
            var count = await stream.ReadAsync(buffer, stopping.Token);
            if (count == 0)
                throw new IOException("The connection ended before the head did.");
            read.AddRange(buffer.AsSpan(0, count));
        }

        return (Encoding.Latin1.GetString([.. read.Take(end + 4)]), [.. read.Skip(end + 4)]);
    }
}
