using JobService.Dispatch;
using JobService.Jobs;
using JobService.Ledger;
using JobService.Limits;
using JobService.Tests.Support;

namespace JobService.Tests.Dispatch;

public sealed class HoldsTests : IAsyncDisposable
{
    private readonly TemporaryStore temporary = new();
    private readonly Holds holds;

    public HoldsTests() => holds = new Holds(temporary.Store);

    public ValueTask DisposeAsync() => temporary.DisposeAsync();

    [Fact]
    public async Task Without_limits_it_concerns_the_key_in_its_queue()
    {
        var job = await JobOfAsync("q", "told");
        holds.Hold(job, NotBefore(30));

        Assert.True(holds.Holding(job));
        Assert.False(holds.Holding(await JobOfAsync("q", "other")));
        Assert.False(holds.Holding(await JobOfAsync("p", "told")));
    }

    [Fact]
    public async Task With_shared_limits_it_concerns_all_who_share_one()
    {
        await PutAsync("api");
        await PutAsync("other");
        holds.Hold(await JobOfAsync("q", "told", "api"), NotBefore(30));

        Assert.True(holds.Holding(await JobOfAsync("p", "any", "other", "api")));
        Assert.False(holds.Holding(await JobOfAsync("r", "told", "other")));
    }

    [Fact]
    public async Task With_limits_per_key_it_concerns_their_states_alone()
    {
        await PutAsync("api");
        await PutAsync("customer", LimitScope.PerKey);
        holds.Hold(await JobOfAsync("q", "told", "api", "customer"), NotBefore(30));

        Assert.True(holds.Holding(await JobOfAsync("p", "told", "customer")));
        Assert.False(holds.Holding(await JobOfAsync("q", "other", "api", "customer")));
        Assert.False(holds.Holding(await JobOfAsync("r", "told", "api")));
    }

    [Fact]
    public async Task An_open_circuit_is_held_by_its_breaker_and_not_here()
    {
        // Held here a moment longer, the call that probes the API could not start, which counts against it.
        var job = await JobOfAsync("q", "");
        holds.Hold(job, NotBefore(30) with { CircuitOpen = true });

        Assert.False(holds.Holding(job));
    }

    [Fact]
    public async Task It_ends_at_its_moment()
    {
        var job = await JobOfAsync("q", "");
        holds.Hold(job, NotBefore(30));

        temporary.Time.Advance(TimeSpan.FromSeconds(30) - TimeSpan.FromTicks(1));
        Assert.True(holds.Holding(job));
        temporary.Time.Advance(TimeSpan.FromTicks(1));
        Assert.False(holds.Holding(job));
    }

    [Fact]
    public async Task An_earlier_moment_changes_nothing()
    {
        var job = await JobOfAsync("q", "");
        holds.Hold(job, NotBefore(30));
        holds.Hold(job, NotBefore(5));

        temporary.Time.Advance(TimeSpan.FromSeconds(29));
        Assert.True(holds.Holding(job));
    }

    [Fact]
    public async Task One_that_is_over_is_not_held_because_another_is()
    {
        var over = await JobOfAsync("q", "over");
        holds.Hold(over, NotBefore(5));
        holds.Hold(await JobOfAsync("q", "long"), NotBefore(30));

        temporary.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.False(holds.Holding(over));
    }

    [Fact]
    public async Task A_refusal_without_a_moment_holds_what_is_in_hand()
    {
        var job = await JobOfAsync("q", "");
        holds.Hold(job, new CallFeedback { Refused = true });

        temporary.Time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.True(holds.Holding(job));
        temporary.Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.False(holds.Holding(job));
    }

    [Fact]
    public async Task What_is_claimed_after_the_store_knew_is_not_held()
    {
        var job = await JobOfAsync("q", "");
        var first = holds.Hold(job, NotBefore(30))!;
        await first.SettleAsync(Task.FromResult<long?>(7));

        Assert.True(holds.Holding(job with { Lease = 7 }));
        Assert.False(holds.Holding(job with { Lease = 8 }));

        var second = holds.Hold(job, NotBefore(10))!;
        Assert.True(holds.Holding(job with { Lease = 8 }));
        await second.SettleAsync(Task.FromResult<long?>(9));
        Assert.True(holds.Holding(job with { Lease = 9 }));
        Assert.False(holds.Holding(job with { Lease = 10 }));
    }

    [Fact]
    public async Task What_the_store_could_not_be_told_holds_for_all()
    {
        var job = await JobOfAsync("q", "");
        await holds.Hold(job, NotBefore(30))!.SettleAsync(Task.FromResult<long?>(null));

        Assert.True(holds.Holding(job with { Lease = long.MaxValue }));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public async Task Only_a_spent_budget_holds(int remaining, bool held)
    {
        var job = await JobOfAsync("q", "");
        holds.Hold(job, new CallFeedback { Budgets = [new CallBudget(BudgetUnit.Calls, remaining, temporary.Store.Now + TimeSpan.FromSeconds(30))] });

        Assert.Equal(held, holds.Holding(job));
    }

    [Fact]
    public async Task Keys_that_never_come_back_do_not_pile_up()
    {
        var job = await JobOfAsync("q", "");
        for (var key = 0; key < 100_000; key++)
        {
            holds.Hold(job with { Key = $"{key}" }, NotBefore(1));
            temporary.Time.Advance(TimeSpan.FromMilliseconds(2));
        }

        Assert.InRange(holds.Count, 1, 2_100);
        Assert.True(holds.Holding(job with { Key = "99999" }));
    }

    private CallFeedback NotBefore(double seconds) => new() { Refused = true, NotBefore = temporary.Store.Now + TimeSpan.FromSeconds(seconds) };

    private async Task PutAsync(string limit, LimitScope scope = LimitScope.Shared) =>
        await temporary.Store.PutLimitAsync(limit, new RateDefinition { Permits = 1, Scope = scope }, expected: null);

    private async Task<ClaimedJob> JobOfAsync(string queue, string key, params string[] limits)
    {
        await temporary.Store.PutQueueAsync(queue, new QueueDefinition { Limits = limits }, expected: null);
        return new ClaimedJob { Id = temporary.Ids.Next(), Lease = 1, Queue = temporary.Store.Catalog.Queues[queue], Key = key, Attempt = 1, MaxAttempts = 5, Timeout = TimeSpan.FromSeconds(30) };
    }
}
