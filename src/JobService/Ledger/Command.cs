namespace JobService.Ledger;

/// <summary>A requested change of the ledger, as a value: it can be logged, sent to another node, and applied again.</summary>
/// <remarks>It may be applied twice, when a turn is repeated: it holds nothing that <see cref="Apply"/> changes.</remarks>
/// <typeparam name="T">The result.</typeparam>
internal abstract record Command<T>
{
    /// <summary>False when it changes only the memory: then it needs no transaction, and succeeds even while nothing can be written.</summary>
    public virtual bool ChangesRows => true;

    /// <summary>Names the rows that <see cref="Apply"/> needs.</summary>
    /// <param name="wanted">What is fetched before the turn.</param>
    /// <param name="memory">As it is before the turn.</param>
    public virtual void Want(Wanted wanted, LedgerMemory memory)
    {
    }

    public abstract T Apply(Turn turn);
}
