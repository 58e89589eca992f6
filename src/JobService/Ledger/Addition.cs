using JobService.Jobs;

namespace JobService.Ledger;

/// <summary>The result of a submission: of a job, of one job of an upload, or of a batch as a whole. One set for the ledger, the intake and the API.</summary>
public abstract record Addition
{
    private Addition()
    {
    }

    /// <summary>Handles each refusal. A new refusal is a new method here: a reader that does not handle it does not compile.</summary>
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

    /// <summary>Handles each result. A new kind is a new parameter here: a caller that does not handle it does not compile.</summary>
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

    /// <summary>The same key and body were submitted before.</summary>
    /// <param name="First">The job or the batch that they created.</param>
    public sealed record Replayed(JobId First) : Addition
    {
        public override T Match<T>(Func<Job, T> accepted, Func<Batch, T> batchAccepted, Func<JobId, T> replayed, Func<Refusal, T> refused) => replayed(First);
    }

    /// <summary>Nothing was accepted.</summary>
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
        /// <summary>From the drain rate, at least one second, jittered upwards; zero when it was not computed: the queue stayed full for as long as a client may wait.</summary>
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

    /// <summary>The job has a <c>request</c>, and the queue's target does not accept one.</summary>
    public sealed record RequestNotAllowed(string Queue) : Refusal
    {
        public override T Read<T>(IRefusalReader<T> reader) => reader.Read(this);
    }

    /// <summary>The job's batch has been cancelled or closed.</summary>
    public sealed record BatchStopped : Refusal
    {
        public override T Read<T>(IRefusalReader<T> reader) => reader.Read(this);
    }

    /// <summary>One job of the batch can never be accepted.</summary>
    /// <param name="Index">Its place in the batch, from 0.</param>
    /// <param name="Why">What is wrong with it.</param>
    public sealed record JobRefused(int Index, Refusal Why) : Refusal
    {
        public override T Read<T>(IRefusalReader<T> reader) => reader.Read(this);
    }

    /// <summary>Something in this job breaks the turn that adds it: a defect of the service, which does not affect other submissions.</summary>
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
