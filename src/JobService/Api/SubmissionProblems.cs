using JobService.Ledger;

namespace JobService.Api;

/// <summary>The refusal of a submission as a problem document.</summary>
internal sealed class SubmissionProblems : Addition.IRefusalReader<ProblemResponse>
{
    private static readonly SubmissionProblems whileServing = new(isDraining: false);
    private static readonly SubmissionProblems whileDraining = new(isDraining: true);

    private readonly bool isDraining;

    private SubmissionProblems(bool isDraining) => this.isDraining = isDraining;

    /// <param name="refusal">Why nothing was accepted.</param>
    /// <param name="isDraining">The service is stopping: a full queue or unavailable storage will not recover.</param>
    public static ProblemResponse Of(Addition.Refusal refusal, bool isDraining) => refusal.Read(isDraining ? whileDraining : whileServing);

    public ProblemResponse Read(Addition.Mismatched refusal) => Problems.IdempotencyMismatch();

    public ProblemResponse Read(Addition.InProgress refusal) => Problems.IdempotencyInProgress();

    public ProblemResponse Read(Addition.Full refusal) => isDraining ? Problems.Draining() : Problems.QueueFull(refusal.RetryAfter);

    public ProblemResponse Read(Addition.OverCapacity refusal) => Problems.OverCapacity(refusal.Queue, refusal.Capacity);

    public ProblemResponse Read(Addition.UnknownQueue refusal) => Problems.UnknownQueue(refusal.Queue);

    public ProblemResponse Read(Addition.NeverFits refusal) => Problems.NeverFits(refusal.Limit, refusal.MaxWeight, refusal.Counts);

    public ProblemResponse Read(Addition.RequestNotAllowed refusal) => Problems.RequestNotAllowed(refusal.Queue);

    public ProblemResponse Read(Addition.BatchStopped refusal) => Problems.BatchStopped();

    public ProblemResponse Read(Addition.JobRefused refusal) => refusal.Why.Read(this).At($"/jobs/{refusal.Index}");

    public ProblemResponse Read(Addition.Unstorable refusal) => Problems.Unstorable();

    public ProblemResponse Read(Addition.Unavailable refusal) => isDraining ? Problems.Draining() : Problems.StorageUnavailable(refusal.Detail);

    public ProblemResponse Read(Addition.Draining refusal) => Problems.Draining();
}
