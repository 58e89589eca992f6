namespace JobService.Auditor;

/// <summary>All checks over one history.</summary>
internal static class Audit
{
    public static IReadOnlyList<Finding> Check(History history) =>
    [
        .. Acceptance.Check(history),
        .. Outcomes.Check(history),
        .. Attempts.Check(history),
        .. new Limits(history).Check(),
        .. Order.Check(history),
        .. Stops.Check(history),
    ];
}
