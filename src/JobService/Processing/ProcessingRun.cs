using JobService.Jobs;

namespace JobService.Processing;

/// <summary>One answer on its way through processing. Whoever comes first, the start or the cancellation, has it.</summary>
internal sealed class ProcessingRun(ProcessDefinition how, JobResult answer, CancellationToken abandon)
{
    // Asynchronously: what follows a result must not run in the pool's turn.
    private readonly TaskCompletionSource<JobResult> end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int taken;

    public ProcessDefinition How => how;

    public JobResult Answer => answer;

    public CancellationToken Abandon => abandon;

    public Task<JobResult> Result => end.Task;

    public bool TryStart() => Interlocked.Exchange(ref taken, 1) == 0;

    public void CancelIfWaiting()
    {
        if (TryStart())
            Cancel();
    }

    public void Finish(JobResult result) => end.TrySetResult(result);

    public void Cancel() => end.TrySetCanceled(abandon.IsCancellationRequested ? abandon : new CancellationToken(canceled: true));

    public void Fail(Exception error) => end.TrySetException(error);
}
