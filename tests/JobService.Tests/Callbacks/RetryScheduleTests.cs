using JobService.Callbacks;

namespace JobService.Tests.Callbacks;

public sealed class RetryScheduleTests
{
    [Fact]
    public void The_first_retry_comes_within_ten_seconds_and_the_last_after_more_than_a_day()
    {
        Assert.InRange(RetrySchedule.WaitAfter(1, 0.999)!.Value, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(10));
        var waits = Enumerable.Range(1, 20).Select(failures => RetrySchedule.WaitAfter(failures, 0)).TakeWhile(wait => wait is not null).Select(wait => wait!.Value).ToArray();

        Assert.Equal(9, waits.Length);
        Assert.Equal(waits.Order(), waits);
        Assert.InRange(waits.Aggregate((sum, wait) => sum + wait), TimeSpan.FromHours(24), TimeSpan.FromHours(48));
    }

    [Fact]
    public void Chance_only_adds() =>
        Assert.All(Enumerable.Range(1, 9), failures => Assert.InRange(
            RetrySchedule.WaitAfter(failures, 0.5)!.Value / RetrySchedule.WaitAfter(failures, 0)!.Value, 1.05, 1.2));
}
