using JobService.Dispatch;

namespace JobService.Tests.Dispatch;

/// <summary>Which of several turns serves the first of those that wait.</summary>
public sealed class WaitQueueTests
{
    private readonly WaitQueue<string> line = new(("limit", "key"));

    [Fact]
    public void Of_two_turns_for_the_same_moment_one_serves()
    {
        line.Jobs.Enqueue("only");
        var early = line.NextTurn(); // moved away from its moment …
        var late = line.NextTurn(); // … and back to it

        Assert.False(line.IsFor(early));
        Assert.True(line.IsFor(late));
        line.BeginToServe();
        Assert.Equal("only", line.Jobs.Dequeue());
        line.EndToServe();

        Assert.False(line.IsFor(early));
        Assert.False(line.IsFor(late)); // nobody is left
    }

    [Fact]
    public void While_the_first_is_served_no_turn_serves_another()
    {
        line.NextTurn();
        line.BeginToServe();
        var meanwhile = line.NextTurn();

        Assert.False(line.IsFor(meanwhile));
        line.EndToServe();
        Assert.True(line.IsFor(meanwhile));
    }
}
