using JobService.Jobs;

namespace JobService.Tests.Jobs;

public sealed class BusyThreadTests
{
    [Fact]
    public void The_pool_has_a_thread_more_for_each_piece_of_long_work_and_only_for_as_long_as_it_lasts()
    {
        // Others count too while the suite runs: more than so many, and so many again, is all that is certain.
        var work = Enumerable.Range(0, 64).Select(_ => BusyThread.Enter()).ToList();
        ThreadPool.GetMinThreads(out var during, out _);
        work.ForEach(one => one.Dispose());
        ThreadPool.GetMinThreads(out var after, out _);

        Assert.True(during >= 64 + Math.Min(Environment.ProcessorCount, after), $"{during} threads");
        Assert.True(after <= during - 32, $"{after} threads of {during}");
    }
}
