using JobService.Api.Contracts;
using JobService.Jobs;

namespace JobService.Tests.Api.Batches;

/// <summary>A batch as it is shown.</summary>
public sealed class BatchViewTests
{
    private static readonly Batch half = new()
    {
        Id = new JobId(Guid.Parse("01a22200-7720-7000-ae2a-49e2fd1ec0f6")),
        Queue = "q",
        Total = 100,
        Running = 10,
        Succeeded = 30,
        Failed = 5,
        Cancelled = 5,
    };

    [Theory]
    [InlineData(2.0, 30)]
    [InlineData(0.25, 240)]
    [InlineData(7.0, 8.6)]
    public void The_estimate_is_what_is_left_at_the_pace_of_the_last_ends(double endsPerSecond, double seconds) =>
        Assert.Equal(seconds, BatchView.Of(half with { EndsPerSecond = endsPerSecond }).EtaSeconds);

    [Fact]
    public void There_is_no_estimate_before_the_first_end_while_more_jobs_may_come_or_when_all_is_over()
    {
        Assert.Null(BatchView.Of(half).EtaSeconds);
        Assert.Null(BatchView.Of(half with { EndsPerSecond = 2, IsOpen = true }).EtaSeconds);
        Assert.Null(BatchView.Of(half with { EndsPerSecond = 2, Total = 40, Running = 0 }).EtaSeconds);
    }

    [Fact]
    public void The_progress_is_the_part_that_has_ended_however()
    {
        Assert.Equal(0.4, BatchView.Of(half).Progress);
        Assert.Equal(1, BatchView.Of(half with { Total = 40, Running = 0 }).Progress);
        Assert.Equal((0, 1), (BatchView.Of(Empty(isOpen: true)).Progress, BatchView.Of(Empty(isOpen: false)).Progress));
    }

    private static Batch Empty(bool isOpen) => new() { Id = half.Id, Queue = half.Queue, IsOpen = isOpen };
}
