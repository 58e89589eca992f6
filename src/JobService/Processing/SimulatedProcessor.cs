using System.Security.Cryptography;
using JobService.Jobs;

namespace JobService.Processing;

/// <summary>Kind <c>simulated</c>: hashes for a given time and returns the response unchanged.</summary>
internal static class SimulatedProcessor
{
    // About 0.1 ms of work between two checks of the clock and the token.
    private const int BlockBytes = 64 * 1024;

    public static JobResult Run(SimulatedProcessing how, JobResult response, TimeProvider time, CancellationToken stop)
    {
        var start = time.GetTimestamp();
        var work = TimeSpan.FromSeconds(how.CpuSeconds);
        var block = new byte[BlockBytes];
        while (time.GetElapsedTime(start) < work)
        {
            stop.ThrowIfCancellationRequested();
            SHA256.HashData(block, block);
        }

        return response;
    }
}
