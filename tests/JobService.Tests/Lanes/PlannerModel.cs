using JobService.Jobs;
using JobService.Lanes;
using JobService.Limits;

namespace JobService.Tests.Lanes;

/// <summary>A planner over a plain list of jobs: rows without a database.</summary>
internal sealed class PlannerModel
{
    public const long Millisecond = TimeSpan.TicksPerMillisecond;

    private readonly Dictionary<(string Queue, string Key), List<LaneHead>> waiting = [];
    private readonly Dictionary<JobId, (string Queue, string Key)> laneOf = [];
    private readonly Dictionary<string, int> permits = [];
    private readonly Dictionary<string, List<long>> expected = [];
    private long lastId;

    public LanePlanner Planner { get; } = new();

    public long Now { get; set; } = TimeSpan.TicksPerDay;

    /// <summary>In the order of their claims.</summary>
    public List<Claim> Claims { get; } = [];

    public int WaitingCount => waiting.Values.Sum(lane => lane.Count);

    /// <summary>How often the rows of a lane were asked for.</summary>
    public int Looks { get; private set; }

    /// <summary>How many jobs are known of keys of which not all are.</summary>
    public Dictionary<string, int> Known { get; } = [];

    /// <summary>Keys whose jobs were said to be asked for next.</summary>
    public List<string> Expected { get; } = [];

    public void PutQueue(string name, string[] limits, int size = 1_000, bool paused = false, Dictionary<string, double>? shares = null, double share = 1)
    {
        Planner.PutQueue(name, new QueueDefinition { Limits = limits, KeyShares = shares ?? [], Share = share }, paused);
        permits.TryAdd(name, size);
    }

    public void PutRate(string name, int permits, int burst = 1, LimitScope scope = LimitScope.Shared) =>
        Planner.PutLimit(name, new RateDefinition { Permits = permits, Burst = burst, Scope = scope }, Now);

    public void PutConcurrency(string name, int permits, LimitScope scope = LimitScope.Shared) =>
        Planner.PutLimit(name, new ConcurrencyDefinition { Permits = permits, Scope = scope }, Now);

    public void PutLimit(string name, LimitDefinition definition) => Planner.PutLimit(name, definition, Now);

    public void Add(string queue, string key = "", int count = 1, int weight = 1, Dictionary<string, int>? weights = null)
    {
        if (!waiting.TryGetValue((queue, key), out var lane))
            waiting.Add((queue, key), lane = []);
        for (var i = 0; i < count; i++)
        {
            var head = new LaneHead(JobId.FromParts(++lastId, 0), weight) { Weights = weights };
            lane.Add(head);
            laneOf.Add(head.Id, (queue, key));
        }

        Planner.Arrive(queue, key, count);
    }

    public bool HasWaiting(string queue, string key) => waiting.TryGetValue((queue, key), out var lane) && lane.Count > 0;

    /// <summary>The job at the head of a lane is not wanted any more.</summary>
    public void CancelHead(string queue, string key)
    {
        waiting[(queue, key)].RemoveAt(0);
        Planner.HeadLeft(queue, key);
    }

    /// <summary>Calls end at these moments, as far as anybody knows.</summary>
    public void ExpectPermits(string queue, params long[] moments) => expected[queue] = [.. expected.GetValueOrDefault(queue, []).Concat(moments).Order()];

    public void GivePermits(string queue, int count) => permits[queue] += count;

    public void End(Claim claim)
    {
        permits[claim.Queue]++;
        if (claim.Hold is { } hold)
            Planner.Return(hold, callWasMade: true, Now);
    }

    /// <summary>One round.</summary>
    /// <returns>What it claimed.</returns>
    public List<Claim> Run()
    {
        var before = Claims.Count;
        Planner.Run(new PlanRound
        {
            Now = Now,
            EarliestSlot = Now + Millisecond,
            Horizon = Now + (20 * Millisecond),
            WakeAhead = 10 * Millisecond,
            Permits = permits.ToDictionary(queue => queue.Key, queue => new Permits(Math.Max(queue.Value, 0), [.. expected.GetValueOrDefault(queue.Key, [])])),
            Expect = (_, key) => Expected.Add(key),
            First = (queue, key, atMost) =>
            {
                Looks++;
                var lane = waiting.GetValueOrDefault((queue, key), []);
                var known = Math.Min(lane.Count, Known.GetValueOrDefault(key, int.MaxValue));
                return new FirstJobs([.. lane.Take(Math.Min(atMost, known))], lane.Count > atMost || lane.Count > known);
            },
            Claim = start =>
            {
                var (_, key) = laneOf[start.Head.Id];
                waiting[(start.Queue, key)].Remove(start.Head);
                if (Known.TryGetValue(key, out var known))
                    Known[key] = known - 1;
                if (start.PermitAt is not { } permitAt)
                    permits[start.Queue]--;
                else
                    Assert.True(expected[start.Queue].Remove(permitAt), "A permit is used that nobody has offered.");
                Claims.Add(new Claim(start.Queue, key, start.Head, start.Slot, start.Hold, start.PermitAt));
            },
        });
        return Claims[before..];
    }

    /// <summary>Rounds whenever the planner asks for one, until a moment.</summary>
    public void RunUntil(long end)
    {
        const int MaxFruitless = 64; // a round is bounded: many lanes are taken up over several
        var fruitless = 0;
        Run();
        while (Planner.NextWake is var next && next <= end)
        {
            var (claims, looks) = (Claims.Count, Looks);
            var waited = next > Now;
            Now = Math.Max(Now, next);
            Run();
            fruitless = waited || Claims.Count > claims || Looks > looks ? 0 : fruitless + 1;
            Assert.True(fruitless < MaxFruitless, "The planner asks for rounds that cannot change anything.");
        }

        Now = end;
    }

    public sealed record Claim(string Queue, string Key, LaneHead Head, long? Slot, LimitHold? Hold, long? PermitAt);
}
