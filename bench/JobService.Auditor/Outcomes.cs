namespace JobService.Auditor;

/// <summary>Promises 2 and 9: one terminal result, which is that of the last attempt, and batches whose results are complete and in order.</summary>
internal static class Outcomes
{
    public static IEnumerable<Finding> Check(History history) => [.. Ends(history), .. OwnResults(history), .. Batches(history)];

    private static IEnumerable<Finding> Ends(History history)
    {
        foreach (var same in history.JobsAtEnd.Where(same => same.Count() > 1))
            yield return new(2, $"Job {same.Key} is in the database {same.Count()} times.", [.. same]);
        foreach (var seen in history.All<Seen>())
        {
            foreach (var job in history.JobsAtEnd[seen.Id].Where(job => (job.State, job.FinishedAt, job.Result) != (seen.State, seen.FinishedAt, seen.Result)))
                yield return new(2, $"Job {seen.Id} had ended in another way.", seen, job);
            if (history.CallsOf[seen.Id].FirstOrDefault(call => call.At > seen.At) is { } late)
                yield return new(2, $"Job {seen.Id} was called after its end had been seen.", seen, late.Arrived);
        }
    }

    // An attempt whose lease is lost may still be answered; only the last attempt's answer is the result.
    private static IEnumerable<Finding> OwnResults(History history)
    {
        foreach (var job in history.All<JobAtEnd>().Where(job => job.State == "succeeded"))
        {
            var successes = history.CallsOf[job.Id].Where(call => call.Answered is { Status: 200 }).ToList();
            var own = successes.FirstOrDefault(call => call.Answered!.Body == job.Result);
            if (own is null)
                yield return new(2, $"Job {job.Id} has a result that no call of it was given.", [job, .. successes.Select(call => call.Answered!)]);
            else if (own.Arrived.Attempt != job.Attempt)
                yield return new(2, $"Job {job.Id} has the result of attempt {own.Arrived.Attempt}, and its last attempt is {job.Attempt}.", job, own.Arrived, own.Answered!);
        }
    }

    private static IEnumerable<Finding> Batches(History history)
    {
        foreach (var results in history.All<Results>())
        {
            var sent = history.SubmitsOf[results.Request].Select(submit => submit.Number).ToList();
            if (results.Order == "input" && !results.Numbers.SequenceEqual(sent))
                yield return new(9, "Results by input are not the batch in its order.", results);
            if (results.Order == "completion" && !results.Numbers.Order().SequenceEqual(sent.Order()))
                yield return new(9, "Results by completion are not each job of the batch once.", results);
        }
    }
}
