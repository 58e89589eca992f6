namespace JobService.Ledger;

/// <summary>Reads jobs.</summary>
internal interface IJobRows : ILaneRows
{
    /// <summary>The inputs of these jobs, in order, with one query for all of them.</summary>
    List<ClaimedInput> Inputs(IReadOnlyList<long> stamps);

    List<long> Running();

    /// <summary>The lanes with jobs that may start. Of long lanes only the beginning is counted; the rest is counted after the start of the service.</summary>
    IEnumerable<LaneFound> Lanes();

    long? NextDue();

    long? NextDueOnWall();

    long? NextDeadline();
}
