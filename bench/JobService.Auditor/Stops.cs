namespace JobService.Auditor;

/// <summary>Promises 7 and 8: a cancelled job is called no more, and a node that is told to stop does so in time.</summary>
internal static class Stops
{
    private const double MostToStop = 200;
    private const double Grace = 27_000; // 25 s for the jobs, and the end of the process

    public static IEnumerable<Finding> Check(History history) => [.. Cancels(history), .. Shutdowns(history)];

    private static IEnumerable<Finding> Cancels(History history)
    {
        var requests = history.All<Cancel>().ToLookup(cancel => cancel.Id);
        var cuts = history.All<Broken>().ToDictionary(cut => cut.Call);
        foreach (var response in history.All<CancelResponse>())
        {
            var job = history.JobsAtEnd[response.Id].FirstOrDefault();
            if (response.Status == 200 && job is not null && job is not { State: "cancelled", CancelReason: "request" })
                yield return new(7, $"Job {job.Id} was cancelled, and is {job.State} ({job.CancelReason ?? "no reason"}).", response, job);
            if (response.Status == 409 && job is { State: "cancelled" })
                yield return new(7, $"Job {job.Id} could not be cancelled, and is.", response, job);
            if (response.Status is not (200 or 202))
                continue;

            foreach (var call in history.CallsOf[response.Id])
            {
                if (call.At > response.At + history.StampDelay)
                    yield return new(7, $"Job {response.Id} was called after its cancellation.", response, call.Arrived);
                Event? end = call.Answered is null ? cuts.GetValueOrDefault(call.Arrived.Call) : call.Answered;
                if (end is not null && requests[response.Id].Any(cancel => call.At < cancel.At) && end.At > response.At + MostToStop + history.StampDelay)
                    yield return new(7, $"The call of job {response.Id} ran for {end.At - response.At:0} ms after its cancellation.", response, call.Arrived, end);
            }
        }
    }

    private static IEnumerable<Finding> Shutdowns(History history)
    {
        foreach (var stop in history.All<Stop>())
        {
            if (history.EndOf(stop.Node, stop.At) is not { } exited)
                yield return new(8, $"Node {stop.Node} did not stop.", stop);
            else if (exited.Code != 0)
                yield return new(8, $"Node {stop.Node} ended with exit code {exited.Code}.", stop, exited);
            else if (exited.At - stop.At > Grace)
                yield return new(8, $"Node {stop.Node} took {(exited.At - stop.At) / 1000:0.0} s to stop.", stop, exited);
        }
    }
}
