using JobService.Jobs;

namespace JobService.Processing;

/// <summary>One response in processing. The start and the cancellation race for it, and the first one wins.</summary>
internal sealed class ProcessingRun(ProcessDefinition how, JobResult response, CancellationToken abandon)
{
    // Asynchronously: the continuation of a result must not run on the pool's worker.
    private readonly TaskCompletionSource<JobResult> end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int taken;

    public ProcessDefinition How => how;

    public JobResult Response => response;

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
