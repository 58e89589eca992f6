using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using JobService.Tests.Support;

namespace JobService.Tests.Hosting;

/// <summary>The program as a person types it: what it says, and its exit code.</summary>
public sealed class CommandLineTests : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("jobservice-");

    [Theory]
    [InlineData("--help", "healthcheck")]
    [InlineData("serve --help", "when no command is given")]
    [InlineData("--version", "0.1.0")]
    public async Task What_it_is_asked_it_answers(string line, string expected)
    {
        var (code, output, error) = await RunAsync(line.Split(' '));

        Assert.Equal((0, ""), (code, error));
        Assert.Contains(expected, output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("servee", "There is no command 'servee'. Did you mean serve?")]
    [InlineData("healthchek", "There is no command 'healthchek'. Did you mean healthcheck?")]
    [InlineData("--url http://127.0.0.1:0", "There is no option --url. Did you mean --urls?")]
    [InlineData("--hlep=1", "There is no option --hlep. Did you mean --help?")]
    [InlineData("serve --enviroment Development", "There is no option --enviroment. Did you mean --environment?")]
    [InlineData("--urls", "--urls needs a value.")]
    [InlineData("--JobService:Storage:Pth=x.db", "JobService:Storage:Pth: there is no such setting. Did you mean JobService:Storage:Path?")]
    [InlineData("--JobService:Dispatch:GraceSecond 3", "JobService:Dispatch:GraceSecond: there is no such setting. Did you mean JobService:Dispatch:GraceSeconds?")]
    [InlineData("--urls nonsense", "Cannot listen: Invalid url: 'nonsense'. Set the address with --urls")]
    [InlineData("--urls http://127.0.0.1:75033", "Cannot listen on http://127.0.0.1:75033: a port is a number from 0 to 65535. Set the address with")]
    [InlineData("--urls http://127.0.0.1:0;https://localhost:99999", "Cannot listen on https://localhost:99999: a port is")]
    [InlineData("--urls http://127.0.0.1:99999999999", "Cannot listen on http://127.0.0.1:99999999999: a port is")]
    [InlineData("--http_ports 80a", "Cannot listen on http://*:80a: a port is")]
    [InlineData("--Kestrel:Endpoints:A:Url=http://127.0.0.1:75033", "Cannot listen on http://127.0.0.1:75033: a port is")]
    [InlineData("--urls ftp://127.0.0.1:8011", "Cannot listen: Unrecognized scheme")]
    [InlineData("--urls http://192.0.2.1:8011", "Cannot listen on http://192.0.2.1:8011: ")]
    [InlineData("--urls http://127.0.0.1:0/base", "Cannot listen on http://127.0.0.1:0/base: A path base")]
    [InlineData("--JobService:Storage:Path=/", "/ cannot be opened: it is a folder.")]
    [InlineData("--JobService:Upstream:AllowPrivateNetworks=10/8", "JobService:Upstream:AllowPrivateNetworks: '10/8' may be read in several ways: write all four numbers")]
    [InlineData("--JobService:Proxy:Trusted:0=10.1.2.3/8", "JobService:Proxy:Trusted: '10.1.2.3/8' is an address within a network: write 10.0.0.0/8 ")]
    [InlineData("--Serilog:MinimumLevel:Default=Loud", "Serilog: The value Loud is not a valid Serilog level.")]
    [InlineData("--Serilog:MinimumLevel:Override:Microsoft=Loud", "Serilog: ")]
    public async Task What_is_wrong_is_said_in_plain_words(string line, string expected)
    {
        var (code, output, error) = await RunAsync(line.Split(' '));

        Assert.Equal(1, code);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        Assert.Equal("", output);
    }

    [Theory]
    [InlineData("JobService__Storage__Pth", "JobService:Storage:Path")]
    [InlineData("JobSerivce__Storage__Path", "Did you mean JobService?")]
    public async Task A_misspelt_setting_of_the_environment_stops_the_start(string variable, string expected)
    {
        var (code, _, error) = await RunAsync([], (variable, Path.Combine(folder.FullName, "x.db")));

        Assert.Equal(1, code);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.Empty(folder.GetFileSystemInfos());
    }

    [Fact]
    public async Task A_port_that_is_taken_is_named()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var (code, output, error) = await RunAsync(["--urls", $"http://{taken.LocalEndpoint}"]);

        Assert.Equal((1, ""), (code, output));
        Assert.Contains($"{taken.LocalEndpoint}: address already in use", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_health_check_asks_where_the_service_listens()
    {
        await using var service = await JobServiceProcess.StartAsync(folder);

        // By its own word, by the settings the service was started with, and where nobody listens.
        Assert.Equal(0, (await RunAsync(["healthcheck", $"{service.Address.Port}"])).Code);
        Assert.Equal(0, (await RunAsync(["healthcheck"], ("ASPNETCORE_URLS", $"http://{service.Address}"))).Code);
        Assert.Equal(0, (await RunAsync(["healthcheck"], ("ASPNETCORE_URLS", $"http://*:{service.Address.Port};http://[::1]:1"))).Code);
        Assert.Equal(0, (await RunAsync(["healthcheck"], ("ASPNETCORE_HTTP_PORTS", $"{service.Address.Port}"))).Code);
        Assert.Equal(0, (await RunAsync(["healthcheck", "--urls", $"http://{service.Address}"])).Code);
        Assert.Equal(0, (await RunAsync(["healthcheck"], ("Kestrel__Endpoints__Main__Url", $"http://{service.Address}"))).Code);
        Assert.Equal(1, (await RunAsync(["healthcheck", $"{FreePort.Next()}"])).Code);
        Assert.Equal(1, (await RunAsync(["healthcheck", "nonsense"])).Code);
    }

    [Fact]
    public async Task A_start_and_a_stop_are_a_line_each()
    {
        await using var service = await JobServiceProcess.StartAsync(folder, new Dictionary<string, string> { ["JobService:Secrets:Token"] = "not to be shown" });
        Assert.Equal(0, await service.StopAsync());

        var lines = service.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var start = Assert.Single(lines, line => line.Contains("listens on", StringComparison.Ordinal));
        Assert.Contains($"http://{service.Address}", start, StringComparison.Ordinal);
        Assert.Contains(Path.Combine(folder.FullName, "jobs.db"), start, StringComparison.Ordinal);
        Assert.Matches("settings that differ from appsettings.json: .*JobService:Secrets:Token", start);
        Assert.Contains("\"@m\":\"JobService \\\"0.1.0\\\" listens", start, StringComparison.Ordinal);
        Assert.DoesNotContain("not to be shown", service.Output, StringComparison.Ordinal);
        Assert.Single(lines, line => line.Contains("0 jobs were returned to the queue", StringComparison.Ordinal));
    }

    public void Dispose() => folder.Delete(recursive: true);

    private async Task<(int Code, string Output, string Error)> RunAsync(string[] args, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "JobService.dll"), .. args])
        {
            WorkingDirectory = folder.FullName,
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;

        using var process = Process.Start(start)!;
        using var hang = new CancellationTokenSource(Patience.Hang);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(hang.Token);
            var error = await process.StandardError.ReadToEndAsync(hang.Token);
            await process.WaitForExitAsync(hang.Token);
            return (process.ExitCode, await output, error);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }
    }
}
