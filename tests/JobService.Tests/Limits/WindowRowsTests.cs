using CsCheck;
using JobService.Limits;

namespace JobService.Tests.Limits;

/// <summary>The log of a window in the rows of a store, and back.</summary>
public sealed class WindowRowsTests
{
    private const long Begin = WindowStory.Begin;

    [Fact]
    public void A_store_that_follows_the_changes_holds_the_same_log() => WindowStory.Any.Sample(
        story =>
        {
            var limit = new WindowLimit(story.Definition);
            var rows = new SortedDictionary<long, int>();
            var taken = new List<(long At, int Weight)>();
            foreach (var (now, weight, step) in story.Asked())
            {
                var at = limit.EarliestAt(now, weight);
                limit.Take(at, weight);
                taken.Add((at, weight));
                var (slot, took) = taken[step.Weight % taken.Count];
                if (step.Fate is 0 or 1)
                    limit.TakeBack(slot, took);
                if (step.Fate is 2 or 3)
                    limit.Correct(slot, took, step.Weight, now);
                if (step.Fate is 4 or 5)
                    limit.Responded(slot, took, slot + (long)(step.Late * WindowModel.Millisecond));
                if (step.Fate > 7)
                    continue;

                foreach (var (moment, left) in limit.TakeChanges())
                {
                    if (left == 0)
                        rows.Remove(moment);
                    else
                        rows[moment] = left;
                }

                foreach (var old in rows.Keys.Where(moment => moment < limit.OldestNeeded).ToList())
                    rows.Remove(old);
                Assert.Empty(limit.TakeChanges());

                var restored = new WindowLimit(story.Definition);
                restored.Restore(limit.ToStored(), Math.Max(now, limit.ToStored().TakenUntil));
                foreach (var (moment, left) in rows)
                    restored.RestoreStart(moment, left);
                Assert.Empty(restored.TakeChanges());
                Assert.Equal(limit.Taken(now), restored.Taken(now));
                for (var asked = 1; asked <= story.Definition.Permits; asked++)
                    Assert.Equal(limit.EarliestAt(0, asked), restored.EarliestAt(0, asked));
            }
        });

    [Fact]
    public void What_a_clock_ahead_has_written_does_not_stop_the_limit_for_years()
    {
        var limit = new WindowLimit(new WindowDefinition { Permits = 2 });
        var year = Begin + (365 * TimeSpan.TicksPerDay);
        limit.Restore(new StoredLimit(year, 0, 0.25, year, year), Begin);
        limit.RestoreStart(Begin - 5, 1);
        limit.RestoreStart(year, 1);

        Assert.Equal([(Begin, 1), (year, 0)], limit.TakeChanges());
        Assert.Equal(2, limit.Taken(Begin));
        Assert.InRange(limit.EarliestAt(Begin, 1), Begin, Begin + (300 * TimeSpan.TicksPerSecond));
    }
}
