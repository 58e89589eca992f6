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

    /// <summary>Answers all that a turn is going to look at.</summary>
    Fetched Fetch(Wanted wanted);

    /// <summary>Writes the changes in their order. One that does not find the rows that it has to find is no change of this store: it throws.</summary>
    Written Write(IReadOnlyList<Change> changes);
}
