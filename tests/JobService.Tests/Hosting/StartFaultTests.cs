using JobService.Hosting;
using Microsoft.Extensions.Configuration;

namespace JobService.Tests.Hosting;

public sealed class StartFaultTests
{
    [Fact]
    public void A_settings_file_that_is_no_JSON_is_named_with_its_line()
    {
        var folder = Directory.CreateTempSubdirectory("jobservice-settings-");
        var file = Path.Combine(folder.FullName, "appsettings.json");
        File.WriteAllText(file, "{\n  \"JobService\": {\n");

        var told = StartFault.Of(Assert.ThrowsAny<Exception>(() => new ConfigurationBuilder().AddJsonFile(file).Build()), []);

        folder.Delete(recursive: true);
        Assert.Contains(file, told, StringComparison.Ordinal);
        Assert.Contains("LineNumber: 2", told, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_may_not_be_read_is_no_defect() => Assert.Equal("Access to x is denied.", StartFault.Of(new UnauthorizedAccessException("Access to x is denied."), []));

    [Fact]
    public void A_defect_keeps_its_stack_trace() => Assert.Null(StartFault.Of(new InvalidOperationException("A defect."), []));
}
