using CsCheck;
using JobService.Api.Http;
using JobService.Jobs;

namespace JobService.Tests.Api;

public sealed class CursorTests
{
    [Fact]
    public void A_cursor_leads_back_to_its_id() => Gen.Guid.Sample(id =>
        Cursor.TryParse(Cursor.Of(new JobId(id)), out var read) && read == new JobId(id));

    [Fact]
    public void A_changed_character_damages_a_cursor()
    {
        var cursor = Cursor.Of(new JobId(new Guid("01a20539-d57e-7000-9a29-9c66eee1a4f3")));
        for (var i = 0; i < cursor.Length; i++)
        {
            var changed = cursor[..i] + (cursor[i] == 'A' ? 'B' : 'A') + cursor[(i + 1)..];
            Assert.False(Cursor.TryParse(changed, out _), changed);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("abc")]
    [InlineData("!!!!!!!!!!!!!!!!!!!!!!!!")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public void What_never_was_a_cursor_is_none(string text) => Assert.False(Cursor.TryParse(text, out _));
}
