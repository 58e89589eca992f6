using JobService.Api.Contracts;
using JobService.Api.Http;
using JobService.Intake;
using JobService.Jobs;
using JobService.Ledger;
using JobService.Storage;

namespace JobService.Api;

/// <summary>What an upload works with.</summary>
internal sealed record UploadParts(BatchIntake Intake, IntakeMemory Memory, IJobStore Store, JobIdSource Ids, JobWaits Waits, TimeProvider Time);

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

    /// <summary>The line, and the job that is made of it.</summary>
    private const int CopiesOfLine = 2;
    private const long PieceOfBytes = 1024 * 1024;

    /// <summary>Bytes that every upload may hold, however little room there is: uploads to full queues, which hold theirs for days, do not stop the others.</summary>
    private const long UncountedBytes = 64 * 1024;

    /// <summary>So often it looks whether its batch still takes jobs: a client that says nothing for a while is to hear of a cancel all the same.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(2);

    private readonly TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ByteHold room = parts.Memory.OpenUpload();
    private List<NewJob> piece = [];
    private (long Piece, long Writing) bytes;
    private List<long> lines = [];
    private Task<ProblemAnswer?> writing = Task.FromResult<ProblemAnswer?>(null);
    private int index;
    private long accepted;
    private bool takesNoMore;

    /// <summary>The first job has been taken in.</summary>
    public Task Begun => begun.Task;

    /// <summary>Reads to the end and closes the batch with what came, however it ends.</summary>
    public async Task<UploadEnd> RunAsync(HttpContext http)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, parts.Waits.StopTaking);
        var reader = new LineReader(http.Request.BodyReader, parts.Time);
        var looking = EndWithBatchAsync(stop);
        ProblemAnswer? refusal = null;
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
            refusal = At(takesNoMore ? Problems.BatchStopped() : isCut ? Problems.Invalid("The body breaks off here.") : Problems.Draining(), reader.Line);
        }
        finally
        {
            reader.Release();
            // What was not taken in stands before what was wrong with a later line.
            refusal = await writing ?? refusal;
            await stop.CancelAsync();
            await looking;
            room.Dispose();
            await CloseAsync(isRefused: refusal is not null, isCut);
        }

        return new UploadEnd(refusal?.With(problem => problem with { Accepted = accepted }), accepted, isCut);
    }

    /// <returns>What is wrong with a line, or why nothing more is taken in; null at the end of the body.</returns>
    private async Task<ProblemAnswer?> ReadAsync(LineReader reader, CancellationTokenSource stop)
    {
        try
        {
            while (await reader.ReadAsync(stop.Token))
            {
                // The beginning of a long line, which is kept until its end comes.
                if (await MakeRoomAsync(reader.Buffered, stop) is { } noMore)
                    return noMore;
                while (reader.TryTake(out var line))
                {
                    if (await MakeRoomAsync(CopiesOfLine * line.Length, stop) is { } none)
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
    private ProblemAnswer? Take(ReadOnlyMemory<byte> json, long line)
    {
        var job = JsonBody.ReadJob((defaults?.ApplyTo(json, LineReader.MaxLineBytes) ?? json).Span, out var faults);
        if (job is null || faults.Count > 0)
            return At(Problems.Body(faults), line);
        if (!job.NamesQueue)
            job.Queue = batch.Queue;
        else if (onlyThisQueue && job.Queue != batch.Queue)
            return At(Problems.Body([new Violation("/queue", $"All jobs go to queue '{batch.Queue}' here: leave the field out.")]), line);

        piece.Add(job.ToNewJob(parts.Ids.Next(), parts.Store.Now, batch: new BatchPlace(batch.Id, index++)));
        bytes.Piece += piece[^1].MemoryBytes;
        lines.Add(line);
        return null;
    }

    /// <summary>For what comes next, beside what is held already. Where there is no room, what has been read is written first; only then it is waited for.</summary>
    /// <returns>Why nothing more is taken in.</returns>
    private async ValueTask<ProblemAnswer?> MakeRoomAsync(long more, CancellationTokenSource stop)
    {
        if (Fits(more))
            return null;
        if (piece.Count > 0 && await WriteAsync(stop) is { } refused)
            return refused;
        if (await writing is { } refusal)
            return refusal;
        bytes = default;
        room.ShrinkTo(0);
        if (!Fits(more) && !await room.GrowToAsync(more, Timeout.InfiniteTimeSpan, stop.Token))
            throw new OperationCanceledException(stop.Token);
        return null;
    }

    private bool Fits(long more) => bytes.Piece + bytes.Writing + more is var all && (all <= UncountedBytes || room.TryGrowTo(all));

    /// <summary>Begins to write the piece when the one before it is written.</summary>
    /// <returns>Why the piece before was not taken in as a whole.</returns>
    private async Task<ProblemAnswer?> WriteAsync(CancellationTokenSource stop)
    {
        if (await writing is { } refusal)
            return refusal;
        writing = AppendAsync(piece, lines, stop);
        (piece, lines) = ([], []);
        bytes = (0, bytes.Piece);
        room.ShrinkTo(bytes.Writing);
        return null;
    }

    private async Task<ProblemAnswer?> AppendAsync(List<NewJob> jobs, List<long> numbers, CancellationTokenSource stop)
    {
        var (taken, refusal) = await parts.Intake.AppendAsync(jobs, stop.Token);
        accepted += taken;
        if (taken > 0)
            begun.TrySetResult();
        if (refusal is null)
            return null;
        // The batch may have been cancelled while the piece waited for room.
        var problem = takesNoMore ? Problems.BatchStopped() : SubmissionProblems.Of(refusal, parts.Waits.IsDraining);
        await EndAsync(stop);
        return At(problem, numbers[taken]);
    }

    /// <summary>Nothing more is read, whether the client has more to say or not.</summary>
    private async Task EndAsync(CancellationTokenSource stop)
    {
        if (stop.IsCancellationRequested)
            return; // the client has gone, or the service stops: that is why
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
            // The upload is over, or the next piece says what is wrong.
        }
    }

    /// <summary>A batch of which nothing was taken in has not succeeded.</summary>
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
                // Closed below as soon as it can be.
            }
        }

        await parts.Intake.CloseAsync(batch.Id, parts.Waits.StopTaking);
    }

    private ProblemAnswer At(ProblemAnswer problem, long line) => 
        problem.With(one => one with { Detail = $"Line {line} of the upload: {one.Detail}", Batch = batch.Id.Value, Line = line });
}
