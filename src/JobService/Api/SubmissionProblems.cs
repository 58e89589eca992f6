using JobService.Intake;
using JobService.Jobs;
using JobService.Ledger;

namespace JobService.Api;

/// <summary>The front door's "no" as a problem document.</summary>
internal static class SubmissionProblems
{
    /// <param name="refused">Anything but accepted and replayed.</param>
    /// <param name="queue">The job's queue.</param>
    /// <param name="isDraining">The service has been told to stop.</param>
    public static ProblemAnswer Of(Submission refused, string queue, bool isDraining) => refused switch
    {
        Submission.Mismatched => Problems.IdempotencyMismatch(),
        Submission.InProgress => Problems.IdempotencyInProgress(),
        Submission.Full(var retryAfter) => isDraining ? Problems.Draining() : Problems.QueueFull(retryAfter),
        Submission.UnknownQueue(var name) => Problems.UnknownQueue(name),
        Submission.NeverFits(var limit, var maxWeight, var counts) => Problems.NeverFits(limit, maxWeight, counts),
        Submission.RequestNotAllowed => Problems.RequestNotAllowed(queue),
        Submission.BatchStopped => Problems.BatchStopped(),
        Submission.Unstorable => Problems.Unstorable(),
        Submission.Unavailable(var detail) => isDraining ? Problems.Draining() : Problems.StorageUnavailable(detail),
        _ => throw new InvalidOperationException($"Unknown answer of the front door: {refused.GetType().Name}."),
    };
}
