using System.Text.Json.Nodes;
using JobService.Api.Contracts;
using JobService.Jobs;

namespace JobService.Api.Http;

/// <summary>The options of an upload, whose body consists of jobs only.</summary>
/// <param name="Queue">The queue of lines that name none.</param>
/// <param name="CancelOnFailure">The first job that fails cancels the others.</param>
/// <param name="Defaults">Default fields for every line.</param>
/// <param name="Callback">Who is notified when the last of the jobs has ended.</param>
internal sealed record UploadQuery(string Queue, bool CancelOnFailure, JobDefaults? Defaults, Callback? Callback)
{
    private static readonly QueryParameter Queues = new("queue", "string", "With NDJSON: the queue of lines that name none. Default: `default`.");

    private static readonly QueryParameter Failure = new("onFailure", "string",
        "With NDJSON: what happens to the other jobs when one fails. Default: continue.", "continue", "cancel") { Enumeration = nameof(OnFailure) };

    private static readonly QueryParameter CallbackUrl = new("callbackUrl", "string",
        "With NDJSON: who is notified when the last job of the batch has ended. Only together with `callbackSecret`.");

    // URLs are logged by proxies: no place for the secret itself.
    private static readonly QueryParameter CallbackSecret = new("callbackSecret", "string",
        "With NDJSON: the name of the configured secret (`JobService:Secrets:<name>`) with which the event to `callbackUrl` is signed.");

    private static readonly QueryParameter[] Fields =
    [
        new("key", "string", "With NDJSON: the key of lines that give none."),
        new("priority", "integer", "With NDJSON: the priority of lines that give none."),
        new("weight", "integer", "With NDJSON: the weight of lines that give none."),
        new("timeoutSeconds", "number", "With NDJSON: the timeout of lines that give none."),
        new("maxAttempts", "integer", "With NDJSON: the maximum number of attempts of lines that give none."),
    ];

    public static QueryParameter[] Takes { get; } = [Queues, Failure, CallbackUrl, CallbackSecret, .. Fields];

    /// <returns>The options, or the problem with them.</returns>
    public static (UploadQuery? Query, IResult? Refusal) Read(IQueryCollection query)
    {
        var queue = query.TryGetValue(Queues.Name, out var name) ? name.ToString() : "default";
        if (!Names.IsName(queue))
            return (null, Problems.Parameter(Queues.Name, $"a queue's name: {Names.Wanted}."));
        if (Failure.Read(query.TryGetValue(Failure.Name, out var word) ? word.ToString() : "continue") is not { } onFailure)
            return (null, Problems.Parameter(Failure.Name, Failure.OneOf));

        var callback = query.ContainsKey(CallbackUrl.Name) || query.ContainsKey(CallbackSecret.Name)
            ? new SubmitCallback { Url = query[CallbackUrl.Name], Secret = new HeaderValue.FromConfiguration(query[CallbackSecret.Name].ToString()) }
            : null;
        foreach (var wrong in callback?.Check("") ?? [])
            return (null, Problems.Parameter(wrong.Pointer == "/url" ? CallbackUrl.Name : CallbackSecret.Name, wrong.Detail));

        var defaults = new JsonObject();
        foreach (var field in Fields)
        {
            if (query.TryGetValue(field.Name, out var text))
                defaults.Add(field.Name, ValueOf(field, text.ToString()));
        }

        var json = System.Text.Encoding.UTF8.GetBytes(defaults.ToJsonString());
        var job = JsonBody.Read<SubmitJob>(json, out var faults);
        var fault = (job is null ? faults : job.Check()).FirstOrDefault(fault => fault.Pointer is not ("" or "/payload"));
        if (fault is not null)
            return (null, Problems.Parameter(fault.Pointer.TrimStart('/'), fault.Detail));
        using var document = System.Text.Json.JsonDocument.Parse(json);
        return (new UploadQuery(queue, onFailure == "cancel", JobDefaults.Of(document.RootElement), callback?.ToCallback()), null);
    }

    private static JsonValue ValueOf(QueryParameter field, string text) =>
        field.Type != "string" && double.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? field.Type == "integer" && number == Math.Floor(number) && Math.Abs(number) < int.MaxValue ? JsonValue.Create((int)number) : JsonValue.Create(number)
            : JsonValue.Create(text);
}
