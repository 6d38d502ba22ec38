namespace Dialtone.Commands;

/// <summary>Who asks for a command.</summary>
/// <param name="From">The peer's address, where it has one.</param>
/// <param name="User">Who the peer has proven to be, where it was asked.</param>
public sealed record CommandCaller(string? From, string? User)
{
    internal static CommandCaller Of(Connection connection) => new(connection.RemoteEndPoint?.ToString(), connection.User);
}
