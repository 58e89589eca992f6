using System.Security.Authentication;

namespace JobService.Upstream;

/// <summary>Why a message did not come through, in the words of what knows it best.</summary>
internal static class TransportFault
{
    /// <summary>What SslStream says of first bytes that are none of TLS, as those of an HTTP response. It has no code of its own for it.</summary>
    private const string NoTls = "Cannot determine the frame size";

    /// <param name="error">What the HTTP stack has thrown.</param>
    /// <param name="certificateWanted">The server has asked for a client certificate.</param>
    public static string Detail(Exception error, bool certificateWanted = false)
    {
        var detail = ReasonOf(error);
        return certificateWanted && !IsOfConnecting(error)
            ? $"{detail} The server has asked for a client certificate, and the service sends none: that may be why."
            : detail;
    }

    // The outer ones say no more than that a request has failed; but of a connection they name the address.
    private static string ReasonOf(Exception error)
    {
        for (var cause = error; cause is not null; cause = cause.InnerException)
        {
            if (cause is AuthenticationException { InnerException: null } && cause.Message.StartsWith(NoTls, StringComparison.Ordinal))
                return "The server does not speak TLS at this port. If it is meant to be called without, its address begins with http://.";
            if (cause is AuthenticationException or AddressBlockedException)
                return cause.InnerException is { } deeper && cause is AuthenticationException ? $"{cause.Message} {deeper.GetBaseException().Message}" : cause.Message;
        }

        return IsOfConnecting(error) ? error.Message : error.GetBaseException().Message;
    }

    private static bool IsOfConnecting(Exception error) => error is HttpRequestException
    {
        HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.ProxyTunnelError,
    };
}
