namespace JobService.Ledger;

/// <summary>The rows that the rules read and change, by what they are about: one transaction of a database.</summary>
internal interface ILedgerRows
{
    IJobRows Jobs { get; }

    IParkedRows Parked { get; }

    IDefinitionRows Definitions { get; }

    ILimitStateRows LimitStates { get; }

    IRestingRows Resting { get; }

    IBatchRows Batches { get; }

    IPruneRows Prunes { get; }

    IDeliveryRows Deliveries { get; }

    IClockRows Clock { get; }
}
