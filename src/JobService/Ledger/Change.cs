namespace JobService.Ledger;

/// <summary>A change of rows that a turn has decided, as a value. All changes of a turn are written in order, before its commit.</summary>
/// <remarks>A closed set: a new change is a new method of the interface that writes its kind, and a database without it does not compile.</remarks>
internal abstract record Change
{
    /// <summary>Minimum number of rows that it must affect. If it affects fewer, memory and rows disagree: the turn fails, and the memory is read again.</summary>
    public virtual int LeastRows => 1;

    /// <summary>Its name for the log, without payloads and results.</summary>
    public virtual string Kind => $"{GetType().DeclaringType!.Name}.{GetType().Name}";

    /// <summary>Applies the same change to the rows that the turn has fetched.</summary>
    public virtual void ApplyTo(Fetched fetched)
    {
    }

    /// <returns>How many rows it has affected.</returns>
    public abstract int WriteTo(IChangeWriters writers);
}

/// <summary>Writes changes, one part for each kind.</summary>
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

/// <summary>What only the database knows after the changes were written.</summary>
/// <param name="DueReceivers">Receivers of callbacks that have a new delivery; without those that have asked for no more.</param>
internal readonly record struct Written(IReadOnlyCollection<string> DueReceivers);
