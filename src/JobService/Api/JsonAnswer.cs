using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using JobService.Api.Contracts;

namespace JobService.Api;

/// <summary>A response in JSON, written in one piece with its length. It ends with a line break, so that a shell prompt starts on its own line.</summary>
internal class JsonAnswer<T>(int status, T value, string contentType = "application/json") : IResult
{
    private static readonly JsonTypeInfo<T> Info = ApiJson.Of<T>();
    private static readonly ReadOnlyMemory<byte> LineBreak = "\n"u8.ToArray();

    public int Status => status;

    public T Value => value;

    public virtual Task ExecuteAsync(HttpContext httpContext) => WriteAsync(httpContext.Response, Bytes(httpContext.Request));

    protected byte[] Bytes(HttpRequest request) =>
        JsonSerializer.SerializeToUtf8Bytes(request.PathBase.HasValue && value is ILinked<T> linked ? linked.Under(request.PathBase.ToUriComponent()) : value, Info);

    protected Task WriteAsync(HttpResponse response, byte[] bytes)
    {
        response.StatusCode = status;
        response.ContentType = contentType;
        response.ContentLength = bytes.Length + 1;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.CacheControl = "no-cache";
        response.BodyWriter.Write(bytes);
        return response.BodyWriter.WriteAsync(LineBreak).AsTask();
    }
}
