namespace JobService.Auditor;

/// <summary>The order of a lane, in queues that make one call at a time: of two jobs of a key, the older is called first.</summary>
internal static class Order
{
    public static IEnumerable<Finding> Check(History history)
    {
        var serial = history.All<QueueDefined>().Where(queue => queue is { MaxConcurrency: 1, Nodes: 1 }).Select(queue => queue.Name).ToHashSet();
        var accepted = history.All<Submitted>().Where(answer => answer is { Status: 202, Id: not null }).GroupBy(answer => answer.Id!).Select(same => same.First());
        var called = accepted
            .Select(answer => (Answer: answer, Submit: history.SubmitsOf[answer.Request].First(), First: history.CallsOf[answer.Id!].FirstOrDefault()))
            .Where(job => job.First is not null && job.Submit.Lock is null && serial.Contains(job.Submit.Queue));
        foreach (var lane in called.GroupBy(job => (job.Submit.Queue, job.Submit.Key)))
        {
            // Two arrivals that follow each other the wrong way round are in every lane that is out of order.
            foreach (var (first, next) in lane.OrderBy(job => job.First!.At).Zip(lane.OrderBy(job => job.First!.At).Skip(1)))
            {
                // A job whose first claim met a kill before the wire waits for its retry.
                if (next.Answer.At < first.Submit.At && history.KillsBetween(next.Submit.At, first.First!.At) == 0)
                    yield return new(5, $"Job {first.Answer.Id} was called before an older one of its lane.", next.Submit, next.Answer, first.Submit, first.First.Arrived, next.First!.Arrived);
            }
        }
    }
}
