using System.Net;

namespace Dialtone.Files;

/// <summary>Whoever a session is for, before it is known who that is.</summary>
/// <param name="Address">Where the call comes from; null where it has no address.</param>
/// <param name="Tongue">What it speaks, in a word: for the audit log.</param>
/// <param name="KeyFingerprint">The key its TLS client certificate proved; null without one.</param>
/// <param name="PassedDoor">Whether it proved to know a shared key before it came here.</param>
public sealed record FileCaller(EndPoint? Address, string Tongue, string? KeyFingerprint = null, bool PassedDoor = false)
{
    private string? _from;

    /// <summary>The caller's IP address; null for Unix sockets and the like.</summary>
    public IPAddress? IPAddress => (Address as IPEndPoint)?.Address;

    /// <summary>What limits per address count by.</summary>
    internal AddressRange Range => AddressRange.Of(Address);

    internal string? From => _from ??= Address?.ToString();

    /// <summary>The caller of a connection.</summary>
    /// <param name="connection">The connection, past TLS and its doors.</param>
    /// <param name="tongue">What it speaks.</param>
    /// <param name="passedDoor">Whether a shared key was proved before.</param>
    public static FileCaller Of(Connection connection, string tongue, bool passedDoor = false)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return new FileCaller(connection.RemoteEndPoint, tongue, connection.Tls?.PeerFingerprint, passedDoor);
    }
}
