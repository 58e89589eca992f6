namespace JobService.Ledger;

/// <summary>A change that the ledger is asked for, as a value: it can be logged, sent to another node, and applied again.</summary>
/// <remarks>It may be applied twice, when a turn is repeated: it holds nothing that <see cref="Apply"/> changes.</remarks>
/// <typeparam name="T">What became of it.</typeparam>
internal abstract record Command<T>
{
    /// <summary>False when it concerns the memory alone: then it needs no transaction, and goes through also while nothing can be written.</summary>
    public virtual bool ChangesRows => true;

    public abstract T Apply(Turn turn);
}
