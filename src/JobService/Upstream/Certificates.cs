using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace JobService.Upstream;

/// <summary>Explains in a sentence why a server's certificate is not accepted. The system decides what is accepted.</summary>
internal static class Certificates
{
    private const int MaxNames = 5;

    private const X509ChainStatusFlags Unknown = X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain;

    /// <summary>For <see cref="SslClientAuthenticationOptions.RemoteCertificateValidationCallback"/>.</summary>
    /// <exception cref="AuthenticationException">It is not accepted; the message says why.</exception>
    public static bool Accept(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) =>
        errors == SslPolicyErrors.None ? true : throw new AuthenticationException(Reason(((SslStream)sender).TargetHostName, certificate as X509Certificate2, chain, errors));

    private static string Reason(string host, X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null)
            return "The server sent no certificate.";

        var reasons = new List<string>();
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
            reasons.Add($"The certificate is for {NamesOf(certificate)}, not for {host}.");
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors))
            reasons.AddRange(Reasons(certificate, chain));
        return string.Join(' ', reasons);
    }

    private static IEnumerable<string> Reasons(X509Certificate2 certificate, X509Chain? chain)
    {
        var known = X509ChainStatusFlags.NoError;
        foreach (var element in chain?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
        {
            if (element.ChainElementStatus.Any(status => status.Status.HasFlag(X509ChainStatusFlags.NotTimeValid)))
            {
                known |= X509ChainStatusFlags.NotTimeValid;
                yield return $"The certificate of {element.Certificate.Subject} is valid from {element.Certificate.NotBefore.ToUniversalTime():yyyy-MM-dd HH:mm} to {element.Certificate.NotAfter.ToUniversalTime():yyyy-MM-dd HH:mm} UTC: "
                    + "it has expired, or is not valid yet.";
            }
        }

        var all = (chain?.ChainStatus ?? []).Aggregate(X509ChainStatusFlags.NoError, (flags, status) => flags | status.Status);
        if ((all & Unknown) != X509ChainStatusFlags.NoError)
            yield return $"The authority that issued the certificate is not trusted here: {certificate.Issuer}. The environment variable SSL_CERT_FILE names a file of authorities that are.";
        foreach (var other in (chain?.ChainStatus ?? []).Where(status => (status.Status & (Unknown | known)) == X509ChainStatusFlags.NoError))
            yield return other.StatusInformation.TrimEnd();
    }

    private static string NamesOf(X509Certificate2 certificate)
    {
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(extension => extension.EnumerateDnsNames().Concat(extension.EnumerateIPAddresses().Select(address => address.ToString())))
            .Select(name => ResponseHeaders.Shown(name)).ToList();
        return names.Count switch
        {
            0 => ResponseHeaders.Shown(certificate.Subject),
            <= MaxNames => string.Join(", ", names),
            _ => $"{string.Join(", ", names.Take(MaxNames))} and {names.Count - MaxNames} more",
        };
    }
}
