using System.Net;
using Microsoft.Extensions.Logging;

namespace Dialtone;

/// <summary>
/// Takes the caller's address from the header that a trusted proxy sends first (HAProxy's PROXY protocol, versions 1 and 2). From a trusted
/// address the header is required; from anybody else bytes are never taken for one.
/// </summary>
internal sealed class ProxyProtocol(TrustedNetworks trusted, ILogger logger)
{
    public async Task RunAsync(Connection connection, ConnectionHandler next)
    {
        if (!trusted.Contains(connection.Address, connection.Transport.PeerKey) || await ReadHeaderAsync(connection).ConfigureAwait(false))
            await next(connection).ConfigureAwait(false);
    }

    /// <summary>Reads the header and not one byte more: what follows may be TLS.</summary>
    private async ValueTask<bool> ReadHeaderAsync(Connection connection)
    {
        connection.BeginStage(connection.Host.Limits.Handshake);
        var header = new byte[ProxyHeader.MaxBytes];
        int length = 0;
        while (true)
        {
            int missing = ProxyHeader.Missing(header.AsSpan(0, length));
            if (missing <= 0)
                break;
            int count = await connection.ReceiveAsync(header.AsMemory(length, missing)).ConfigureAwait(false);
            if (count == 0)
                return Refuse(connection, "it closed in the middle.");
            length += count;
        }

        connection.EndStage();
        if (!ProxyHeader.TryParse(header.AsSpan(0, length), out IPEndPoint? caller))
            return Refuse(connection, "it is malformed or too long.");
        if (caller is null)
            return true; // the proxy's own health check, or a caller it knows nothing of
        if (await connection.Host.AdmitCaller!(connection, caller).ConfigureAwait(false) is not { } refusal)
            return true;
        connection.TrySetCloseReason(refusal);
        return false;
    }

    private bool Refuse(Connection connection, string problem)
    {
        connection.EndStage();
        connection.TrySetCloseReason(CloseReason.ProtocolError);
        logger.BadProxyHeader(connection.RemoteEndPoint, connection.Id, problem);
        return false;
    }
}
