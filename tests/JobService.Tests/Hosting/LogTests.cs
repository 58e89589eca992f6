using JobService.Api;
using JobService.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace JobService.Tests.Hosting;

public sealed class LogTests
{
    private const string RequestIds = "Microsoft.AspNetCore.Hosting.Diagnostics";

    [Fact]
    public void Control_characters_are_escaped() => Assert.Equal("a\\u000d\\u000ab\\u001b[31mü", ControlCharacters.Escape("a\r\nb\u001b[31mü"));

    [Fact]
    public async Task Requests_have_no_ids_unless_the_settings_say_so()
    {
        Assert.False(await IsOnAsync(RequestIds));
        Assert.True(await IsOnAsync("Microsoft.AspNetCore.Diagnostics.ExceptionHandlerMiddleware"));
        Assert.True(await IsOnAsync(RequestIds, ("Serilog:MinimumLevel:Override:" + RequestIds, "Fatal")));
    }

    private static async Task<bool> IsOnAsync(string source, params (string Key, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings.Append(("Serilog:MinimumLevel:Override:Microsoft", "Warning"))
            .Select(setting => KeyValuePair.Create(setting.Item1, (string?)setting.Item2))).Build();
        await using var services = new ServiceCollection().AddLogs(configuration).BuildServiceProvider();
        return services.GetRequiredService<ILoggerFactory>().CreateLogger(source).IsEnabled(LogLevel.Critical);
    }
}
