namespace JobService.Ledger;

/// <summary>What the rules read of jobs.</summary>
internal interface IJobRows : ILaneRows
{
    /// <summary>What these jobs send, in their order: one question for all of them.</summary>
    List<ClaimedInput> Inputs(IReadOnlyList<long> stamps);

    List<long> Running();

    /// <summary>The lanes in which jobs stand that may go. Of long ones the beginning is counted: their jobs are counted behind the start.</summary>
    IEnumerable<LaneFound> Lanes();

    long? NextDue();

    long? NextDueOnWall();

    long? NextDeadline();
}
