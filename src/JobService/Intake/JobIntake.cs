using JobService.Jobs;

namespace JobService.Intake;

/// <summary>The front door.</summary>
public sealed class JobIntake
{
    /// <summary>Waits for room, then for the commit.</summary>
    /// <param name="job">The job, checked by itself.</param>
    /// <param name="hangUp">The client has gone: what is not yet on its way to the store is not taken in.</param>
    public Task<Submission> SubmitAsync(NewJob job, CancellationToken hangUp) => throw new NotSupportedException();
}
