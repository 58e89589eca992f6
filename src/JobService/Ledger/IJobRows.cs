namespace JobService.Ledger;

/// <summary>Reads what is loaded of jobs.</summary>
internal interface IJobRows
{
    List<long> Running();

    /// <summary>The lanes with jobs that may start. Of long lanes only the beginning is counted; the rest is counted after the start of the service.</summary>
    IEnumerable<LaneFound> Lanes();

    long? NextDue();

    long? NextDueOnWall();

    long? NextDeadline();
}
