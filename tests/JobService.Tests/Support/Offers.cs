using System.Collections;
using JobService.Lanes;
using JobService.Ledger;
using JobService.Storage;

namespace JobService.Tests.Support;

/// <summary>Requests for jobs, as a node makes them.</summary>
internal static class Offers
{
    /// <summary>So many permits of each queue that there is.</summary>
    public static ClaimRequest Offer(this IJobStore store, int free, params LateStart[] late) =>
        new(Number: 1, store.Catalog.Revision, store.Catalog.Queues.Keys.ToDictionary(queue => queue, _ => new Permits(free)), new StartsMade(late));

    /// <summary>An offer of permits that keeps the store's one thread in the middle of its turn: it is looked at when all commands are done.</summary>
    public static ClaimRequest Keeping(this IJobStore store, int free, Action reached) =>
        store.Offer(free) is var offer ? offer with { Permits = new Looked(offer.Permits, reached) } : offer;

    private sealed class Looked(IReadOnlyDictionary<string, Permits> permits, Action reached) : IReadOnlyDictionary<string, Permits>
    {
        public IEnumerable<string> Keys => permits.Keys;

        public IEnumerable<Permits> Values => permits.Values;

        public int Count => permits.Count;

        public Permits this[string key] => permits[key];

        public bool ContainsKey(string key) => permits.ContainsKey(key);

        public bool TryGetValue(string key, out Permits value)
        {
            reached();
            return permits.TryGetValue(key, out value!);
        }

        public IEnumerator<KeyValuePair<string, Permits>> GetEnumerator() => permits.GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
