namespace JobService.Limits;

/// <summary>The log of starts in order of time: one entry for each distinct moment.</summary>
/// <remarks>
/// Each entry holds the sum of all weight up to it, so that "when was the n-th unit started" is a binary search. Taking weight out of an entry
/// or moving it changes the sums after it: calls that end have started recently, so that is about as many entries as there are concurrent calls.
/// </remarks>
internal sealed class StartLog
{
    private Entry[] entries = new Entry[4];
    private int first;
    private int end;
    private long before;
    private long forgotten;

    /// <summary>Number of moments in the log; their weight may have become zero.</summary>
    public int Count => end - first;

    public long FirstAt => entries[first].At;

    public long LastAt => Count > 0 ? entries[end - 1].At : 0;

    /// <summary>All weight ever entered and not taken out: the number of the last unit.</summary>
    public long Total => Count > 0 ? entries[end - 1].Sum : before;

    /// <summary>Enters weight at a moment that is not before the last one.</summary>
    public void Add(long at, int weight)
    {
        if (Count > 0 && entries[end - 1].At == at)
        {
            // The weight of one moment never exceeds what a store's column and our int can hold.
            var room = int.MaxValue - WeightOf(end - 1);
            entries[end - 1].Sum += Math.Min(weight, room);
            return;
        }

        if (end == entries.Length)
            MakeRoom();
        entries[end] = new Entry(at, Total + weight);
        end++;
    }

    /// <summary>Takes weight out of the entry of a moment, as far as it is there.</summary>
    /// <returns>False when there was none.</returns>
    public bool TakeOut(long at, int weight)
    {
        var index = IndexAt(at);
        if (index == end || entries[index].At != at || WeightOf(index) == 0)
            return false;

        var taken = Math.Min(weight, WeightOf(index));
        for (var i = index; i < end; i++)
            entries[i].Sum -= taken;
        return true;
    }

    /// <summary>Changes part of the entry of a moment, as far as it is there, to another weight.</summary>
    /// <returns>False when there is no entry: it is forgotten.</returns>
    public bool Change(long at, int before, int after)
    {
        var index = IndexAt(at);
        if (index == end || entries[index].At != at)
            return false;

        var weight = WeightOf(index);
        var change = Math.Min((long)weight - Math.Min(before, weight) + after, int.MaxValue) - weight;
        for (var i = index; i < end; i++)
            entries[i].Sum += change;
        return true;
    }

    /// <summary>Moves weight from the entry of a moment to an earlier one.</summary>
    /// <returns>False when that much was not there, or when that moment is already forgotten: no entry is created before the first.</returns>
    public bool MoveBack(long from, long to, int weight)
    {
        var source = IndexAt(from);
        if (to <= forgotten || source == end || entries[source].At != from || WeightOf(source) < weight)
            return false;

        var target = IndexAt(to);
        if (entries[target].At != to)
        {
            if (end == entries.Length)
            {
                MakeRoom();
                (source, target) = (IndexAt(from), IndexAt(to));
            }

            Array.Copy(entries, target, entries, target + 1, end - target);
            entries[target] = new Entry(to, target > first ? entries[target - 1].Sum : before);
            (source, end) = (source + 1, end + 1);
        }
        else if (WeightOf(target) > int.MaxValue - weight)
        {
            return false;
        }

        for (var i = target; i < source; i++)
            entries[i].Sum += weight;
        return true;
    }

    /// <summary>Moves weight from the entry of a moment to a later one, as far as it is there.</summary>
    /// <returns>False when there was none.</returns>
    public bool MoveOn(long from, long to, int weight)
    {
        var source = IndexAt(from);
        if (source == end || entries[source].At != from || WeightOf(source) == 0)
            return false;

        var moved = Math.Min(weight, WeightOf(source));
        var target = IndexAt(to);
        if (target == end || entries[target].At != to)
        {
            if (end == entries.Length)
            {
                MakeRoom();
                (source, target) = (IndexAt(from), IndexAt(to));
            }

            Array.Copy(entries, target, entries, target + 1, end - target);
            entries[target] = new Entry(to, entries[target - 1].Sum);
            end++;
        }

        moved = Math.Min(moved, int.MaxValue - WeightOf(target));
        for (var i = source; i < target; i++)
            entries[i].Sum -= moved;
        return true;
    }

    /// <summary>Forgets all entries up to and including a moment.</summary>
    public void Forget(long upTo)
    {
        forgotten = Math.Max(forgotten, upTo);
        while (first < end && entries[first].At <= upTo)
            before = entries[first++].Sum;
    }

    /// <summary>Multiplies each weight; fractions are carried over, so that the total is rounded up only once.</summary>
    /// <returns>The moments whose weight has changed.</returns>
    public List<long> Scale(long numerator, long denominator)
    {
        var moments = new List<long>(Count);
        var (whole, sum) = (before, before);
        for (var i = first; i < end; i++)
        {
            var scaled = before + (long)((((Int128)(entries[i].Sum - before) * numerator) + denominator - 1) / denominator);
            sum += Math.Min(scaled - whole, int.MaxValue);
            whole = scaled;
            entries[i].Sum = sum;
            moments.Add(entries[i].At);
        }

        return moments;
    }

    /// <summary>The moment at which the n-th unit was started; null when it is forgotten. <paramref name="number"/> is at most <see cref="Total"/>.</summary>
    public long? MomentOf(long number)
    {
        if (number <= before)
            return null;

        var (low, high) = (first, end - 1);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (entries[middle].Sum >= number)
                high = middle;
            else
                low = middle + 1;
        }

        return entries[low].At;
    }

    /// <summary>Weight that started after a moment.</summary>
    public long WeightAfter(long moment)
    {
        var index = IndexAt(moment + 1);
        return Total - (index > first ? entries[index - 1].Sum : before);
    }

    public int WeightAt(long at)
    {
        var index = IndexAt(at);
        return index < end && entries[index].At == at ? WeightOf(index) : 0;
    }

    /// <summary>The first entry not before a moment.</summary>
    private int IndexAt(long moment)
    {
        var (low, high) = (first, end);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (entries[middle].At >= moment)
                high = middle;
            else
                low = middle + 1;
        }

        return low;
    }

    private int WeightOf(int index) => (int)(entries[index].Sum - (index > first ? entries[index - 1].Sum : before));

    // Doubles the capacity: each entry is moved at most once per new entry. A log that has become small releases its memory.
    private void MakeRoom()
    {
        var count = Count;
        var target = entries.Length >= 2 * count && entries.Length <= (8 * count) + 8 ? entries : new Entry[Math.Max(4, 2 * count)];
        Array.Copy(entries, first, target, 0, count);
        (entries, first, end) = (target, 0, count);
    }

    private record struct Entry(long At, long Sum);
}
