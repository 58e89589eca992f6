using JobService.Lanes;
using JobService.Ledger;

namespace JobService.Tests.Storage;

public sealed class ClaimRequestTests
{
    [Fact]
    public void After_a_turn_that_was_rolled_back_what_it_has_used_goes_back_too()
    {
        var back = new List<(string Queue, int Free, int Promised)>();
        var request = new ClaimRequest((_, _, until) => new Permits(3, [1, until!.Value], 9), (queue, free, promised) => back.Add((queue, free, promised)));
        request.Take("q", 10, 2);
        request.Take("p", 10, 2);
        request.Return("q", 1, 1);
        request.Return("p", 3, 2);

        request.ReturnAll();
        request.ReturnAll();

        Assert.Equal([("q", 1, 1), ("p", 3, 2), ("q", 2, 1)], back);
    }
}
