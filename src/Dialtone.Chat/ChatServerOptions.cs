using System.Text;

namespace Dialtone.Chat;

/// <summary>In which tongues a chat is served.</summary>
public sealed record ChatServerOptions
{
    /// <summary>Whether datagrams of plain text are messages to the operator. Default true.</summary>
    public bool Plain { get; init; } = true;

    /// <summary>The encoding of plain datagrams and of lines. Default UTF-8; the old Windows programs speak GBK. What it cannot decode becomes U+FFFD.</summary>
    public Encoding Encoding { get; init; } = Encoding.UTF8;

    /// <summary>Who may join in the native protocol. Default anybody.</summary>
    public ScramAccounts? Accounts { get; init; }

    /// <summary>The bounds of the native protocol's datagrams.</summary>
    public FlowServerOptions Flow { get; init; } = new();

    /// <summary>How long a native client may take to join, its login and the checking of its rooms' passwords included. Default 10 s, as <see cref="ServerLimits.Handshake"/>.</summary>
    public TimeSpan JoinTime { get; init => field = Check.Positive(value); } = TimeSpan.FromSeconds(10);
}
