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
        var batch = new List<PendingJob>();
        while (await intake.Submissions.WaitToReadAsync(CancellationToken.None))
        {
            while (batch.Count < options.Value.SubmissionsPerCommit && intake.Submissions.TryRead(out var pending))
                batch.Add(pending);
            await WriteAsync(batch);
            batch.Clear();
        }
    }

    private async Task WriteAsync(List<PendingJob> batch)
    {
        try
        {
            var additions = await store.AddAsync(batch.ConvertAll(pending => pending.Job));
            for (var i = 0; i < batch.Count; i++)
                batch[i].Complete(AnswerTo(batch[i], additions[i]));
        }
        catch (Exception error)
        {
            LogNotWritten(logger, batch.Count, error);
            foreach (var pending in batch)
                pending.Complete(new Submission.Unavailable("The storage cannot be written: nothing was taken in."));
        }
    }

    private static Submission AnswerTo(PendingJob pending, Addition addition) => addition switch
    {
        Addition.Accepted(var job) => new Submission.Accepted(job),
        Addition.Replayed(var job) => new Submission.Replayed(job),
        Addition.Mismatched => new Submission.Mismatched(),
        Addition.Full => new Submission.Full(TimeSpan.Zero),
        Addition.UnknownQueue => new Submission.UnknownQueue(pending.Job.Queue),
        Addition.NeverFits(var limit, var most) => new Submission.NeverFits(limit, most),
        Addition.RequestNotAllowed => new Submission.RequestNotAllowed(),
        _ => throw new InvalidOperationException($"No answer to {addition}."),
    };

    [LoggerMessage(Level = LogLevel.Error, Message = "{Count} submissions could not be written")]
    private static partial void LogNotWritten(ILogger logger, int count, Exception error);
}
