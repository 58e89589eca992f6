using JobService.Jobs;
using Microsoft.Extensions.Options;

namespace JobService.Api.Http;

/// <summary>The memory budget of JSON pages, from the read until the client has received them.</summary>
internal sealed class ResponseMemory(IOptions<WaitOptions> options, TimeProvider time)
{
    /// <summary>How long a page waits for memory before it ends early or is refused.</summary>
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(2);

    private readonly ByteBudget budget = new(options.Value.MaxHeldBytes, time);

    /// <summary>For one response.</summary>
    public BodyMemory Open(CancellationToken hangUp) => new(new ByteReservation(budget), MaxWait, time, hangUp);
}
