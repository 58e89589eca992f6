using System.Text;

namespace JobService.Tests.Support;

/// <summary>Ways of answering, good and bad.</summary>
public static class WireReplies
{
    public static WireReply Respond(int status = 200, string body = "{}", params string[] headers) =>
        (connection, stop) => connection.SendAsync(Message(status, body, headers), stop);

    /// <summary>The status without a body, as to a HEAD.</summary>
    public static WireReply Head(int status = 200, params string[] headers) =>
        (connection, stop) => connection.SendAsync($"{Lines(status, headers)}\r\n", stop);

    /// <summary>A whole answer that does not say that the connection ends with it.</summary>
    public static WireReply AnswerThenClose() => async (connection, stop) =>
    {
        await connection.SendAsync(Message(200, "{}", []), stop);
        connection.Close();
    };

    public static WireReply Close() => (connection, _) =>
    {
        connection.Close();
        return Task.CompletedTask;
    };

    public static WireReply Reset() => (connection, _) =>
    {
        connection.Reset();
        return Task.CompletedTask;
    };

    /// <summary>Sends this, whatever it is, then closes.</summary>
    public static WireReply Cut(string text) => async (connection, stop) =>
    {
        await connection.SendAsync(text, stop);
        connection.Close();
    };

    /// <summary>Half of the body that was announced.</summary>
    public static WireReply Half() => Cut($"{Lines(200, ["Content-Length: 10"])}\r\nhalf.");

    /// <summary>A body of so many bytes, in chunks, without saying how many.</summary>
    public static WireReply Huge(int bytes) => async (connection, stop) =>
    {
        const int ChunkBytes = 0x10000;
        await connection.SendAsync($"{Lines(200, ["Transfer-Encoding: chunked"])}\r\n", stop);
        var chunk = Encoding.ASCII.GetBytes($"10000\r\n{new string('x', ChunkBytes)}\r\n");
        for (var sent = 0; sent < bytes; sent += ChunkBytes)
            await connection.SendAsync(chunk, stop);
        await connection.SendAsync("0\r\n\r\n", stop);
    };

    /// <summary>No answer; waits for the client to go.</summary>
    public static WireReply Silence() => (connection, stop) => connection.WaitForEndAsync(stop);

    /// <summary>The head and the first bytes, and then nothing more.</summary>
    public static WireReply Stall() => async (connection, stop) =>
    {
        await connection.SendAsync($"{Lines(200, ["Content-Length: 10"])}\r\nhalf.", stop);
        await connection.WaitForEndAsync(stop);
    };

    private static string Message(int status, string body, string[] headers) =>
        $"{Lines(status, [$"Content-Length: {Encoding.Latin1.GetByteCount(body)}", .. headers])}\r\n{body}";

    private static string Lines(int status, string[] headers) =>
        $"HTTP/1.1 {status} Status\r\n{string.Concat(headers.Select(header => header + "\r\n"))}";
}
