using System.Text.Json;
using JobService.Api.Http;

namespace JobService.Api;

/// <summary>A page whose items have been written, with its length.</summary>
/// <param name="page">Its items; their memory is released when it is sent.</param>
/// <param name="frame">The page without its items, which are its first field.</param>
internal sealed class PageResponse<T>(JsonPage page, T frame) : IResult
{
    private static readonly ReadOnlyMemory<byte> Beginning = """{"items":["""u8.ToArray();

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        using (page)
        {
            byte[] whole = [.. JsonSerializer.SerializeToUtf8Bytes(frame, ApiJson.Of<T>()), (byte)'\n'];
            var response = httpContext.Response;
            response.ContentType = MediaTypes.Json;
            response.ContentLength = page.Bytes + whole.Length;
            response.Headers.XContentTypeOptions = "nosniff";
            response.Headers.CacheControl = "no-cache";
            StreamBounds.AskForPace(httpContext);
            await page.SendAsync(response, Beginning, whole.AsMemory(Beginning.Length), httpContext.RequestAborted);
        }
    }
}
