using System.IO.Compression;
using JobService.Jobs;
using JobService.Upstream;

namespace JobService.Tests.Upstream;

/// <summary>A response is read as far as there is room for it, and no farther.</summary>
public sealed class ResponseBodyTests : IAsyncLifetime
{
    private const int Budget = 100_000;
    private const int MaxBytes = 1_000_000;

    private readonly CancellationToken hang = TestContext.Current.CancellationToken;
    private readonly ByteBudget budget = new(Budget, TimeProvider.System);
    private readonly ByteReservation all;
    private readonly ByteReservation beyond;

    public ResponseBodyTests()
    {
        (all, beyond) = (new ByteReservation(budget), new ByteReservation(budget));
        Assert.True(all.TryGrowTo(Budget));
    }

    /// <summary>One more is always read.</summary>
    public async ValueTask InitializeAsync() => Assert.True(await beyond.GrowToAsync(1, TimeSpan.Zero, hang));

    public ValueTask DisposeAsync()
    {
        all.Dispose();
        beyond.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData(9_000, true)]
    [InlineData(9_000, false)]
    [InlineData(Budget / 2, true)]
    public async Task What_there_is_no_room_for_is_not_read_on(int bytes, bool isAnnounced)
    {
        using var body = new MemoryStream(new byte[bytes]);
        using var response = Of(isAnnounced ? body : new Unannounced(body));
        using var hold = new ByteReservation(budget);

        var reading = ResponseBody.ReadAsync(response, MaxBytes, hold, hang).AsTask();

        Assert.False(reading.IsCompleted);
        Assert.InRange(body.Position, 0, 8 * 1024);
        all.Dispose();
        Assert.Equal((bytes, null), (await reading) is var (read, fault) ? (read.Length, fault) : default);
        Assert.InRange(budget.Taken, bytes, Budget);
    }

    [Fact]
    public async Task What_is_small_needs_no_room()
    {
        using var response = Of(new MemoryStream(new byte[8_000]));
        using var hold = new ByteReservation(budget);

        Assert.Equal(8_000, (await ResponseBody.ReadAsync(response, MaxBytes, hold, hang)).Body.Length);
    }

    [Fact]
    public async Task What_is_compressed_takes_room_for_as_much_as_it_may_come_to()
    {
        var small = new MemoryStream();
        await using (var gzip = new GZipStream(small, CompressionLevel.SmallestSize, leaveOpen: true))
            await gzip.WriteAsync(new byte[20_000], hang);
        using var response = Of(new MemoryStream(small.ToArray()));
        response.Content.Headers.ContentEncoding.Add("gzip");
        using var hold = new ByteReservation(budget);

        var reading = ResponseBody.ReadAsync(response, MaxBytes, hold, hang).AsTask();

        Assert.False(reading.IsCompleted);
        beyond.Dispose(); // now this one goes beyond
        Assert.Equal(20_000, (await reading).Body.Length);
    }

    private static HttpResponseMessage Of(Stream body) => new() { Content = new StreamContent(body) };

    /// <summary>Says nothing of its length.</summary>
    private sealed class Unannounced(Stream inner) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
