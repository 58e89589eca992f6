namespace JobService.Ledger;

/// <summary>The rows that the rules read and change, on a connection of their own: one transaction after the other. Disposed, it rolls back what is not committed.</summary>
internal interface ILedgerRows : IDisposable
{
    IJobRows Jobs { get; }

    IParkedRows Parked { get; }

    IDefinitionRows Definitions { get; }

    IBatchRows Batches { get; }

    IDeliveryRows Deliveries { get; }

    void Begin();

    void Commit();

    /// <summary>Fetches the rows that a turn needs.</summary>
    Fetched Fetch(Wanted wanted);

    /// <summary>Writes the changes in order. Throws when a change affects fewer rows than it must.</summary>
    Written Write(IReadOnlyList<Change> changes);

    /// <summary>What these jobs send, in their order: asked between two transactions, at once for all jobs that were claimed.</summary>
    List<ClaimedInput> Inputs(IReadOnlyList<long> stamps);
}
