using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using JobService.Jobs;
using JobService.Ledger;
using JobService.Ledger.Commands;

namespace JobService.Storage;

/// <summary>Accepts submissions.</summary>
public abstract partial class LedgerStore
{
    private const string NothingAccepted = "The storage cannot be written: nothing was accepted.";

    public bool TryAdd(NewJob job, [NotNullWhen(true)] out Task<Addition>? addition)
    {
        if (writer.StandsBy)
        {
            addition = Task.FromResult<Addition>(new Addition.Unavailable(Trouble ?? NothingAccepted));
            return true;
        }

        addition = writer.TrySubmit(new AddJob(new NewRow(job)), out var answer) ? DecideAsync(answer) : null;
        return addition is not null;
    }

    public Task WaitForPlaceAsync(CancellationToken giveUp) => writer.WaitForPlaceAsync(giveUp);

    public Task<IReadOnlyList<Addition>> AddAsync(IReadOnlyList<NewJob> jobs)
    {
        var halted = new HashSet<JobId>();
        return Isolation.RunAsync(jobs, async part =>
        {
            NewRow[] rows = [.. part.Select(job => new NewRow(job))];
            var additions = await writer.SubmitAsync(new AddJobs(rows, halted.ToFrozenSet()));
            halted.UnionWith(part.Where((job, i) => job.Batch is not null && additions[i] is not Addition.Accepted).Select(job => job.Batch!.Value.Batch));
            return additions;
        },
        (job, _) =>
        {
            if (job.Batch is { } place)
                halted.Add(place.Batch);
            return Task.FromResult<Addition>(new Addition.Unstorable());
        });
    }

    public Task<Addition> AddBatchAsync(NewBatch batch, IReadOnlyList<NewJob> jobs)
    {
        NewRow[] rows = [.. jobs.Select(job => new NewRow(job))];
        return writer.RunAsync(new AddBatch(batch, rows));
    }

    private static async Task<Addition> DecideAsync(Task<Addition> addition)
    {
        try
        {
            return await addition;
        }
        catch (StorageUnavailableException)
        {
            return new Addition.Unavailable(NothingAccepted);
        }
        catch (Exception)
        {
            return new Addition.Unstorable();
        }
    }
}
