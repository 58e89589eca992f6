using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace JobService.Tests.Support;

/// <summary>An HTTP server in a process of its own, which can be killed as hard as a crash kills.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan HangGuard = TimeSpan.FromSeconds(60);

    private readonly Process process;
    private readonly string outputFile;

    private ServerProcess(Process process, string outputFile, IPEndPoint address)
    {
        this.process = process;
        this.outputFile = outputFile;
        Address = address;
        Client = new HttpClient { BaseAddress = new Uri($"http://{address}"), Timeout = TimeSpan.FromMinutes(2) };
    }

    public IPEndPoint Address { get; }

    /// <summary>A second port, for HTTP/2 without TLS; 0: there is none.</summary>
    public int Http2Port { get; init; }

    public HttpClient Client { get; }

    public bool IsRunning => !process.HasExited;

    /// <summary>All that the process has printed.</summary>
    public string Output => File.Exists(outputFile) ? File.ReadAllText(outputFile) : "";

    /// <summary>User and system time so far.</summary>
    public TimeSpan CpuTime
    {
        get
        {
            process.Refresh();
            return process.TotalProcessorTime;
        }
    }

    /// <summary>Bytes of memory in use.</summary>
    public long Memory
    {
        get
        {
            process.Refresh();
            return process.WorkingSet64;
        }
    }

    /// <summary>The most bytes of memory that it has had in use so far.</summary>
    public long PeakMemory
    {
        get
        {
            process.Refresh();
            return process.PeakWorkingSet64;
        }
    }

    /// <summary>Starts a program and waits until it answers 200.</summary>
    /// <param name="program">File and arguments.</param>
    /// <param name="folder">Takes the program's output.</param>
    /// <param name="port">Where the program is going to listen on 127.0.0.1.</param>
    /// <param name="readyPath">What answers 200 as soon as it serves.</param>
    /// <param name="environment">Added to our own.</param>
    /// <param name="http2Port">Where it also listens, for HTTP/2 without TLS.</param>
    public static async Task<ServerProcess> StartAsync(
        IReadOnlyList<string> program, DirectoryInfo folder, int port, string readyPath, IReadOnlyDictionary<string, string>? environment = null, int http2Port = 0)
    {
        // Straight into a file: nobody has to pump it, and it is whole after a kill. "exec" keeps the shell's process id for the program.
        var output = Path.Combine(folder.FullName, $"output-{port}.log");
        var start = new ProcessStartInfo("/bin/sh") { ArgumentList = { "-c", "exec \"$@\" >>\"$0\" 2>&1 </dev/null", output } };
        foreach (var word in program)
            start.ArgumentList.Add(word);
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;

        var server = new ServerProcess(Process.Start(start)!, output, new IPEndPoint(IPAddress.Loopback, port)) { Http2Port = http2Port };
        try
        {
            await server.WaitUntilReadyAsync(readyPath);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>SIGKILL, and the process is gone.</summary>
    public void Kill()
    {
        process.Kill();
        process.WaitForExit();
    }

    /// <summary>SIGTERM.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> StopAsync()
    {
        using (var kill = Process.Start("/bin/sh", ["-c", $"kill -TERM {process.Id}"]))
            await kill.WaitForExitAsync();
        using var hang = new CancellationTokenSource(HangGuard);
        await process.WaitForExitAsync(hang.Token);
        return process.ExitCode;
    }

    public ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            Kill();
        process.Dispose();
        Client.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task WaitUntilReadyAsync(string readyPath)
    {
        using var hang = new CancellationTokenSource(HangGuard);
        using var again = new PeriodicTimer(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        while (!process.HasExited && !hang.IsCancellationRequested)
        {
            try
            {
                using var response = await Client.GetAsync(new Uri(readyPath, UriKind.Relative), hang.Token);
                if (response.StatusCode == HttpStatusCode.OK)
                    return;
            }
            catch (Exception refused) when (refused is HttpRequestException or SocketException)
            {
                // Does not listen yet.
            }

            await again.WaitForNextTickAsync(CancellationToken.None);
        }

        throw new InvalidOperationException($"The process does not serve {readyPath}. It printed:\n{Output}");
    }
}
