using JobService.Jobs;

namespace JobService.Ledger;

/// <summary>What became of a submission: of a job, of one job of an upload, or of a batch as a whole. One set for the ledger, the front door and the API.</summary>
public abstract record Addition
{
    private Addition()
    {
    }

    /// <summary>What each refusal comes to for whoever reads it. A new refusal is a new method here: a reader that does not know it does not compile.</summary>
    public interface IRefusalReader<out T>
    {
        T Read(Mismatched refusal);

        T Read(InProgress refusal);

        T Read(Full refusal);

        T Read(OverCapacity refusal);

        T Read(UnknownQueue refusal);

        T Read(NeverFits refusal);

        T Read(RequestNotAllowed refusal);

        T Read(BatchStopped refusal);

        T Read(JobRefused refusal);

        T Read(Unstorable refusal);

        T Read(Unavailable refusal);

        T Read(Draining refusal);
    }

    /// <summary>What became of it. A new kind is a new parameter here: a caller that does not handle it does not compile.</summary>
    public abstract T Match<T>(Func<Job, T> accepted, Func<Batch, T> batchAccepted, Func<JobId, T> replayed, Func<Refusal, T> refused);

    /// <summary>Durable. The job as it is now.</summary>
    public sealed record Accepted(Job Job) : Addition
    {
        public override T Match<T>(Func<Job, T> accepted, Func<Batch, T> batchAccepted, Func<JobId, T> replayed, Func<Refusal, T> refused) => accepted(Job);
    }

    /// <summary>All jobs of the batch are durable.</summary>
    public sealed record BatchAccepted(Batch Batch) : Addition
    {
        public override T Match<T>(Func<Job, T> accepted, Func<Batch, T> batchAccepted, Func<JobId, T> replayed, Func<Refusal, T> refused) => batchAccepted(Batch);
    }

    /// <summary>The same key and body came before.</summary>
    /// <param name="First">The job or the batch that they made.</param>
    public sealed record Replayed(JobId First) : Addition
    {
        public override T Match<T>(Func<Job, T> accepted, Func<Batch, T> batchAccepted, Func<JobId, T> replayed, Func<Refusal, T> refused) => replayed(First);
    }

    /// <summary>Nothing was taken in.</summary>
    public abstract record Refusal : Addition
    {
        public abstract T Read<T>(IRefusalReader<T> reader);

        public sealed override T Match<T>(Func<Job, T> accepted, Func<Batch, T> batchAccepted, Func<JobId, T> replayed, Func<Refusal, T> refused) => refused(this);
    }

    /// <summary>The idempotency key belongs to another body.</summary>
    public sealed record Mismatched : Refusal
    {
        public override T Read<T>(IRefusalReader<T> reader) => reader.Read(this);
    }

    /// <summary>A submission with this idempotency key is being accepted right now.</summary>
    public sealed record InProgress : Refusal
    {
        public override T Read<T>(IRefusalReader<T> reader) => reader.Read(this);
    }

    /// <summary>The queue holds as many unfinished jobs as it may.</summary>
    /// <param name="Queue">The queue.</param>
    /// <param name="Missing">Unfinished jobs that must end before the submission fits, at least 1.</param>
    public sealed record Full(string Queue, long Missing = 1) : Refusal
    {
        /// <summary>From the drain rate, at least one second, jittered upwards; zero where nobody has asked for it: it stayed full for as long as a client is kept waiting.</summary>
        public TimeSpan RetryAfter { get; init; }

        public override T Read<T>(IRefusalReader<T> reader) => reader.Read(this);
    }

    /// <summary>The batch has more jobs for the queue than it may ever hold.</summary>
    public sealed record OverCapacity(string Queue, int Capacity) : Refusal
    {
        public override T Read<T>(IRefusalReader<T> reader) => reader.Read(this);
    }

    public sealed record UnknownQueue(string Queue) : Refusal
    {
        public override T Read<T>(IRefusalReader<T> reader) => reader.Read(this);
    }

    /// <summary>The job is heavier than the limit ever allows.</summary>
    public sealed record NeverFits(string Limit, int MaxWeight, string Counts) : Refusal
    {
        public override T Read<T>(IRefusalReader<T> reader) => reader.Read(this);
    }

    /// <summary>The job has a <c>request</c>, and the queue's target takes none.</summary>
    public sealed record RequestNotAllowed(string Queue) : Refusal
    {
        public override T Read<T>(IRefusalReader<T> reader) => reader.Read(this);
    }

    /// <summary>The job's batch has been cancelled or closed.</summary>
    public sealed record BatchStopped : Refusal
    {
        public override T Read<T>(IRefusalReader<T> reader) => reader.Read(this);
    }

    /// <summary>One job of the batch can never be taken in.</summary>
    /// <param name="Index">Its place in the batch, from 0.</param>
    /// <param name="Why">What is wrong with it.</param>
    public sealed record JobRefused(int Index, Refusal Why) : Refusal
    {
        public override T Read<T>(IRefusalReader<T> reader) => reader.Read(this);
    }

    /// <summary>Something in this job breaks the turn that takes it in: a defect of the service, which concerns no other submission.</summary>
    public sealed record Unstorable : Refusal
    {
        public override T Read<T>(IRefusalReader<T> reader) => reader.Read(this);
    }

    /// <summary>The storage cannot be written.</summary>
    public sealed record Unavailable(string Detail) : Refusal
    {
        public override T Read<T>(IRefusalReader<T> reader) => reader.Read(this);
    }

    /// <summary>The service is shutting down.</summary>
    public sealed record Draining : Refusal
    {
        public override T Read<T>(IRefusalReader<T> reader) => reader.Read(this);
    }
}
