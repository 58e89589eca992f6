using JobService.Jobs;

namespace JobService.Tests.Jobs;

public sealed class NearestTests
{
    private static readonly string[] names = ["serve", "healthcheck", "JobService:Storage:Path", "JobService:Storage:RetentionHours"];

    [Theory]
    [InlineData("server", "serve")]
    [InlineData("SERVE", "serve")]
    [InlineData("sevre", "serve")]
    [InlineData("jobservice:storage:paht", "JobService:Storage:Path")]
    [InlineData("JobService:Storage:RetentionDays", "JobService:Storage:RetentionHours")]
    [InlineData("backup", null)]
    [InlineData("", null)]
    public void It_is_what_was_meant_or_nothing(string written, string? expected) => Assert.Equal(expected, Nearest.To(written, names));
}
