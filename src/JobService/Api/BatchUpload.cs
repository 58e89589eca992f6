using JobService.Api.Contracts;
using JobService.Api.Http;
using JobService.Intake;
using JobService.Jobs;
using JobService.Ledger;
using JobService.Storage;

namespace JobService.Api;

/// <summary>The services that an upload needs.</summary>
internal sealed record UploadParts(BatchIntake Intake, IntakeMemory Memory, IJobStore Store, JobIdSource Ids, JobWaits Waits, TimeProvider Time);

/// <summary>How an upload ended.</summary>
/// <param name="Refusal">Why not every job was accepted; null when all were.</param>
/// <param name="Accepted">Jobs that were accepted.</param>
/// <param name="IsCut">The client disconnected before the end.</param>
internal sealed record UploadEnd(ProblemResponse? Refusal, long Accepted, bool IsCut);

/// <summary>One upload: the jobs of a batch arrive line by line and are accepted as fast as their queues have capacity.</summary>
/// <remarks>While one chunk is being committed, the next one is read: reader and writer run concurrently, with at most two chunks in memory.</remarks>
/// <param name="parts">The services it needs.</param>
/// <param name="batch">The open batch to fill.</param>
/// <param name="defaults">Default fields for every job.</param>
/// <param name="onlyThisQueue">A job that names a queue other than the batch's is invalid.</param>
internal sealed class BatchUpload(UploadParts parts, NewBatch batch, JobDefaults? defaults, bool onlyThisQueue)
{
    private const int PieceOfJobs = 1_000;

    /// <summary>Bytes of memory for a line and the job parsed from it.</summary>
    private const int CopiesOfLine = 2;
    private const long PieceOfBytes = 1024 * 1024;

    /// <summary>Bytes that every upload may hold even when memory is short: uploads to full queues, which may hold theirs for days, do not block the others.</summary>
    private const long UncountedBytes = 64 * 1024;

    /// <summary>How often it checks whether its batch still accepts jobs, so that an idle client also learns of a cancel.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(2);

    private readonly TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ByteReservation memory = parts.Memory.OpenUpload();
    private List<NewJob> piece = [];
    private (long Piece, long Writing) bytes;
    private List<long> lines = [];
    private Task<ProblemResponse?> writing = Task.FromResult<ProblemResponse?>(null);
    private int index;
    private long accepted;
    private bool takesNoMore;

    /// <summary>Completes when the first job has been accepted.</summary>
    public Task Begun => begun.Task;

    /// <summary>Reads to the end and closes the batch with the jobs that arrived, however the upload ends.</summary>
    public async Task<UploadEnd> RunAsync(HttpContext http)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, parts.Waits.StopTaking);
        var reader = new LineReader(http.Request.BodyReader, parts.Time);
        var looking = EndWithBatchAsync(stop);
        ProblemResponse? refusal = null;
        var isCut = false;
        try
        {
            refusal = await ReadAsync(reader, stop);
            if (piece.Count > 0)
                refusal = await WriteAsync(stop) ?? refusal;
        }
        catch (Exception end) when (end is IOException or OperationCanceledException)
        {
            isCut = !takesNoMore && !parts.Waits.IsDraining;
            refusal = At(takesNoMore ? Problems.BatchStopped() : isCut ? Problems.Invalid("The body ends here unexpectedly.") : Problems.Draining(), reader.Line);
        }
        finally
        {
            reader.Release();
            // A job that was not accepted takes precedence over an error in a later line.
            refusal = await writing ?? refusal;
            await stop.CancelAsync();
            await looking;
            memory.Dispose();
            await CloseAsync(isRefused: refusal is not null, isCut);
        }

        return new UploadEnd(refusal?.With(problem => problem with { Accepted = accepted }), accepted, isCut);
    }

    /// <returns>What is wrong with a line, or why nothing more is accepted; null at the end of the body.</returns>
    private async Task<ProblemResponse?> ReadAsync(LineReader reader, CancellationTokenSource stop)
    {
        try
        {
            while (await reader.ReadAsync(stop.Token))
            {
                // The beginning of a long line is kept until its end arrives.
                if (await ReserveAsync(reader.Buffered, stop) is { } noMore)
                    return noMore;
                while (reader.TryTake(out var line))
                {
                    if (await ReserveAsync(CopiesOfLine * line.Length, stop) is { } none)
                        return none;
                    if (Take(line, reader.Line) is { } wrong)
                        return wrong;
                    if ((piece.Count == PieceOfJobs || bytes.Piece >= PieceOfBytes) && await WriteAsync(stop) is { } refused)
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
    private ProblemResponse? Take(ReadOnlyMemory<byte> json, long line)
    {
        var job = JsonBody.ReadJob((defaults?.ApplyTo(json, LineReader.MaxLineBytes) ?? json).Span, out var faults);
        if (job is null || faults.Count > 0)
            return At(Problems.Body(faults), line);
        if (!job.NamesQueue)
            job.Queue = batch.Queue;
        else if (onlyThisQueue && job.Queue != batch.Queue)
            return At(Problems.Body([new Violation("/queue", $"All jobs of this request go to queue '{batch.Queue}': leave the field out.")]), line);

        piece.Add(job.ToNewJob(parts.Ids.Next(), parts.Store.Now, batch: new BatchPlace(batch.Id, index++)));
        bytes.Piece += piece[^1].MemoryBytes;
        lines.Add(line);
        return null;
    }

    /// <summary>Reserves memory for the next line, in addition to what is held. When there is none, the jobs read so far are written first, and only then does it wait.</summary>
    /// <returns>Why nothing more is accepted.</returns>
    private async ValueTask<ProblemResponse?> ReserveAsync(long more, CancellationTokenSource stop)
    {
        if (Fits(more))
            return null;
        if (piece.Count > 0 && await WriteAsync(stop) is { } refused)
            return refused;
        if (await writing is { } refusal)
            return refusal;
        bytes = default;
        memory.ShrinkTo(0);
        if (!Fits(more) && !await memory.GrowToAsync(more, Timeout.InfiniteTimeSpan, stop.Token))
            throw new OperationCanceledException(stop.Token);
        return null;
    }

    private bool Fits(long more) => bytes.Piece + bytes.Writing + more is var all && (all <= UncountedBytes || memory.TryGrowTo(all));

    /// <summary>Starts writing the chunk once the previous one is written.</summary>
    /// <returns>Why the previous chunk was not accepted completely.</returns>
    private async Task<ProblemResponse?> WriteAsync(CancellationTokenSource stop)
    {
        if (await writing is { } refusal)
            return refusal;
        writing = AppendAsync(piece, lines, stop);
        (piece, lines) = ([], []);
        bytes = (0, bytes.Piece);
        memory.ShrinkTo(bytes.Writing);
        return null;
    }

    private async Task<ProblemResponse?> AppendAsync(List<NewJob> jobs, List<long> numbers, CancellationTokenSource stop)
    {
        var (taken, refusal) = await parts.Intake.AppendAsync(jobs, stop.Token);
        accepted += taken;
        if (taken > 0)
            begun.TrySetResult();
        if (refusal is null)
            return null;
        // The batch may have been cancelled while the chunk waited for capacity.
        var problem = takesNoMore ? Problems.BatchStopped() : SubmissionProblems.Of(refusal, parts.Waits.IsDraining);
        await EndAsync(stop);
        return At(problem, numbers[taken]);
    }

    /// <summary>Stops reading, even if the client has more to send.</summary>
    private async Task EndAsync(CancellationTokenSource stop)
    {
        if (stop.IsCancellationRequested)
            return; // the client disconnected or the service is stopping; that is the reason already
        takesNoMore = true;
        await stop.CancelAsync();
    }

    private async Task EndWithBatchAsync(CancellationTokenSource stop)
    {
        using var again = new PeriodicTimer(LookAgain, parts.Time);
        try
        {
            while (await again.WaitForNextTickAsync(stop.Token))
            {
                if (await parts.Store.FindBatchAsync(batch.Id) is not { IsOpen: true })
                    await EndAsync(stop);
            }
        }
        catch (Exception end) when (end is OperationCanceledException or StorageUnavailableException)
        {
            // The upload is over, or the next chunk reports what is wrong.
        }
    }

    /// <summary>A batch of which no job was accepted has not succeeded.</summary>
    private async Task CloseAsync(bool isRefused, bool isCut)
    {
        if (isRefused && accepted == 0 && !parts.Waits.IsDraining)
        {
            try
            {
                await parts.Store.CancelBatchAsync(batch.Id, isCut ? CancelReason.Disconnect : CancelReason.Batch);
                return;
            }
            catch (StorageUnavailableException)
            {
                // Closed below as soon as possible.
            }
        }

        await parts.Intake.CloseAsync(batch.Id, parts.Waits.StopTaking);
    }

    private ProblemResponse At(ProblemResponse problem, long line) => 
        problem.With(one => one with { Detail = $"Line {line} of the upload: {one.Detail}", Batch = batch.Id.Value, Line = line });
}
