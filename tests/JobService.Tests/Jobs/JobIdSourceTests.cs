using JobService.Jobs;
using JobService.Tests.Support;

namespace JobService.Tests.Jobs;

public sealed class JobIdSourceTests
{
    private readonly SteppableTime time = new();
    private readonly JobIdSource source;

    public JobIdSourceTests() => source = new JobIdSource(time, new Random(1));

    [Fact]
    public void More_ids_than_a_millisecond_has_room_for_still_run_upwards() => AssertUpwards(Ids(10_000));

    [Fact]
    public void A_clock_that_steps_back_does_not_turn_the_order()
    {
        var before = Ids(10);
        time.StepWall(TimeSpan.FromHours(-1));
        AssertUpwards([.. before, .. Ids(5_000)]);
    }

    [Fact]
    public void A_later_millisecond_has_larger_ids()
    {
        var before = Ids(3);
        time.Pass(TimeSpan.FromMilliseconds(1));
        AssertUpwards([.. before, .. Ids(3)]);
    }

    [Fact]
    public void The_order_of_the_bytes_and_of_the_text_is_the_order_of_the_ids()
    {
        var ids = Ids(5_000);
        Assert.All(ids.Zip(ids.Skip(1)), pair =>
        {
            Assert.True(pair.First.ToBytes().AsSpan().SequenceCompareTo(pair.Second.ToBytes()) < 0);
            Assert.True(string.CompareOrdinal(pair.First.ToString(), pair.Second.ToString()) < 0);
        });
    }

    [Fact]
    public void Every_id_is_a_version_7_of_the_RFC_variant_with_the_millisecond_in_front()
    {
        Assert.All(Ids(5_000), id =>
        {
            var bytes = id.ToBytes();
            Assert.Equal(7, bytes[6] >> 4);
            Assert.Equal(0b10, bytes[8] >> 6);
        });

        time.Pass(TimeSpan.FromSeconds(1));
        var first = source.Next().ToBytes();
        var milliseconds = first.Take(6).Aggregate(0L, (sum, part) => (sum << 8) | part);
        Assert.Equal(time.GetUtcNow().ToUnixTimeMilliseconds(), milliseconds);
    }

    [Fact]
    public async Task Threads_never_share_an_id()
    {
        var batches = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Ids(5_000), TestContext.Current.CancellationToken)));
        Assert.Equal(20_000, batches.SelectMany(ids => ids).Select(id => id.ToString()[..18]).Distinct().Count());
        Assert.All(batches, AssertUpwards);
    }

    private static void AssertUpwards(IReadOnlyList<JobId> ids) => Assert.All(ids.Zip(ids.Skip(1)), pair => Assert.True(pair.First < pair.Second));

    private List<JobId> Ids(int count) => [.. Enumerable.Range(0, count).Select(_ => source.Next())];
}
