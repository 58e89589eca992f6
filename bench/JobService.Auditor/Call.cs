namespace JobService.Auditor;

/// <summary>A call as the target has seen it.</summary>
/// <param name="Submit">The job's submission; null for a job that nobody has sent.</param>
/// <param name="Arrived">Its arrival.</param>
/// <param name="Answered">Its answer, if it had one.</param>
/// <param name="SurelyRunsUntil">From its arrival to this moment the call ran for certain: to its answer, or to whatever may have ended it before.</param>
internal sealed record Call(Submit? Submit, Arrived Arrived, Answered? Answered, double SurelyRunsUntil)
{
    public double At => Arrived.At;
}
