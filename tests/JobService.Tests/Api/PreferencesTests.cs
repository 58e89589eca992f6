using JobService.Api.Http;

namespace JobService.Tests.Api;

public sealed class PreferencesTests
{
    [Theory]
    [InlineData("wait=20", 20)]
    [InlineData("WAIT = 20", 20)]
    [InlineData("wait=\"20\"", 20)]
    [InlineData("respond-async, wait=10", 10)]
    [InlineData("respond-async;a=b, handling=lenient; x=\"1, wait=9\" , wait=10; foo", 10)]
    [InlineData("foo=\"a, wait=5\", wait=7", 7)]
    [InlineData("wait=5, wait=9", 5)]
    [InlineData("wait=0", 0)]
    [InlineData("wait=007", 7)]
    [InlineData("wait=61", 61)]
    [InlineData("wait=99999999999999999999", 3600)]
    [InlineData("wait", null)]
    [InlineData("wait=", null)]
    [InlineData("wait=-1", null)]
    [InlineData("wait=1.5", null)]
    [InlineData("wait=soon", null)]
    [InlineData("awaits=5", null)]
    [InlineData("foo=\"wait=5", null)]
    [InlineData("", null)]
    [InlineData(",,;", null)]
    public void Wait_is_read_as_rfc_7240_has_it(string header, int? seconds) => Assert.Equal(seconds, Preferences.Wait(header));

    [Fact]
    public void Several_headers_are_one_list() => Assert.Equal(3, Preferences.Wait(new(["respond-async", "wait=3"])));

    [Fact]
    public void No_header_is_no_wish() => Assert.Null(Preferences.Wait(default));
}
