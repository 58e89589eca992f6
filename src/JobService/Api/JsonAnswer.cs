using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace JobService.Api;

/// <summary>An answer in JSON, written in one piece with its length.</summary>
internal class JsonAnswer<T>(int status, T value, string contentType = "application/json") : IResult
{
    private static readonly JsonTypeInfo<T> Info = ApiJson.Of<T>();

    public int Status => status;

    public T Value => value;

    public virtual Task ExecuteAsync(HttpContext httpContext) => WriteAsync(httpContext.Response, Bytes());

    protected byte[] Bytes() => JsonSerializer.SerializeToUtf8Bytes(value, Info);

    protected Task WriteAsync(HttpResponse response, byte[] bytes)
    {
        response.StatusCode = status;
        response.ContentType = contentType;
        response.ContentLength = bytes.Length;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.CacheControl = "no-cache";
        return response.BodyWriter.WriteAsync(bytes).AsTask();
    }
}
