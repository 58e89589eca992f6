using System.Collections;

namespace JobService.Lanes;

/// <summary>An ordered set of lanes. A hundred thousand of these hold one lane each: the tree is created for the second.</summary>
internal sealed class LaneSet : IEnumerable<Lane>
{
    private static readonly Comparer<Lane> InOrder = Comparer<Lane>.Create(Lane.Compare);

    private Lane? only;
    private SortedSet<Lane>? many;
    private Lane[]? beginning;

    public int Count => many?.Count ?? (only is null ? 0 : 1);

    public Lane? First => many is null ? only : many.Min;

    /// <summary>The first lanes. Cached until one is added or removed: a list of hundreds of jobs asks for each job which lanes go before it.</summary>
    public Lane[] Beginning(int atMost) => beginning is { } kept && (kept.Length == atMost || kept.Length == Count) ? kept : beginning = [.. this.Take(atMost)];

    public void Add(Lane lane)
    {
        beginning = null;
        if (many is null && only is null)
        {
            only = lane;
            return;
        }

        if (many is null)
        {
            many = new SortedSet<Lane>(InOrder) { only! };
            only = null;
        }

        many.Add(lane);
    }

    public void Remove(Lane lane)
    {
        beginning = null;
        if (only == lane)
            only = null;
        else
            many?.Remove(lane);
    }

    public IEnumerator<Lane> GetEnumerator() => (many ?? (only is null ? Enumerable.Empty<Lane>() : [only])).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
