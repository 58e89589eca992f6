using JobService.Jobs;
using Microsoft.Extensions.Options;

namespace JobService.Intake;

/// <summary>The memory for submissions until they are stored: uploads, which may wait for days, have a half of their own.</summary>
public sealed class IntakeMemory(IOptions<IntakeOptions> options, TimeProvider time)
{
    private readonly ByteBudget whole = new(options.Value.MaxHeldBytes / 2, time);
    private readonly ByteBudget uploads = new(options.Value.MaxHeldBytes / 2, time);

    /// <summary>How long a submission that is read as a whole waits for memory.</summary>
    public TimeSpan MaxWait { get; } = TimeSpan.FromSeconds(options.Value.MaxWaitSeconds);

    /// <summary>For a request that is read as a whole.</summary>
    public ByteReservation Open() => new(whole);

    public ByteReservation OpenUpload() => new(uploads);
}
