using JobService.Jobs;
using JobService.Tests.Support;
using JobService.Upstream;
using static JobService.Tests.Support.WireReplies;

namespace JobService.Tests.Upstream;

/// <summary>Promise 3: requests on the wire = attempts, however the connection breaks.</summary>
public sealed class OneCallOneRequestTests
{
    public static TheoryData<string, bool> Methods => new(
        from method in new[] { "GET", "HEAD", "DELETE", "POST", "PUT", "PATCH", "OPTIONS", "PURGE" }
        from hasBody in new[] { false, true }
        select (method, hasBody));

    [Theory]
    [MemberData(nameof(Methods))]
    public Task A_connection_closed_without_an_answer_is_one_request(string method, bool hasBody) => CountAsync(method, hasBody, Close());

    [Theory]
    [MemberData(nameof(Methods))]
    public Task A_connection_reset_without_an_answer_is_one_request(string method, bool hasBody) => CountAsync(method, hasBody, Reset());

    [Theory]
    [MemberData(nameof(Methods))]
    public Task Half_a_status_line_is_one_request(string method, bool hasBody) => CountAsync(method, hasBody, Cut("HTTP/1.1 20"));

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task A_pooled_connection_that_breaks_on_its_second_request_is_one_request_for_each_call(string method, bool hasBody)
    {
        foreach (var bad in new[] { Close(), Reset() })
        {
            await using var server = new RawTcpApi(request => request.Number == 1 ? Head(204) : bad);
            await using var api = Calls.Http(server.Address);

            await api.RespondedAsync(Call(method, hasBody));
            var broken = await api.BrokenAsync(Call(method, hasBody));

            Assert.Equal((ErrorTypes.Transport, true), (broken.Type, broken.MayRetry));
            Assert.Equal([1, 1], server.Requests.Select(request => request.Connection));
        }
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task A_server_that_closes_after_each_answer_gets_one_request_for_each_call(string method, bool hasBody)
    {
        const int CallCount = 10;
        await using var server = new RawTcpApi(async (connection, stop) =>
        {
            await Head(204)(connection, stop);
            connection.Close();
        });
        await using var api = Calls.Http(server.Address);

        // Whether a call finds the close or runs into it is a race: it may break, but it is never sent twice.
        var answers = 0;
        for (var call = 0; call < CallCount; call++)
            answers += await api.CallAsync(Call(method, hasBody)) is CallResult.Responded ? 1 : 0;

        Assert.InRange(server.Requests.Count, answers, CallCount);
        Assert.Equal(server.Requests.Count, server.ConnectionCount);
    }

    private static async Task CountAsync(string method, bool hasBody, WireReply bad)
    {
        await using var server = new RawTcpApi(bad);
        await using var api = Calls.Http(server.Address);

        for (var call = 1; call <= 3; call++)
        {
            var broken = await api.BrokenAsync(Call(method, hasBody));

            Assert.Equal((ErrorTypes.Transport, true), (broken.Type, broken.MayRetry));
            Assert.Equal(call, server.Requests.Count);
        }
    }

    private static ApiCall Call(string method, bool hasBody) => hasBody
        ? Calls.Of(new ApiRequest { Method = method, Body = """{"a":1}"""u8.ToArray() })
        : Calls.Of(new ApiRequest { Method = method }, payload: "");
}
