namespace JobService.Auditor;

/// <summary>Promise 1, and the idempotency of submissions: what was accepted is there, once, and nothing else is.</summary>
internal static class Acceptance
{
    public static IEnumerable<Finding> Check(History history)
    {
        var jobs = history.All<JobAtEnd>().ToLookup(job => job.Number);
        foreach (var accepted in history.All<Submitted>().Where(answer => answer.Status is 200 or 202))
        {
            foreach (var submit in history.SubmitsOf[accepted.Request])
            {
                var stored = jobs[submit.Number].FirstOrDefault(job => accepted.Id is null || job.Id == accepted.Id);
                if (stored is null)
                    yield return new(1, $"Job {accepted.Id ?? $"number {submit.Number}"} was accepted and is lost.", submit, accepted);
            }
        }

        foreach (var job in history.All<JobAtEnd>().Where(job => job.State is "queued" or "running"))
            yield return new(1, $"Job {job.Id} was never ended.", job);
        foreach (var job in history.All<JobAtEnd>().Where(job => history.SubmitOf(job.Id) is null))
            yield return new(1, $"Nobody has submitted job {job.Id}.", job);
        foreach (var call in history.Calls.Where(call => !history.JobsAtEnd.Contains(call.Arrived.Id)).DistinctBy(call => call.Arrived.Id))
            yield return new(1, $"Job {call.Arrived.Id} was called and is not in the database.", call.Arrived);
        foreach (var same in jobs.Where(same => same.Count() > 1))
            yield return new(1, $"One submission became {same.Count()} jobs.", [.. history.All<Submit>().Where(submit => submit.Number == same.Key), .. same]);
        foreach (var finding in IdempotencyKeys(history))
            yield return finding;
    }

    private static IEnumerable<Finding> IdempotencyKeys(History history) =>
        from accepted in history.All<Submitted>()
        where accepted is { Status: 200 or 202, Id: not null }
        let key = history.SubmitsOf[accepted.Request].First().IdempotencyKey
        where key is not null
        group accepted by key into same
        where same.DistinctBy(answer => answer.Id).Count() > 1
        select new Finding(1, $"Idempotency key {same.Key} has more than one job.", [.. same.DistinctBy(answer => answer.Id)]);
}
