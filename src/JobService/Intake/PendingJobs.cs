using JobService.Jobs;
using JobService.Ledger;

namespace JobService.Intake;

/// <summary>A submission on its way to the store: a job, or a piece of an upload.</summary>
/// <param name="jobs">The job, or the jobs in their order.</param>
/// <param name="options">Where whoever waits goes on: on the thread that answers, when little is left to do, or on one of its own.</param>
internal sealed class PendingJobs(IReadOnlyList<NewJob> jobs, TaskCreationOptions options)
{
    private readonly TaskCompletionSource<IReadOnlyList<Addition>> answers = new(options);
    private IReadOnlyList<Addition>? decided;

    public IReadOnlyList<NewJob> Jobs { get; } = jobs;

    /// <summary>In the order of the jobs.</summary>
    public Task<IReadOnlyList<Addition>> Answers => answers.Task;

    public void Decide(IReadOnlyList<Addition> additions) => decided = additions;

    /// <summary>Tells whoever waits what was decided.</summary>
    public void Answer() => answers.TrySetResult(decided!);
}

/// <summary>Some of those that one commit has decided on, answered one after another.</summary>
/// <remarks>To wake a thread for each client of a commit costs more than to write its response.</remarks>
internal sealed class PendingAnswers(ReadOnlyMemory<PendingJobs> pending) : IThreadPoolWorkItem
{
    /// <summary>Answers all, on as many threads as there are processors.</summary>
    public static void Give(PendingJobs[] decided)
    {
        var each = (decided.Length + Environment.ProcessorCount - 1) / Environment.ProcessorCount;
        for (var first = 0; first < decided.Length; first += each)
            ThreadPool.UnsafeQueueUserWorkItem(new PendingAnswers(decided.AsMemory(first, Math.Min(each, decided.Length - first))), preferLocal: false);
    }

    public void Execute()
    {
        foreach (var one in pending.Span)
            one.Answer();
    }
}
