using System.Collections;

namespace JobService.Lanes;

/// <summary>Lanes in order. A hundred thousand of these hold one lane each: the tree is made for the second.</summary>
internal sealed class LaneSet : IEnumerable<Lane>
{
    private static readonly Comparer<Lane> InOrder = Comparer<Lane>.Create(Lane.Compare);

    private Lane? only;
    private SortedSet<Lane>? many;

    public int Count => many?.Count ?? (only is null ? 0 : 1);

    public Lane? First => many is null ? only : many.Min;

    public void Add(Lane lane)
    {
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
        if (only == lane)
            only = null;
        else
            many?.Remove(lane);
    }

    public IEnumerator<Lane> GetEnumerator() => (many ?? (only is null ? Enumerable.Empty<Lane>() : [only])).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
