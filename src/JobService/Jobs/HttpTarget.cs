namespace JobService.Jobs;

/// <summary>A real API over HTTP.</summary>
public sealed record HttpTarget : TargetDefinition
{
    private const int MaxHeaders = 100;

    /// <summary>Absolute <c>http</c> or <c>https</c> address without user info, query or fragment; a job's path is appended to it.</summary>
    public required string BaseAddress { get; init; }

    /// <summary>Header fields of every call. A value is a text, or <c>{"fromConfiguration": "Name"}</c>: the secret <c>JobService:Secrets:Name</c>.</summary>
    public IReadOnlyDictionary<string, HeaderValue> Headers { get; init; } = new Dictionary<string, HeaderValue>();

    public override bool TakesRequests() => true;

    public override bool MayHaveUnknownLimits() => true;

    public override T Match<T>(Func<SimulatedTarget, T> simulated, Func<HttpTarget, T> http) => http(this);

    public override TargetDefinition Masked() => Headers.Any(HeaderMask.Hides)
        ? this with { Headers = Headers.ToDictionary(header => header.Key, HeaderMask.Shown) }
        : this;

    public override IEnumerable<Violation> Check()
    {
        if (AddressFault(BaseAddress) is { } fault)
            yield return new Violation("/target/baseAddress", fault);
        if (Headers.Count > MaxHeaders)
            yield return new Violation("/target/headers", $"At most {MaxHeaders} headers.");

        foreach (var (name, value) in Headers)
        {
            if (HeaderFault(name, value) is { } wrong)
                yield return new Violation(Pointers.Under("/target/headers", name), wrong);
        }

        foreach (var twice in HeaderRules.NamedTwice(Headers.Keys))
            yield return new Violation(Pointers.Under("/target/headers", twice), HeaderRules.OnceIsEnough);
    }

    private static string? HeaderFault(string name, HeaderValue? value) => value is null
        ? "A string or {\"fromConfiguration\": \"Name\"}, not null."
        : value.Match(
            text => text == QueueRules.Masked && HeaderMask.Hides(name)
                ? "'***' stands for a value that is not shown. Give the value itself, or name a secret: {\"fromConfiguration\": \"Name\"}."
                : HeaderRules.Fault(name, text),
            secret => HeaderRules.NameFault(name) ?? (Names.IsName(secret) ? null : $"A secret's name: {Names.Wanted}."));

    private static string? AddressFault(string address)
    {
        if (AddressRules.Read(address) is not { } uri)
            return "An absolute http or https address, such as https://api.example.com/v2.";

        return uri.UserInfo.Length > 0 || address.AsSpan().ContainsAny('?', '#', '@')
            ? "No user info, query or fragment: send credentials in a header that names a secret of the configuration."
            : null;
    }
}
