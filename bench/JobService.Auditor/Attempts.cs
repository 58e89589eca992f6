namespace JobService.Auditor;

/// <summary>Promise 3, and the counting of 6 and 8: every call on the wire is an attempt of its own, has a reason, and is counted as what it was.</summary>
internal static class Attempts
{
    public static IEnumerable<Finding> Check(History history)
    {
        foreach (var calls in history.CallsOf)
        {
            foreach (var same in calls.GroupBy(call => call.Arrived.Attempt).Where(same => same.Count() > 1))
                yield return new(3, $"Attempt {same.Key} of job {calls.Key} was on the wire {same.Count()} times.", [.. same.Select(call => call.Arrived)]);
            if (calls.FirstOrDefault(call => call.Arrived.IdempotencyKey.Trim('"') != calls.Key) is { } foreign)
                yield return new(3, $"A call of job {calls.Key} carries another idempotency key.", foreign.Arrived);
            foreach (var (call, next) in calls.Zip(calls.Skip(1)))
            {
                if (call.Answered is { Status: 200 } success && history.KillsBetween(call.At, next.At) == 0)
                    yield return new(3, $"Job {calls.Key} was called again after a success, and nothing had failed.", call.Arrived, success, next.Arrived);
            }
        }

        foreach (var job in history.All<JobAtEnd>())
        {
            var calls = history.CallsOf[job.Id].ToList();
            if (history.SubmitOf(job.Id) is not { } submit)
                continue;
            var kills = history.KillsBetween(submit.At, double.MaxValue);
            // A kill or a cancellation may come between the claim and the wire.
            var mayBeUnseen = kills + (job.State == "cancelled" ? 1 : 0);
            if (calls.Count > job.Attempt || calls.Count + mayBeUnseen < job.Attempt)
                yield return new(3, $"Job {job.Id} counts {job.Attempt} attempts, and {calls.Count} calls arrived.", [job, .. calls.Select(call => call.Arrived)]);
            if (job.State == "succeeded" && calls.Count == 0)
                yield return new(3, $"Job {job.Id} succeeded without a call.", job);
            var failed = calls.Count(call => call.Answered is { Status: not (200 or 429) and not 503 });
            if (job.Failures > failed + kills)
                yield return new(6, $"Job {job.Id} counts {job.Failures} failures, and only {failed} calls failed in {kills} kills.", [job, .. calls.Select(call => call.Answered).OfType<Answered>()]);
        }
    }
}
