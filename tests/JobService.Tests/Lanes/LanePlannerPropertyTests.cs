using CsCheck;
using JobService.Limits;

namespace JobService.Tests.Lanes;

public sealed class LanePlannerPropertyTests
{
    private enum Step
    {
        Arrive,
        End,
        Pass,
        Pause,
        Narrow,
        Widen,
        Cancel,
        PauseQueue,
        ResumeQueue,
    }

    private const int Rate = 100;
    private const int OwnRate = 40;

    private static readonly string[][] LimitsOf = [[], ["rate"], ["db"], ["rate", "db"], ["db", "rate"], ["own"], ["rate", "own"], ["own db", "db", "own"]];

    [Fact]
    public void Whatever_happens_no_limit_is_broken_nothing_is_claimed_twice_and_everything_goes_in_the_end() =>
        Gen.Select(Gen.Enum<Step>(), Gen.Int[0, LimitsOf.Length - 1], Gen.Int[0, 2], Gen.Int[1, 4]).Array[1, 120].Sample(steps =>
        {
            var model = new PlannerModel();
            // Each counts something else: a job of any weight takes one of the rates, and of the width what it says.
            model.PutLimit("rate", new RateDefinition { Permits = Rate, Counts = LimitDefinition.Calls });
            PutDb(model, 4);
            model.PutLimit("own", new RateDefinition { Permits = OwnRate, Counts = LimitDefinition.Calls, Scope = LimitScope.PerKey });
            model.PutConcurrency("own db", 1, LimitScope.PerKey);
            for (var queue = 0; queue < LimitsOf.Length; queue++)
                model.PutQueue($"q{queue}", LimitsOf[queue], size: 3);

            var running = new List<PlannerModel.Claim>();
            var width = 4;
            var added = 0;
            foreach (var (step, queue, key, amount) in steps)
            {
                switch (step)
                {
                    case Step.Arrive:
                        model.Add($"q{queue}", $"{key}", amount, weight: 5 - amount, new() { ["slots"] = Math.Min(amount, width) });
                        added += amount;
                        break;
                    case Step.End when running.Count > 0:
                        var ended = running[amount % running.Count];
                        running.Remove(ended);
                        model.End(ended);
                        break;
                    case Step.PauseQueue or Step.ResumeQueue:
                        model.PutQueue($"q{queue}", LimitsOf[queue], paused: step == Step.PauseQueue);
                        break;
                    case Step.Pass:
                        model.Now += amount * key * 7 * PlannerModel.Millisecond;
                        break;
                    case Step.Pause:
                        model.Planner.RestoreLane($"q{queue}", $"{key}", new StoredLane(model.Now + (amount * 10 * PlannerModel.Millisecond), Pace: null, SlowedAt: 0));
                        break;
                    case Step.Narrow or Step.Widen:
                        width = step == Step.Narrow ? 2 : 4;
                        PutDb(model, width);
                        break;
                    case Step.Cancel when model.HasWaiting($"q{queue}", $"{key}"):
                        model.CancelHead($"q{queue}", $"{key}");
                        added--;
                        break;
                }

                var heldBefore = model.Planner.StateOf("db", "").State.Taken(model.Now);
                running.AddRange(model.Run());
                Assert.All(running.Where(claim => LimitsOf[claim.Queue[1] - '0'].Contains("own db")).CountBy(claim => claim.Key), key =>
                    Assert.True(key.Value == 1, "A key runs twice where it may run once."));
                Assert.True(model.Planner.StateOf("db", "").State.Taken(model.Now) <= Math.Max(width, heldBefore), "More calls at once than the limit allows.");
            }

            for (var queue = 0; queue < LimitsOf.Length; queue++)
                model.PutQueue($"q{queue}", LimitsOf[queue]);

            // From here on every call ends, and time passes whenever nothing moves.
            for (var idle = 0; model.WaitingCount > 0 && idle < 1_000; idle++)
            {
                running.ForEach(model.End);
                running.Clear();
                model.Now += 15 * PlannerModel.Millisecond;
                running.AddRange(model.Run());
            }

            Assert.Equal(0, model.WaitingCount);
            Assert.Equal(added, model.Claims.DistinctBy(claim => claim.Head.Id).Count());
            Assert.Equal(added, model.Claims.Count);
            AssertSpaced(model.Claims.Where(claim => LimitsOf[claim.Queue[1] - '0'].Contains("rate")), Rate);
            foreach (var key in model.Claims.Where(claim => LimitsOf[claim.Queue[1] - '0'].Contains("own")).GroupBy(claim => claim.Key))
                AssertSpaced(key, OwnRate);
        });

    private static void PutDb(PlannerModel model, int width) => model.PutLimit("db", new ConcurrencyDefinition { Permits = width, Counts = "slots" });

    private static void AssertSpaced(IEnumerable<PlannerModel.Claim> claims, int rate)
    {
        var slots = claims.Select(claim => claim.Slot!.Value).Order().ToList();
        Assert.All(slots.Zip(slots.Skip(1)), pair =>
            Assert.True(pair.Second - pair.First >= TimeSpan.TicksPerSecond / rate, "Two slots are closer than the rate allows."));
    }
}
