namespace JobService.Auditor;

/// <summary>Promises 4, 5 and 6: no limit is exceeded, no lock held twice, no permit lost, and a pause is kept.</summary>
internal sealed class Limits(History history)
{
    private readonly Dictionary<string, QueueDefined> queues = history.All<QueueDefined>().ToDictionary(queue => queue.Name);

    public IEnumerable<Finding> Check()
    {
        var known = history.Calls.Where(call => call.Submit is not null).ToList();
        foreach (var limit in history.All<LimitDefined>())
        {
            var taking = known.Where(call => queues[call.Submit!.Queue].Limits.Contains(limit.Name));
            foreach (var calls in taking.GroupBy(call => limit.PerKey ? call.Submit!.Key : "").Select(calls => calls.ToList()))
            {
                var broken = limit.Kind switch
                {
                    "window" => Window(limit, calls),
                    "rate" => Rate(limit, calls),
                    _ => AtOnce(4, $"Limit {limit.Name}", calls, limit.Permits, call => call.Submit!.Weight),
                };
                foreach (var finding in broken)
                    yield return finding;
            }
        }

        foreach (var queue in queues.Values)
        {
            foreach (var finding in AtOnce(4, $"Queue {queue.Name}", known.Where(call => call.Submit!.Queue == queue.Name), queue.MaxConcurrency * queue.Nodes, _ => 1))
                yield return finding;
        }

        foreach (var holders in known.Where(call => call.Submit!.Lock is not null).GroupBy(call => call.Submit!.Lock))
        {
            foreach (var finding in AtOnce(5, $"Lock {holders.Key}", holders, 1, _ => 1))
                yield return finding;
        }

        foreach (var state in history.All<LimitAtEnd>().Where(state => state.Taken > 0))
            yield return new(5, $"Limit {state.Name} has lost {state.Taken} permits: all jobs are over.", state);
        foreach (var finding in Pauses(known))
            yield return finding;
    }

    // Every window that begins with an arrival; any other holds no more.
    private static IEnumerable<Finding> Window(LimitDefined limit, List<Call> calls)
    {
        var (first, sum) = (0, 0);
        for (var last = 0; last < calls.Count; last++)
        {
            sum += calls[last].Submit!.Weight;
            for (; calls[last].At - calls[first].At >= limit.PeriodSeconds * 1000; first++)
                sum -= calls[first].Submit!.Weight;
            if (sum <= limit.Permits)
                continue;
            yield return new(4, $"Limit {limit.Name}: {sum} in less than {limit.PeriodSeconds} s.", [limit, .. calls[first..(last + 1)].Select(call => call.Arrived)]);
            yield break;
        }
    }

    // burst + rate × (t + L) in any t. The bucket is full at first, drained by arrivals, and refilled by time: it may never be overdrawn by more than the allowance.
    private IEnumerable<Finding> Rate(LimitDefined limit, List<Call> calls)
    {
        var interval = limit.PeriodSeconds * 1000 / limit.Permits;
        var allowance = (StartWindow(limit.PeriodSeconds * 1000, interval) + history.StampDelay) / interval;
        var (level, before, from) = ((double)limit.Burst, 0.0, 0);
        for (var last = 0; last < calls.Count; last++)
        {
            var refilled = level + ((calls[last].At - before) / interval);
            if (last == 0 || refilled >= limit.Burst)
                (refilled, from) = (limit.Burst, last);
            (level, before) = (refilled - calls[last].Submit!.Weight, calls[last].At);
            if (level >= -allowance)
                continue;
            var t = (calls[last].At - calls[from].At) / 1000;
            yield return new(4, $"Limit {limit.Name}: {calls[from..(last + 1)].Sum(call => call.Submit!.Weight)} in {t:0.000} s.", [limit, .. calls[from..(last + 1)].Select(call => call.Arrived)]);
            yield break;
        }
    }

    /// <summary>L of the design, in milliseconds.</summary>
    private static double StartWindow(double period, double interval)
    {
        var ofPeriod = Math.Clamp(0.005 * period, 2, 50);
        return interval >= 5 ? Math.Max(1, Math.Min(ofPeriod, interval / 10)) : ofPeriod;
    }

    private static IEnumerable<Finding> AtOnce(int promise, string what, IEnumerable<Call> calls, int permits, Func<Call, int> weight)
    {
        var running = new List<Call>();
        foreach (var call in calls)
        {
            running.RemoveAll(other => other.SurelyRunsUntil <= call.At);
            running.Add(call);
            var sum = running.Sum(weight);
            if (sum <= permits)
                continue;
            yield return new(promise, $"{what}: {sum} at once instead of {permits}.", [.. running.Select(one => one.Arrived)]);
            yield break;
        }
    }

    // A node that is killed before it has stored what it was told does not know it, and a call that is cut for a cancellation may not have read its response.
    private IEnumerable<Finding> Pauses(List<Call> calls)
    {
        var cancels = history.All<Cancel>().ToLookup(cancel => cancel.Id, cancel => cancel.At);
        foreach (var told in calls.Where(call => call.Answered is { RetryAfterSeconds: > 0 }))
        {
            var (answer, until) = (told.Answered!, told.Answered!.At + (told.Answered.RetryAfterSeconds * 1000));
            if (history.KillsBetween(answer.At, until) > 0 || cancels[told.Arrived.Id].Any(at => at < answer.At + history.StampDelay))
                continue;
            var early = calls.FirstOrDefault(call => call.At > answer.At + history.StampDelay && call.At < until && IsPausedBy(told.Submit!, call.Submit!));
            if (early is not null)
                yield return new(6, $"A call {until - early.At:0} ms earlier than the pause allows.", answer, early.Arrived);
        }
    }

    /// <summary>A pause concerns the <c>perKey</c> states that the call took; if there are none, its shared ones; if none, its queue and key.</summary>
    private bool IsPausedBy(Submit told, Submit other)
    {
        var rates = history.All<LimitDefined>().Where(limit => queues[told.Queue].Limits.Contains(limit.Name)).ToList();
        var perKey = rates.Where(limit => limit.PerKey).ToList();
        if (rates.Count == 0)
            return (told.Queue, told.Key) == (other.Queue, other.Key);
        var concerned = perKey.Count > 0 ? perKey : rates;
        return concerned.Any(limit => queues[other.Queue].Limits.Contains(limit.Name)) && (perKey.Count == 0 || told.Key == other.Key);
    }
}
