using JobService.Jobs;

namespace JobService.Ledger;

/// <summary>The result of a request to cancel a batch.</summary>
public abstract record BatchCancelOutcome
{
    private BatchCancelOutcome()
    {
    }

    /// <summary>A new outcome is a new parameter here: a caller that does not handle it does not compile.</summary>
    public abstract T Match<T>(Func<T> notFound, Func<Batch, T> stopping, Func<Batch, T> finished);

    public sealed record NotFound : BatchCancelOutcome
    {
        public override T Match<T>(Func<T> notFound, Func<Batch, T> stopping, Func<Batch, T> finished) => notFound();
    }

    /// <summary>It is being cancelled, or was before.</summary>
    public sealed record Stopping(Batch Batch) : BatchCancelOutcome
    {
        public override T Match<T>(Func<T> notFound, Func<Batch, T> stopping, Func<Batch, T> finished) => stopping(Batch);
    }

    /// <summary>It was over before.</summary>
    public sealed record Finished(Batch Batch) : BatchCancelOutcome
    {
        public override T Match<T>(Func<T> notFound, Func<Batch, T> stopping, Func<Batch, T> finished) => finished(Batch);
    }
}
