using JobService.Jobs;
using Microsoft.Extensions.Options;

namespace JobService.Api.Http;

/// <summary>The room that pages of JSON take in memory, from the read until the client has taken them.</summary>
internal sealed class ResponseMemory(IOptions<WaitOptions> options, TimeProvider time)
{
    /// <summary>So long a page waits for room before it ends where it is, or is refused.</summary>
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(2);

    private readonly ByteBudget budget = new(options.Value.MaxHeldBytes, time);

    /// <summary>For one response.</summary>
    public BodyMemory Open(CancellationToken hangUp) => new(new ByteHold(budget), MaxWait, time, hangUp);
}
