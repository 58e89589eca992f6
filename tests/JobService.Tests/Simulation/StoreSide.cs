using JobService.Lanes;
using JobService.Ledger;
using Microsoft.Extensions.Logging.Abstractions;

namespace JobService.Tests.Simulation;

/// <summary>One of two stores that are given the same commands: what it tells of each turn is compared.</summary>
internal sealed class StoreSide : IDisposable
{
    private readonly Func<ILedgerRows> connect;
    private LeaseSource leases = new(1);
    private LedgerSession session;
    private TurnRun turns;

    public StoreSide(Func<ILedgerRows> connect, long now)
    {
        this.connect = connect;
        Now = now;
        turns = new TurnRun(() => Now);
        session = Open(former: null);
    }

    public long Now { get; set; }

    public List<ClaimedJob> Claimed { get; private set; } = [];

    /// <returns>Answers and news as a text.</returns>
    public string Take(List<PendingOperation> commands, bool probes, long wall)
    {
        var turn = session.Begin(Now);
        turn.Events = [];
        turn.Wall = wall;
        turn.ClockToWrite = new StoredClock(Now, Now, Now, "boot");
        var offer = session.Memory.Queues.ToDictionary(queue => queue.Entry.Name, _ => new Permits(3));
        var claims = turns.Run(turn, commands, new PendingClaim(new ClaimRequest(1, session.Memory.LastRevision, offer, StartsMade.None)));
        if (probes)
            turn.Changes.Add(new DefinitionChange.Probed(Now));
        session.Commit(turn);
        Claimed = session.HandOut(turn, claims);
        return string.Join('\n', new object?[]
        {
            commands.Cast<IRecorded>().Select(command => command.Result), Claimed, turn.Ended, turn.StopRequests, turn.Events, turn.DueReceivers, turn.GoesOn,
            session.Memory.NextTurnAt(Now, wall, isClaiming: true),
        }.Select(DeepText.Of));
    }

    /// <summary>The turn fails before its commit.</summary>
    public void RollBack(List<PendingOperation> commands, long wall)
    {
        var turn = session.Begin(Now);
        turn.Wall = wall;
        turns.Run(turn, commands, claim: null);
        turn.WriteBack();
        var former = session.Memory;
        session.Dispose();
        session = Open(former);
    }

    /// <summary>The process dies, and store time jumps before the next one goes on.</summary>
    public void Crash(long jump)
    {
        session.Dispose();
        leases = new LeaseSource((leases.Last >> 40) + 1);
        turns = new TurnRun(() => Now);
        session = Open(former: null, turn => turn.Changes.Add(new ClockChange.Moved(jump)));
    }

    public void Dispose() => session.Dispose();

    private LedgerSession Open(LedgerMemory? former, Action<Turn>? first = null) => LedgerSession.Open(connect(), leases, Now, former, NullLogger.Instance, first);
}
