using JobService.Storage;

namespace JobService.Api.Http;

/// <summary>Refuses everything under <c>/v1</c> while another node runs the jobs: this one knows neither queues nor limits.</summary>
internal static class StandbyGate
{
    public static Task Pass(HttpContext http, RequestDelegate next) =>
        http.Request.Path.StartsWithSegments("/v1", StringComparison.OrdinalIgnoreCase) && http.RequestServices.GetRequiredService<IJobStore>() is { StandsBy: true, Trouble: { } trouble }
            ? Problems.StorageUnavailable(trouble).ExecuteAsync(http)
            : next(http);
}
