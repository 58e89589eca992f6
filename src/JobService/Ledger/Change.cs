namespace JobService.Ledger;

/// <summary>A change of rows, as a value: what a turn has decided. All changes of a turn are written in their order, before its commit.</summary>
/// <remarks>A closed set: a new change is a new method of the interface that writes its kind, and a database that does not know it does not compile.</remarks>
internal abstract record Change
{
    /// <summary>Rows that it has to find; 0 when there need be none. Fewer, and the memory is not what the rows say: turn and memory are thrown away.</summary>
    public virtual int LeastRows => 1;

    /// <summary>What it is, for whoever reads of it in the log: without what a job sends or gets.</summary>
    public virtual string Kind => $"{GetType().DeclaringType!.Name}.{GetType().Name}";

    /// <summary>Makes the same change to what a turn has fetched.</summary>
    public virtual void ApplyTo(Fetched fetched)
    {
    }

    /// <returns>How many rows it has found.</returns>
    public abstract int WriteTo(IChangeWriters writers);
}

/// <summary>Who writes changes, by what they are about.</summary>
internal interface IChangeWriters
{
    JobChange.IWriter Jobs { get; }

    SignalChange.IWriter Signals { get; }

    BatchChange.IWriter Batches { get; }

    DefinitionChange.IWriter Definitions { get; }

    LimitStateChange.IWriter LimitStates { get; }

    DeliveryChange.IWriter Deliveries { get; }

    ClockChange.IWriter Clock { get; }
}

/// <summary>What only the database knows of changes that were written.</summary>
/// <param name="DueReceivers">Receivers of callbacks that have a new delivery; without those that want no more.</param>
internal readonly record struct Written(IReadOnlyCollection<string> DueReceivers);
