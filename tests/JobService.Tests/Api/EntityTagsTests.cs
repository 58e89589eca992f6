using JobService.Api.Http;

namespace JobService.Tests.Api;

public sealed class EntityTagsTests
{
    [Theory]
    [InlineData("\"r7\"", 7L)]
    [InlineData("\"r1\", \"r7\"", 7L)]
    public void A_tag_in_the_list_pins_the_revision(string header, long revision) =>
        Assert.Equal(new Precondition.Holds(revision), EntityTags.IfMatch(header, 7));

    [Fact]
    public void A_star_asks_only_that_it_exists()
    {
        Assert.Equal(new Precondition.Holds(null), EntityTags.IfMatch("*", 7));
        Assert.Equal(new Precondition.Fails(), EntityTags.IfMatch("*", null));
    }

    [Theory]
    [InlineData("\"r6\"")]
    [InlineData("W/\"r7\"")]
    [InlineData("\"7\"")]
    public void Another_tag_and_a_weak_one_fail(string header) => Assert.Equal(new Precondition.Fails(), EntityTags.IfMatch(header, 7));

    [Theory]
    [InlineData("r7")]
    [InlineData("\"r7")]
    [InlineData("")]
    public void What_is_no_tag_is_unreadable(string header) => Assert.Equal(new Precondition.Unreadable(), EntityTags.IfMatch(header, 7));

    [Fact]
    public void No_header_asks_nothing() => Assert.Equal(new Precondition.Holds(null), EntityTags.IfMatch(default, null));

    [Theory]
    [InlineData("\"a\"", true)]
    [InlineData("W/\"a\"", true)]
    [InlineData("\"b\", \"a\"", true)]
    [InlineData("*", true)]
    [InlineData("\"b\"", false)]
    [InlineData("a", false)]
    public void If_none_match_compares_weakly(string header, bool names) => Assert.Equal(names, EntityTags.NoneMatchNames(header, "\"a\""));
}
