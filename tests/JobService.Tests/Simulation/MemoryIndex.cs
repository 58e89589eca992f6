namespace JobService.Tests.Simulation;

/// <summary>Row numbers by a key, in the order of a rank and then of their numbers.</summary>
internal sealed class MemoryIndex<TKey>
    where TKey : notnull
{
    private readonly Dictionary<TKey, List<(long Rank, long Stamp)>> entries = [];

    public IEnumerable<KeyValuePair<TKey, List<(long Rank, long Stamp)>>> All => entries;

    /// <summary>Those of the key, first ones first.</summary>
    public IReadOnlyList<(long Rank, long Stamp)> Of(TKey key) => entries.TryGetValue(key, out var found) ? found : [];

    /// <summary>Those of the key behind a place, in their order.</summary>
    public IEnumerable<(long Rank, long Stamp)> Behind(TKey key, (long Rank, long Stamp) place)
    {
        if (!entries.TryGetValue(key, out var found))
            yield break;
        var at = found.BinarySearch(place);
        for (var i = at < 0 ? ~at : at + 1; i < found.Count; i++)
            yield return found[i];
    }

    public void Add(TKey key, long rank, long stamp)
    {
        if (!entries.TryGetValue(key, out var list))
            entries.Add(key, list = []);
        list.Insert(~list.BinarySearch((rank, stamp)), (rank, stamp));
    }

    public void Remove(TKey key, long rank, long stamp)
    {
        var list = entries[key];
        list.RemoveAt(list.BinarySearch((rank, stamp)));
        if (list.Count == 0)
            entries.Remove(key);
    }
}
