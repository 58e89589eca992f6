using JobService.Ledger;
using JobService.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobService.Intake;

/// <summary>The group commit: whatever has gathered in the channel goes to the store in one transaction, and is answered after it.</summary>
public sealed partial class IntakeWriter(JobIntake intake, IJobStore store, IOptions<IntakeOptions> options, ILogger<IntakeWriter> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var close = stoppingToken.Register(intake.Close);
        var batch = new List<PendingJobs>();
        while (await intake.Submissions.WaitToReadAsync(CancellationToken.None))
        {
            for (var jobs = 0; jobs < options.Value.SubmissionsPerCommit && intake.Submissions.TryRead(out var pending); jobs += pending.Jobs.Count)
                batch.Add(pending);
            await WriteAsync(batch);
            batch.Clear();
        }
    }

    private async Task WriteAsync(List<PendingJobs> batch)
    {
        try
        {
            var additions = await store.AddAsync(batch is [var only] ? only.Jobs : [.. batch.SelectMany(pending => pending.Jobs)]);
            var next = 0;
            foreach (var pending in batch)
                pending.Decide(batch.Count == 1 ? additions : [.. pending.Jobs.Select(_ => additions[next++])]);
        }
        catch (Exception error)
        {
            LogNotWritten(logger, batch.Count, error);
            var unavailable = new Addition.Unavailable("The storage cannot be written: nothing was taken in.");
            foreach (var pending in batch)
                pending.Decide([.. pending.Jobs.Select(_ => unavailable)]);
        }

        PendingAnswers.Give([.. batch]);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Count} submissions could not be written")]
    private static partial void LogNotWritten(ILogger logger, int count, Exception error);
}
