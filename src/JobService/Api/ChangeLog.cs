using JobService.Api.Http;
using JobService.Ledger;
using JobService.Limits;

namespace JobService.Api;

/// <summary>Logs one line for each change that a client makes to a definition: who changed what, and from what to what.</summary>
internal sealed class ChangeLog(ILogger<ChangeLog> log)
{
    public void Put(HttpContext http, PutOutcome<QueueEntry> outcome) => Put(http, "Queue", outcome, queue => queue.Name, FieldChanges.Of);

    public void Put(HttpContext http, PutOutcome<LimitEntry> outcome) => Put(http, "Limit", outcome, limit => limit.Name, limit => FieldChanges.Of(limit.Definition));

    /// <summary>A change without fields, such as <c>deleted</c>.</summary>
    public void Note(HttpContext http, string resource, string name, string change) =>
        log.LogInformation("{Resource:l} {Name:l}: {Change:l} (by {Client:l})", resource, name, ControlCharacters.Escape(change), ClientAddress.Of(http));

    public void NoteLifted(HttpContext http, string resource, string name, string? key) =>
        Note(http, resource, name, key is null ? "learned state cleared" : $"learned state cleared for key \"{key}\"");

    private void Put<TEntry>(HttpContext http, string resource, PutOutcome<TEntry> outcome, Func<TEntry, string> name, Func<TEntry, FieldChanges.Fields> fields)
    {
        // A PUT of the current definition changes nothing and logs nothing: a client that repeats its configuration every minute must not fill the log.
        var (entry, change) = outcome.Match<(TEntry? Entry, string? Change)>(
            created: made => (made, $"created with {FieldChanges.All(fields(made))}"),
            replaced: (entry, former) => (entry, FieldChanges.Between(fields(former), fields(entry))),
            outdated: _ => default,
            unknownLimit: _ => default);
        if (change is not null)
            Note(http, resource, name(entry!), change);
    }
}
