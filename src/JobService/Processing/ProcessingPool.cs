using System.Threading.Channels;
using JobService.Jobs;
using Microsoft.Extensions.Options;

namespace JobService.Processing;

/// <summary>Does the CPU work on responses, separately from the calls: a bounded queue, and a bounded number of concurrent runs.</summary>
public sealed class ProcessingPool : BackgroundService
{
    private readonly TimeProvider time;
    private readonly ILogger<ProcessingPool> log;
    private readonly int maxConcurrency;
    private readonly Channel<ProcessingRun> waiting;

    public ProcessingPool(IOptions<ProcessingOptions> options, TimeProvider time, ILogger<ProcessingPool> log)
    {
        this.time = time;
        this.log = log;
        maxConcurrency = options.Value.MaxConcurrency > 0 ? options.Value.MaxConcurrency : Math.Max(1, Environment.ProcessorCount - 1);
        waiting = Channel.CreateBounded<ProcessingRun>(options.Value.QueueLength);
    }

    /// <summary>Responses in the queue.</summary>
    internal int WaitingCount => waiting.Reader.Count;

    /// <summary>Waits for a place in the queue, then for the result.</summary>
    /// <param name="abandon">Removes the response from the queue, or stops the work on it.</param>
    /// <exception cref="OperationCanceledException">Abandoned, or the service shuts down.</exception>
    public Task<JobResult> RunAsync(ProcessDefinition how, JobResult response, CancellationToken abandon)
    {
        if (abandon.IsCancellationRequested)
            return Task.FromCanceled<JobResult>(abandon);
        return how is NoProcessing ? Task.FromResult(response) : QueueAsync(how, response, abandon);
    }

    public override void Dispose()
    {
        Close();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.WhenAll(Enumerable.Range(0, maxConcurrency).Select(_ => TakeTurnsAsync(stoppingToken)));
        }
        finally
        {
            Close();
        }
    }

    private void Close()
    {
        waiting.Writer.TryComplete();
        while (waiting.Reader.TryRead(out var run))
            run.Cancel();
    }

    private async Task<JobResult> QueueAsync(ProcessDefinition how, JobResult response, CancellationToken abandon)
    {
        var run = new ProcessingRun(how, response, abandon);
        try
        {
            await waiting.Writer.WriteAsync(run, abandon);
        }
        catch (ChannelClosedException closed)
        {
            throw new OperationCanceledException("The service shuts down.", closed);
        }

        await using (abandon.UnsafeRegister(static state => ((ProcessingRun)state!).CancelIfWaiting(), run))
            return await run.Result;
    }

    private async Task TakeTurnsAsync(CancellationToken stop)
    {
        try
        {
            await foreach (var run in waiting.Reader.ReadAllAsync(stop))
                await TakeTurnAsync(run, stop);
        }
        catch (OperationCanceledException)
        {
            log.LogDebug("Processing stops");
        }
    }

    private async Task TakeTurnAsync(ProcessingRun run, CancellationToken stop)
    {
        if (!run.TryStart())
            return;

        using var stopped = CancellationTokenSource.CreateLinkedTokenSource(run.Abandon, stop);
        try
        {
            run.Finish(await Task.Run(() => Process(run.How, run.Response, stopped.Token), stopped.Token));
        }
        catch (OperationCanceledException) when (stopped.IsCancellationRequested)
        {
            run.Cancel();
        }
        catch (Exception error)
        {
            run.Fail(error);
        }
    }

    // One argument and one class per kind.
    private JobResult Process(ProcessDefinition how, JobResult response, CancellationToken stop)
    {
        using var busy = BusyThread.Enter();
        return how.Match(none: () => response, simulated: process => SimulatedProcessor.Run(process, response, time, stop));
    }
}
