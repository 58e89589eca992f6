using JobService.Api.Contracts;
using JobService.Api.Http;
using JobService.Intake;
using JobService.Jobs;
using JobService.Storage;

namespace JobService.Api;

/// <summary>What an upload works with.</summary>
internal sealed record UploadParts(BatchIntake Intake, IJobStore Store, JobIdSource Ids, JobWaits Waits, TimeProvider Time);

/// <summary>How an upload ended.</summary>
/// <param name="Refusal">Why not all was taken in; null when it was.</param>
/// <param name="Accepted">Jobs that were taken in.</param>
/// <param name="IsCut">The client has gone in the middle of it.</param>
internal sealed record UploadEnd(ProblemAnswer? Refusal, long Accepted, bool IsCut);

/// <summary>One upload: jobs of a batch that come line by line, taken in as fast as their queues take them.</summary>
/// <remarks>While a piece is being committed, the next one is read: reader and writer work at the same time, and no more than two pieces are in memory.</remarks>
/// <param name="parts">What it works with.</param>
/// <param name="batch">The batch to fill; it is open.</param>
/// <param name="defaults">Fields for every job that does not give them itself.</param>
/// <param name="onlyThisQueue">A job that names another queue than the batch's is wrong.</param>
internal sealed class BatchUpload(UploadParts parts, NewBatch batch, JobDefaults? defaults, bool onlyThisQueue)
{
    private const int PieceOfJobs = 1_000;

    private readonly TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private List<NewJob> piece = [];
    private List<long> lines = [];
    private Task<ProblemAnswer?> writing = Task.FromResult<ProblemAnswer?>(null);
    private int index;
    private long accepted;

    /// <summary>The first job has been taken in.</summary>
    public Task Begun => begun.Task;

    /// <summary>Reads to the end and closes the batch with what came, however it ends.</summary>
    public async Task<UploadEnd> RunAsync(HttpContext http)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, parts.Waits.StopTaking);
        var reader = new LineReader(http.Request.BodyReader, parts.Time);
        ProblemAnswer? refusal = null;
        var isCut = false;
        try
        {
            refusal = await ReadAsync(reader, stop.Token);
            if (piece.Count > 0)
                refusal = await WriteAsync(stop.Token) ?? refusal;
        }
        catch (Exception end) when (end is IOException or OperationCanceledException)
        {
            isCut = !parts.Waits.IsDraining;
            refusal = At(isCut ? Problems.Invalid("The body breaks off here.") : Problems.Draining(), reader.Line);
        }
        finally
        {
            reader.Release();
            // What was not taken in stands before what was wrong with a later line.
            refusal = await writing ?? refusal;
            await parts.Intake.CloseAsync(batch.Id, parts.Waits.StopTaking);
        }

        return new UploadEnd(refusal?.With(problem => problem with { Accepted = accepted }), accepted, isCut);
    }

    /// <returns>What is wrong with a line, or why nothing more is taken in; null at the end of the body.</returns>
    private async Task<ProblemAnswer?> ReadAsync(LineReader reader, CancellationToken stop)
    {
        try
        {
            while (await reader.ReadAsync(stop))
            {
                while (reader.TryTake(out var line))
                {
                    if (Take(line, reader.Line) is { } wrong)
                        return wrong;
                    if (piece.Count == PieceOfJobs && await WriteAsync(stop) is { } refused)
                        return refused;
                }

                if (piece.Count > 0 && await WriteAsync(stop) is { } refusal)
                    return refusal;
            }

            return null;
        }
        catch (LineTooLongException tooLong)
        {
            return At(Problems.Invalid(tooLong.Message), reader.Line);
        }
        catch (TimeoutException still)
        {
            return At(Problems.TooSlow(still.Message), reader.Line);
        }
    }

    /// <returns>What is wrong with the line.</returns>
    private ProblemAnswer? Take(ReadOnlyMemory<byte> json, long line)
    {
        var job = JsonBody.Read<SubmitJob>((defaults?.ApplyTo(json) ?? json).Span, out var faults);
        if (job is null || (faults = [.. job.Check()]).Count > 0)
            return At(Problems.Body(faults), line);
        if (!job.NamesQueue)
            job.Queue = batch.Queue;
        else if (onlyThisQueue && job.Queue != batch.Queue)
            return At(Problems.Body([new Violation("/queue", $"All jobs go to queue '{batch.Queue}' here: leave the field out.")]), line);

        piece.Add(job.ToNewJob(parts.Ids.Next(), parts.Store.Now, batch: new BatchPlace(batch.Id, index++)));
        lines.Add(line);
        return null;
    }

    /// <summary>Begins to write the piece when the one before it is written.</summary>
    /// <returns>Why the piece before was not taken in as a whole.</returns>
    private async Task<ProblemAnswer?> WriteAsync(CancellationToken stop)
    {
        if (await writing is { } refusal)
            return refusal;
        writing = AppendAsync(piece, lines, stop);
        (piece, lines) = ([], []);
        return null;
    }

    private async Task<ProblemAnswer?> AppendAsync(List<NewJob> jobs, List<long> numbers, CancellationToken stop)
    {
        var (taken, refusal) = await parts.Intake.AppendAsync(jobs, stop);
        accepted += taken;
        if (taken > 0)
            begun.TrySetResult();
        return refusal is null ? null : At(SubmissionProblems.Of(refusal, jobs[taken].Queue, parts.Waits.IsDraining), numbers[taken]);
    }

    private ProblemAnswer At(ProblemAnswer problem, long line) => 
        problem.With(one => one with { Detail = $"Line {line} of the upload: {one.Detail}", Batch = batch.Id.Value, Line = line });
}
