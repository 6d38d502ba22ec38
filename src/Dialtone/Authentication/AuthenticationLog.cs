using System.Net;
using Microsoft.Extensions.Logging;

namespace Dialtone;

/// <summary>What authentication logs: who failed and how, never with what. Event ids 200 to 219.</summary>
internal static partial class AuthenticationLog
{
    [LoggerMessage(200, LogLevel.Warning,
        "The HMAC challenge accepts {Digest} digests, which is for the tutorials' scripts. Use sha256 where both ends can.")]
    public static partial void WeakDigest(this ILogger logger, HmacDigest digest);

    [LoggerMessage(201, LogLevel.Information, "Connection {Id} from {Remote} did not prove itself ({Handshake}: {Outcome}).")]
    public static partial void NotProven(this ILogger logger, long id, EndPoint? remote, string handshake, DoorOutcome outcome);

    [LoggerMessage(202, LogLevel.Debug, "Connection {Id} from {Remote} proved itself ({Handshake}).")]
    public static partial void Proven(this ILogger logger, long id, EndPoint? remote, string handshake);
}
